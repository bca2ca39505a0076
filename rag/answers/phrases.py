"""What readers are told in computed answers: one place a kind of sentence, in plain words."""
