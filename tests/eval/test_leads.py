"""Questions with the sentence that answers are about papers that are there, and scored by that sentence."""

from __future__ import annotations

from eval.run.leads import SEEDS, Lead, LeadQuestion, format_leads, load_lead_questions
from tests.conftest import ROOT

ASKED = LeadQuestion(SEEDS, "kelp.txt:1", "why", 1, "why kelp?", ("Kelp grows",))


def test_each_question_is_about_one_half_and_has_an_answer() -> None:
    questions = load_lead_questions()
    assert len({q.question for q in questions}) == len(questions) >= 100
    assert all(q.sentences and all(q.sentences) for q in questions)
    halves: dict[tuple[str, str], set[int]] = {}
    for q in questions:
        halves.setdefault((q.set, q.paper), set()).add(q.half)
    assert {1} in halves.values() and {2} in halves.values()
    assert all(len(of_paper) == 1 for of_paper in halves.values())


def test_questions_over_the_seeds_name_their_documents() -> None:
    documents = {path.name for path in (ROOT / "seeds").glob("*.txt")}
    named = {q.paper.split(":")[0] for q in load_lead_questions() if q.set == SEEDS}
    assert named and named <= documents


def test_what_leads_is_right_if_it_begins_as_the_answer_does_and_only_half_1_is_shown() -> None:
    right = Lead(ASKED, "Kelp grows by the sea.")
    wrong = Lead(ASKED, "We study kelp.")
    hidden = Lead(LeadQuestion(SEEDS, "moss.txt:1", "why", 2, "why moss?", ("Moss",)), "A secret.")
    assert right.is_right and not wrong.is_right
    shown = format_leads([right, wrong, hidden])
    assert "We study kelp." in shown and "A secret." not in shown
