"""The decision to answer: what it is made from, worked out by hand, and what follows from it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.answers.extractive import choose_cited_papers
from rag.answers.sufficiency import (
    BACKGROUND_SCORE,
    LONG_WORDS,
    compute_features,
    compute_sufficiency,
    find_missing_words,
    has_no_word_of,
    load_calibration,
)
from rag.app.assistant import Assistant
from rag.search.query import FRAME_WORDS
from rag.text import STOP_WORDS, iter_words, split_sentences
from rag.types import Paper, PaperHit, Query, Retrieval, Sentence, WordMatch
from tests.shelf import paper

SIGNALS = {"late": 0.8, "local": 0.7, "dense": 0.6, "lexical": 0.5}
QUESTION = "How does DuetFace split frequency channels?"
HELD = paper("p1", "DuetFace", "It can split the channels of frequency.")


def met(question: str, found: set[str], idf: float = 6.0, cosine: float = 0.0) -> list[WordMatch]:
    """Every word of content has the idf; those in ``found`` are in the paper."""
    stop = {"how", "does", "the", "is", "what", "a", "of"}
    return [
        WordMatch(word, span, 0.0 if word.lower() in stop else idf, word in found, cosine)
        for word, span in iter_words(question)
    ]


def hit(
    question: str, found: set[str], *, score: float = 0.7, held: Paper = HELD, cosine: float = 0.0
) -> PaperHit:
    return PaperHit(held, score, 1, (), SIGNALS, tuple(met(question, found, cosine=cosine)))


def measured(question: str, *hits: PaperHit, others: tuple[PaperHit, ...] = ()) -> dict[str, float]:
    return compute_features(Retrieval(question, (*hits, *others)), hits)


ALL = {"DuetFace", "split", "frequency", "channels"}


def test_the_lead_is_over_what_any_paper_of_the_field_scores() -> None:
    best = hit(QUESTION, ALL, score=0.7)
    others = tuple(hit(QUESTION, set(), score=0.4, held=paper(f"p{n}")) for n in range(2, 21))
    values = measured(QUESTION, best, others=others)
    assert (values["score"], values["dense"]) == (0.7, SIGNALS["dense"])
    assert values["ahead"] == pytest.approx(0.7 - 0.4)
    alone = measured(QUESTION, best)
    assert alone["ahead"] == pytest.approx(0.7 - BACKGROUND_SCORE)
    fifteen = measured(QUESTION, best, others=others[:14])  # ranks 11 to 15 are there
    assert fifteen["ahead"] == pytest.approx(0.7 - (0.4 + BACKGROUND_SCORE) / 2)


def test_where_all_words_are_met_nothing_is_missing() -> None:
    values = measured(QUESTION, hit(QUESTION, ALL))
    assert values["found"] == values["met"] == 1
    for name in values:
        assert "missing" not in name or values[name] == 0, name


def test_a_missing_word_counts_by_its_worth_and_by_how_far_its_nearest_token_is() -> None:
    values = measured(QUESTION, hit(QUESTION, ALL - {"channels"}, cosine=0.25))
    assert values["found"] == pytest.approx(2 / 3)  # "split" is an everyday word
    assert values["met"] == pytest.approx((3 + 0.25) / 4)
    assert values["missing"] == pytest.approx(0.75)
    assert values["short_missing"] == pytest.approx(0.75 / 2)  # of four words of content
    assert values["missing_names"] == values["missing_everyday"] == 0


def test_an_everyday_word_that_is_missing_counts_apart() -> None:
    values = measured(QUESTION, hit(QUESTION, ALL - {"split"}))
    assert (values["missing"], values["missing_everyday"], values["found"]) == (0.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("how does DuetFace work", 0.5),
        ("how do DuetFace and ID3 work", 1.0),
        ("how does Peter work", 0.5),
        ("Palms at night", 0.0),
        ("it ends. Palms at night", 0.0),
        ("how many in 2023", 0.0),
    ],
)
def test_what_is_written_like_a_name_counts_as_one(question: str, names: float) -> None:
    assert measured(question, hit(question, set()))["missing_names"] == names


def test_words_that_any_cited_paper_has_are_met_but_single_looks_at_one() -> None:
    question = "compare DuetFace with ID3"
    one = hit(question, {"compare", "DuetFace", "with"})
    other = hit(question, {"compare", "ID3", "with"}, held=paper("p2"))
    values = measured(question, one, other)
    assert (values["missing"], values["single_missing"]) == (0.0, 1.0)


def test_pairs_that_stand_together_in_the_paper_are_met_with_one_word_between_them_or_none() -> (
    None
):
    held = paper("p1", "Gait", "Frequency channels of the splitter. Split it by channels.")
    for question, share in [
        ("frequency channels", 1.0),
        ("channel frequency", 0.0),
        ("splitter-frequency", 0.0),
        ("splitting channels", 0.5),
        ("frequency channels kites", 0.5),
        ("channels: frequency", 0.5),
        ("channels", 0.5),
    ]:
        assert measured(question, hit(question, set(), held=held))["pairs"] == share, question


def test_a_long_description_counts_as_one_and_no_more_than_one() -> None:
    question = " ".join(f"w{n}" for n in range(LONG_WORDS // 2))
    assert measured(question, hit(question, set()))["long"] == 0.5
    assert measured(3 * f"{question} ", hit(3 * f"{question} ", set()))["long"] == 1.0


def test_every_feature_has_its_weight_and_the_words_that_are_missing_are_named() -> None:
    values = measured(QUESTION, hit(QUESTION, ALL))
    assert set(values) == set(load_calibration().weights)
    found = hit(QUESTION, ALL - {"channels"})
    verdict = compute_sufficiency(Retrieval(QUESTION, (found,)), [found])
    assert verdict.missing == ("channels",)
    assert 0 < verdict.probability < 1
    assert verdict.sufficient == (verdict.probability >= load_calibration().threshold)


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("does sign recognition aid my deaf patients", ("aid",)),
        ("does sign recognition aid deaf patients", ("aid", "deaf", "patients")),
        ("how does my spotted hamster sleep", ("my", "spotted", "hamster", "sleep")),
    ],
)
def test_what_askers_call_their_own_is_not_missed_beside_what_is_there(
    question: str, missing: tuple[str, ...]
) -> None:
    best = hit(question, {"sign", "recognition"})
    assert find_missing_words(Retrieval(question, (best,)), [best]) == missing


def test_no_paper_is_never_enough() -> None:
    verdict = compute_sufficiency(Retrieval("q", ()), [])
    assert (verdict.sufficient, verdict.probability, verdict.missing) == (False, 0.0, ())


def test_a_better_met_question_is_more_probable() -> None:
    good = hit(QUESTION, ALL)
    poor = PaperHit(
        paper("p9"), 0.2, 1, (), dict.fromkeys(SIGNALS, 0.1), tuple(met(QUESTION, set()))
    )
    assert compute_sufficiency(Retrieval("q", (good,)), [good]).probability > 0.5
    assert compute_sufficiency(Retrieval(QUESTION, (poor,)), [poor]).probability < 0.05


def cited(question: str, found: set[str], text: str = HELD.text) -> PaperHit:
    """A paper of a text that has these words of the question; words of asking count nothing."""
    spans = tuple(Sentence(span, 0.5) for span in split_sentences(text))
    words = [
        replace(m, idf=0.0 if m.word.lower() in STOP_WORDS | FRAME_WORDS else m.idf)
        for m in met(question, found)
    ]
    return PaperHit(paper("p1", "DuetFace", text), 0.5, 1, spans, SIGNALS, tuple(words))


@pytest.mark.parametrize(
    ("question", "found", "missing"),
    [
        (
            "which diseases or tissue data was DuetFace tested on?",
            {"data", "DuetFace", "tested"},
            (),
        ),
        ("which optimizer was DuetFace tested with?", {"DuetFace", "tested"}, ("optimizer",)),
        ("which diseases was it tested on?", {"tested"}, ("diseases",)),  # no paper is named
        ("does DuetFace use pears or quinces?", {"DuetFace", "pears"}, ()),
        ("does DuetFace use pears or quinces?", {"DuetFace"}, ("pears", "quinces")),
        ("where does DuetFace fall short?", {"DuetFace"}, ()),
        ("where does DuetFace fall over?", {"DuetFace"}, ("fall",)),
    ],
)
def test_words_that_only_say_what_is_asked_are_not_missed(
    question: str, found: set[str], missing: tuple[str, ...]
) -> None:
    hits = (cited(question, found, "DuetFace is tested on two cancer datasets."),)
    assert find_missing_words(Retrieval(question, hits), hits) == missing


def test_papers_without_a_word_of_what_is_asked_are_silent() -> None:
    question = "what attack does it defend against?"
    assert has_no_word_of(question, [cited(question, set())])
    assert not has_no_word_of(question, [cited(question, {"attack"})])
    assert not has_no_word_of("how does it work?", [cited("how does it work?", set())])


# --- on the seeds -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "question",
    [
        "What is DuetFace?",
        "how does knowledge swapping order its two steps?",
        "How is a generated image told by its reconstruction error?",
        "What is bridge distillation?",
        "what is ID^3",
    ],
)
def test_what_the_papers_hold_is_enough(assistant: Assistant, question: str) -> None:
    found = assistant.retrieve(question)
    assert compute_sufficiency(
        found, choose_cited_papers(Query("passages", text=question), found)
    ).sufficient


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("How are zeppelins steered in a thunderstorm?", "zeppelins"),
        ("what is the boiling point of mercury?", "mercury"),
        ("Which paper proposes SchnitzelNet?", "SchnitzelNet"),
        ("Wie wird das Wetter morgen?", "Wetter"),
        ("мосты через реку", "мосты"),
    ],
)
def test_what_they_do_not_hold_is_not_and_the_missing_word_is_named(
    assistant: Assistant, question: str, missing: str
) -> None:
    found = assistant.retrieve(question)
    verdict = compute_sufficiency(
        found, choose_cited_papers(Query("passages", text=question), found)
    )
    assert not verdict.sufficient
    assert missing in verdict.missing


def test_papers_that_were_not_read_word_by_word_still_have_features() -> None:
    unread = PaperHit(HELD, 0.7, 9, (), SIGNALS)
    values = measured(QUESTION, unread)
    assert (values["single_missing"], values["missing"]) == (0.0, 0.0)


def test_a_paper_that_the_question_names_is_enough_unless_a_word_is_missing() -> None:
    weak = {"late": 0.1, "local": 0.1, "dense": 0.0, "lexical": 0.0}
    named = PaperHit(HELD, 0.1, 1, (), weak, tuple(met(QUESTION, ALL)))
    lacking = PaperHit(HELD, 0.1, 1, (), weak, tuple(met(QUESTION, ALL - {"channels"})))
    assert compute_sufficiency(Retrieval(QUESTION, (named,)), (named,)).sufficient
    assert not compute_sufficiency(Retrieval(QUESTION, (lacking,)), (lacking,)).sufficient


@pytest.mark.parametrize(
    ("text", "share"),
    [("how do masts and sails and keels and rudders and anchors hold together?", 0.0), ("masts", 0.0),
     (" ".join(f"mast{n}" for n in range(11)), 0.5), (" ".join(f"mast{n}" for n in range(30)), 1.0)],
)  # fmt: skip
def test_a_long_text_that_asks_nothing_is_a_description(text: str, share: float) -> None:
    assert measured(text, hit(text, set()))["describes"] == share


def test_an_everyday_word_cut_short_is_not_missed() -> None:
    found = hit("How does DuetFace split a net?", {"DuetFace", "split"})
    assert find_missing_words(Retrieval("How does DuetFace split a net?", (found,)), (found,)) == ()
    palm = hit("How does DuetFace split a palm?", {"DuetFace", "split"})
    missing = find_missing_words(Retrieval("How does DuetFace split a palm?", (palm,)), (palm,))
    assert missing == ("palm",)
