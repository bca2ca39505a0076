"""A bibliography that a reader uploads: one paper, and an entry that cannot be read."""

MORE = b"""@article{one,
  title = {Falconry at Night},
  author = {Ada Kestrel and Bo Merlin},
  year = {2021},
  abstract = {We train medieval falcons to hunt by moonlight. They return with mice.}
}
@article{two, title = {}, abstract = {}}
"""
