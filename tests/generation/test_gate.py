"""The citation gate: what a model says against what a reader sees."""

from __future__ import annotations

import dataclasses
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from rag.answers.citations import check_citations
from rag.generation.gate import CitationGate
from rag.text.markdown import hazards, markers
from rag.types import Authorship, Evidence, Paper, Place

FACES = Paper(
    paper_id="p1",
    title="DuetFace: Collaborative Face Recognition",
    label="DuetFace",
    text=(
        "DuetFace splits images into frequency channels [12]. It reaches 92.5% accuracy on LFW "
        "with three datasets. Code is at https://github.com/x/y."
    ),
    authorships=(Authorship("p1", "Yuxi Mi", "first", 1),),
    authors_complete=True,
    places=(Place("a.txt", 3),),
    year=2022,
)
NOISE = Paper(
    paper_id="p2",
    title=None,
    label="Label noise",
    text="We study label noise and propose a robust loss called TidyLoss. It needs no clean data.",
    authorships=(),
    authors_complete=False,
    places=(Place("b.txt", 7), Place("c.txt", 1)),
)
PAPERS = {paper.paper_id: paper for paper in (FACES, NOISE)}
EVIDENCE = (
    Evidence("E1", FACES, ((0, len(FACES.text)),), 1.0),
    Evidence("E2", NOISE, ((0, len(NOISE.text)),), 0.5),
)


TRUE = "TidyLoss is a robust loss [E2]."


def passed(reply: str, cuts: tuple[int, ...] = ()) -> tuple[str, CitationGate]:
    """What of a reply is shown, the gate behind it; the reply comes in pieces cut at ``cuts``."""
    gate = CitationGate(EVIDENCE, "NOT STATED")
    edges = [0, *sorted(min(cut, len(reply)) for cut in cuts), len(reply)]
    shown = "".join(gate.process_piece(reply[a:b]) for a, b in zip(edges, edges[1:], strict=False))
    return shown + gate.close(), gate


def quotes(gate: CitationGate) -> list[str]:
    return [citation.quote for citation in gate.citations]


def test_keys_become_markers_in_order_of_first_use() -> None:
    text, gate = passed(
        "TidyLoss is a robust loss [E2]. DuetFace splits images into frequency channels [E1]. "
        "A robust loss is called TidyLoss [E2]."
    )
    assert text == (
        "TidyLoss is a robust loss [1]. DuetFace splits images into frequency channels [2]. "
        "A robust loss is called TidyLoss [1]."
    )
    assert quotes(gate)[1] == "DuetFace splits images into frequency channels [12]."
    check_citations(text, gate.citations, PAPERS)


def test_a_marker_leads_to_the_sentence_that_says_it() -> None:
    _, gate = passed("Accuracy on LFW is 92.5% [E1].")
    assert quotes(gate) == ["It reaches 92.5% accuracy on LFW with three datasets."]


@pytest.mark.parametrize(
    "cited",
    [
        "channels [E1].",
        "channels. [E1]",
        "channels【E1】.",
        "channels (E1).",
        "channels [e1].",
        "channels [E1, E1].",
    ],
)
def test_the_ways_in_which_models_write_keys_are_one(cited: str) -> None:
    assert passed(f"It splits images into frequency {cited}")[0] == (
        "It splits images into frequency channels [1]."
    )


@pytest.mark.parametrize(
    "cited",
    ["⟨E1⟩.", "[E 1].", "[E1†L4-L7].", "\\cite{E1}.", "<E1>.", "（E1）.", "[Passage E1].", ".\n[E1]"],
)  # fmt: skip
def test_keys_in_other_brackets_are_keys(cited: str) -> None:
    text, gate = passed(f"The picture is cut into frequency bands {cited}")
    assert text == "The picture is cut into frequency bands [1]."
    assert not gate.counts["keys_attached"] and not gate.counts["keys_removed"]


@pytest.mark.parametrize("cited", ["E1-E2", "E1–2", "E1 to E2", "E1..E2", "E1…E2", "E1, 2", "E1; E2", "E1 and 2"])  # fmt: skip
def test_ranges_and_lists_of_keys_are_all_of_them(cited: str) -> None:
    text, gate = passed(f"Both papers propose a method [{cited}].")
    assert markers(text) == [1, 2]
    assert not gate.counts["keys_removed"]


@pytest.mark.parametrize(
    "key", ["[E9]", "[1]", "[12]", "[3, 4]", "[E0]", "[S1]", "【7†source】", "[^2]"]
)
def test_a_key_that_was_not_given_goes(key: str) -> None:
    text, gate = passed(f"DuetFace splits images into frequency channels [E1]{key}.")
    assert text == "DuetFace splits images into frequency channels [1]."
    assert gate.counts["keys_removed"] == 1


def test_nothing_is_shown_without_a_valid_citation() -> None:
    text, gate = passed("Whales sing [E7]. Let me know if you need more!")
    assert (text, gate.is_open, gate.refused) == ("", False, False)


@pytest.mark.parametrize(
    "reply",
    [
        "NOT STATED",
        "**NOT STATED**.",
        "not stated",
        "NOT STATED. The passages are about faces [E1].",
        "The passages do not state the batch size.",
        "The passages don't mention the batch size [E1].",
        "The batch size is not explicitly stated [E1].",
    ],
)
def test_a_reply_that_only_declines_is_a_refusal(reply: str) -> None:
    text, gate = passed(reply)
    assert (text, gate.refused) == ("", True)


def test_a_limit_stated_beside_an_answer_is_no_refusal() -> None:
    text, gate = passed(
        "DuetFace splits images into frequency channels [E1]. The passages do not state the cost."
    )
    assert text.startswith("DuetFace splits images into frequency channels [1].")
    assert not gate.refused


def test_a_claim_that_denies_is_no_refusal() -> None:
    text, gate = passed("TidyLoss needs no clean data [E2].")
    assert (text, gate.refused) == ("TidyLoss needs no clean data [1].", False)


@pytest.mark.parametrize("wrong", ["93.5%", "9.25%", "92%", "1,000", "925", "92.5k"])
def test_a_sentence_with_an_altered_number_is_marked_and_stays(wrong: str) -> None:
    text, gate = passed(
        f"DuetFace splits images into frequency channels [E1]. It reaches {wrong} on LFW [E1]."
    )
    assert text == (
        f"DuetFace splits images into frequency channels [1]. It reaches {wrong} on LFW [2]. (unverified)"
    )
    assert "marked (unverified)" in gate.list_warnings()[0]


def test_a_reply_of_which_nothing_stands_is_not_shown() -> None:
    text, gate = passed("It reaches 93.5% on LFW [E1].")
    assert (text, gate.is_open) == ("", False)
    assert gate.why_closed == "says nothing that stands in the papers it cites"


def test_a_number_of_another_paper_does_not_count() -> None:
    text, _ = passed("TidyLoss is a robust loss [E2]. TidyLoss reaches 92.5% accuracy [E2].")
    assert text.endswith("TidyLoss reaches 92.5% accuracy [1]. (unverified)")


@pytest.mark.parametrize("same", ["92.5 %", "92.50%", "92,5 %"])
def test_the_same_number_may_be_written_otherwise(same: str) -> None:
    assert same in passed(f"DuetFace reaches {same} accuracy on LFW [E1].")[0]


def test_a_number_word_of_the_paper_may_be_written_in_digits() -> None:
    assert passed("It reaches its accuracy with 3 datasets [E1].")[0].endswith("3 datasets [1].")


def test_a_name_that_the_paper_lacks_is_marked() -> None:
    text, gate = passed(f"{TRUE} DuetFace with Zebulon splits images into channels [E1].")
    assert text.endswith("DuetFace with Zebulon splits images into channels [2]. (unverified)")
    assert gate.counts["sentences_not_found"] == 1
    assert [said.verdict for said in gate.sentences] == ["checked", "not_found"]


@pytest.mark.parametrize(
    "source",
    [
        "by Zebulon", "of Zebulon Quark", "(Quark et al.)", "(Quark, 2022)", "of Z. Quark", "of Yuxi Quark",
        "from “Attention Beats Retrieval”", "from Attention Beats Retrieval", "as Dr. Quark",
    ],
)  # fmt: skip
def test_a_person_or_a_title_that_the_paper_lacks_takes_its_sentence_out(source: str) -> None:
    text, gate = passed(f"TidyLoss is a robust loss [E2]. DuetFace {source} splits images [E1].")
    assert text == "TidyLoss is a robust loss [1]."
    assert gate.counts["sources_left_out"] == 1


def test_a_person_of_the_paper_may_be_named() -> None:
    text, _ = passed(
        "Yuxi Mi et al. (2022) split images into frequency channels with DuetFace [E1]."
    )
    assert text.startswith("Yuxi Mi et al. (2022) split images") and "[1]" in text
    assert "unverified" not in text


def test_by_setting_what_no_paper_says_is_left_out() -> None:
    gate = CitationGate(EVIDENCE, "NOT STATED", unsupported="remove")
    said = "TidyLoss is a robust loss [E2]. Both methods transfer well to hospitals and zoos. It cures colds [E2]."
    text = gate.process_piece(said) + gate.close()
    assert text == "TidyLoss is a robust loss [1]."
    assert gate.list_warnings() == (
        "2 sentences of the model were left out: the cited papers do not say so",
    )


def test_the_prompt_is_not_given_away() -> None:
    rules = "You answer questions about papers, using only the passages that you were given today."
    gate = CitationGate(EVIDENCE, "NOT STATED", private=rules)
    text = gate.process_piece(f"TidyLoss is a robust loss [E2]. {rules} [E1] ") + gate.close()
    assert text == "TidyLoss is a robust loss [1]."
    assert gate.counts["prompt_removed"] == 1


def test_what_is_said_of_several_papers_needs_more_than_one_of_them() -> None:
    one, _ = passed(f"{TRUE} Both papers study robust loss [E2].")
    two, _ = passed("Both papers study images or robust loss [E1][E2].")
    assert one.endswith("(unverified)") and not two.endswith("(unverified)")


def test_verdicts_of_a_model_mark_at_the_end_what_went_out_unmarked() -> None:
    gate = CitationGate(EVIDENCE, "NOT STATED", verified=True)
    said = f"{TRUE} Let us see. It reaches 93.5% [E1]. DuetFace splits images [E1]."
    shown = gate.process_piece(said) + gate.close()
    assert "(unverified)" not in shown
    gate.apply_verdicts({0: True, 2: True, 3: False})
    assert gate.render() == f"{shown} (unverified)"
    assert [said.verdict for said in gate.sentences] == ["supported", "supported", "not_found"]


def test_what_a_sentence_states_beside_declining_is_marked_where_a_model_finds_it_unsupported() -> (
    None
):
    gate = CitationGate(EVIDENCE, "NOT STATED", verified=True)
    said = f"{TRUE} Its speed is not stated; TidyLoss is a loss for whales [E2]. Its size is not stated [E2]."
    gate.process_piece(said) + gate.close()
    assert [s.keyed for s in gate.shown][
        1
    ] == "Its speed is not stated; TidyLoss is a loss for whales [E2]."
    gate.apply_verdicts({0: True, 1: False, 2: False})
    _, both, bare = gate.shown
    assert both.verdict == "not_found" and bare.verdict is None


def test_without_a_verdict_that_of_the_free_checks_stands() -> None:
    gate = CitationGate(EVIDENCE, "NOT STATED", verified=True)
    shown = gate.process_piece(f"{TRUE} It reaches 93.5% [E1].") + gate.close()
    gate.apply_verdicts({})
    assert gate.render() == f"{shown} (unverified)"
    assert [said.verdict for said in gate.sentences] == ["checked", "not_found"]


def test_a_model_that_finds_a_doubted_sentence_supported_opens_the_reply() -> None:
    gate = CitationGate(EVIDENCE, "NOT STATED", verified=True)
    assert gate.process_piece("It reaches 93.5% [E1].") + gate.close() == ""
    gate.apply_verdicts({0: True})
    assert gate.is_open and gate.render() == "It reaches 93.5% [1]."


def test_where_the_unsupported_is_removed_the_reply_waits_for_its_verdicts() -> None:
    gate = CitationGate(EVIDENCE, "NOT STATED", verified=True, unsupported="remove")
    assert gate.process_piece(f"{TRUE} DuetFace splits images [E1].") + gate.close() == ""
    gate.apply_verdicts({0: True, 1: False})
    assert gate.render() == "TidyLoss is a robust loss [1]."


def test_authors_year_and_title_of_a_paper_support_a_claim() -> None:
    text, _ = passed("Yuxi Mi described collaborative face recognition in 2022 [E1].")
    assert text == "Yuxi Mi described collaborative face recognition in 2022 [1]."


def test_an_uncited_claim_that_a_passage_makes_gets_its_marker() -> None:
    text, gate = passed("TidyLoss is a robust loss [E2]. DuetFace splits images into channels.")
    assert text == "TidyLoss is a robust loss [1]. DuetFace splits images into channels [2]."
    assert gate.counts["keys_attached"] == 1


def test_an_uncited_claim_that_no_passage_makes_is_marked() -> None:
    text, _ = passed(
        "TidyLoss is a robust loss [E2]. Both methods transfer well to hospitals and zoos."
    )
    assert text.endswith("Both methods transfer well to hospitals and zoos. (unverified)")


def test_quotation_marks_stay_around_the_papers_words_alone() -> None:
    text, gate = passed(
        'It “splits images into frequency channels [12]” [E1]. It is "the best method" [E1].'
    )
    assert "“splits images into frequency channels” [1]" in text
    assert "is the best method" in text
    assert gate.counts["quotes_removed"] == 1


@pytest.mark.parametrize(
    ("reply", "shown"),
    [
        ("![a](https://evil.example/x.png) TidyLoss is robust [E2].", "TidyLoss is robust [1]."),
        ("[TidyLoss](https://evil.example) is robust [E2].", "TidyLoss is robust [1]."),
        ("TidyLoss is robust [E2](https://evil.example).", "TidyLoss is robust [1]."),
        ("<b>TidyLoss</b> is <img src=x onerror=y>robust [E2].", "TidyLoss is robust [1]."),
        ("&lt;b&gt;TidyLoss&lt;/b&gt; is robust [E2].", "TidyLoss is robust [1]."),
        ("`TidyLoss` is *robust* [E2].", "TidyLoss is robust [1]."),
        ("**TidyLoss** is robust [E2].", "**TidyLoss** is robust [1]."),
        ("## TidyLoss\nIt is a robust loss [E2].", "**TidyLoss**\nIt is a robust loss [1]."),
        ("* TidyLoss is robust [E2]", "- TidyLoss is robust [1]"),
        ("1. TidyLoss is robust [E2]", "1. TidyLoss is robust [1]"),
        ("```\nTidyLoss is robust [E2]\n```", "TidyLoss is robust [1]"),
    ],
)
def test_only_words_bold_and_lists_come_through(reply: str, shown: str) -> None:
    assert passed(reply)[0] == shown


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/q?d=1", "www.evil.example", "evil.example/x", "javascript:alert(1)",
     "mailto:a@evil.example", "a@evil.example", "10.1234/evil.5678", "data:text/html,x"],
)  # fmt: skip
def test_an_address_that_no_paper_holds_goes(address: str) -> None:
    text, _ = passed(f"TidyLoss is a robust loss, see {address} [E2].")
    assert "evil" not in text and "alert" not in text and "data:" not in text
    assert markers(text) == [1]


def test_an_address_of_a_paper_stays_as_words() -> None:
    text, _ = passed("Code is at [GitHub](https://github.com/x/y): https://github.com/x/y [E1].")
    assert "https://github.com/x/y [1]" in text
    assert not hazards(text)


@pytest.mark.parametrize(
    "reply", ["TidyLoss is robust [E2]! [E1]![x](y)[E2]", "TidyLoss is robust [E2]![E1]\n[E1]"]
)
def test_what_two_sentences_leave_does_not_join_to_markup(reply: str) -> None:
    text, gate = passed(reply)
    check_citations(text, gate.citations, PAPERS)
    assert not hazards(text)


@pytest.mark.parametrize(
    "said",
    [
        "DuetFace zerlegt die Bilder in Kanäle und erreicht auf LFW eine Genauigkeit von 92,5 %",
        "DuetFace将图像分成频率通道，在LFW上达到92.5%的准确率",
    ],
)
def test_another_language_is_checked_by_names_and_numbers(said: str) -> None:
    assert passed(f"{said} [E1].")[0] == f"{said} [1]."
    for one, other in (("92", "93"), ("LFW", "YTF")):
        assert passed(f"{TRUE} {said.replace(one, other)} [E1].")[0].endswith("(unverified)")


def test_the_spaces_of_french_stay() -> None:
    text, _ = passed("TidyLoss a un but : une perte robuste [E2] !")
    assert text.startswith("TidyLoss a un but : une perte robuste")


def test_quoted_words_are_as_the_paper_prints_them() -> None:
    printed = "本研究では、深層学習（DL）を用いる：精度は高い。"
    paper = dataclasses.replace(NOISE, text=f"{printed} TidyLoss is robust.")
    gate = CitationGate([Evidence("E1", paper, ((0, len(paper.text)),), 1.0)], "NOT STATED")
    text = (
        gate.process_piece("The study says “深層学習（DL）を用いる：精度は” [E1].") + gate.close()
    )
    assert "“深層学習（DL）を用いる：精度は”" in text


def test_sentences_of_scripts_without_spaces_stay_together() -> None:
    text, _ = passed("TidyLoss是损失函数 [E2]。DuetFace是方法 [E1]。")
    assert text == "TidyLoss是损失函数 [1]。DuetFace是方法 [2]。"


@pytest.mark.parametrize("cut", ["https://github.co", "https://github.com/x/yz", "hub.com/x/y"])
def test_a_part_of_an_address_is_another_address(cut: str) -> None:
    text, gate = passed(f"Code is at {cut} [E1].")
    assert text == "Code is at [1]."
    assert gate.counts["markup_removed"] == 1


def test_a_table_keeps_its_rows() -> None:
    text, gate = passed(
        "| Method | Result |\n|---|---|\n| DuetFace | 92.5% on LFW [E1] |\n| TidyLoss | 99% [E2] |\n"
    )
    assert text == (
        "| Method | Result |\n|---|---|\n| DuetFace | 92.5% on LFW [1] |\n| TidyLoss | 99% [2] (unverified) |"
    )
    assert gate.counts["sentences_not_found"] == 1


def test_a_reply_without_end_is_cut() -> None:
    gate = CitationGate(EVIDENCE, "NOT STATED")
    n = 0
    while not gate.is_full:
        gate.process_piece("TidyLoss is a robust loss [E2]. ")
        n += 1
        assert n < 10_000
    gate.close()


@pytest.mark.parametrize(
    "filler", ["e.g. ", "a", "[", "a.a", "<", "( ", "**", "a@b.", "![x](", "1. ", "| ", "\\", "E1 "]
)
def test_a_sentence_without_end_is_cut_wherever_the_stream_is(filler: str) -> None:
    reply = f"TidyLoss is a robust loss [E2]. {filler * (4000 // len(filler))}."
    text, gate = passed(reply)
    pieces, _ = passed(reply, tuple(range(0, len(reply), 9)))
    assert pieces == text
    check_citations(text, gate.citations, PAPERS)


WORDS = ["DuetFace", "TidyLoss", "splits", "images", "into", "frequency", "channels", "robust", "loss",
         "Zebulon", "“Attention Is All You Need”", "NOT STATED", "92.5%", "93.5%", "17", "2022", "The"]  # fmt: skip
PIECES = st.sampled_from(
    [*WORDS, *(f"{word}." for word in WORDS), "[E1]", "[E2]", "[E3]", "[1]", "[99]", "[E1", "E2]", "(E1)", "[E1](",
     "![", "![x](https://evil.example/i.png)", "[x](https://evil.example)", "](", "(https://evil.example/a b)",
     "<img src='https://evil.example'>", "<script>", "</script", "<", "&lt;", "&#91;1&#93;", "[x]: https://evil.example",
     "https://evil.example/x", "www.evil.example", "`", "```", "**", "*", "_", "__", "~~", "|", "|---|", "\n", "\n\n",
     "\n- ", "\n1. ", "\n# ", "\n> ", "\n| ", ".", "!", "?", ":", "(", ")", "[", "]", "\\", "\u200b", "\u202e", "\ue100",
     "\ue000", "١", "[١]", "【E1】", "【1†x】", '"', "“", "”", "。", "\t", "\r\n", "E1", "e.g.", "et al."]
)  # fmt: skip
REPLIES = st.lists(st.tuples(PIECES, st.sampled_from(["", " "])), max_size=40).map(
    lambda parts: "".join(piece + space for piece, space in parts)
)
CUTS = st.lists(st.integers(0, 400), max_size=12).map(tuple)


@settings(max_examples=400, deadline=None)
@given(REPLIES, CUTS)
@example("93.5%.NOT STATED. DuetFace.DuetFace.DuetFace", ())
def test_whatever_a_hostile_model_says_nothing_untrue_is_shown(
    reply: str, cuts: tuple[int, ...]
) -> None:
    text, gate = passed(reply, cuts)
    if not gate.is_open:
        assert text == ""
        return
    check_citations(text, gate.citations, PAPERS)
    assert not hazards(text)
    assert not re.search(r"evil|https?:", text)
    for sentence in gate.shown:
        if re.search(r"93\.5|\b17\b", sentence.text):
            assert f"{sentence.render(marked=True)}" in text and "(unverified)" in text
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    tags = set(re.findall(r"<(\w+)", html))
    assert tags <= {"p", "strong", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td"}


@settings(max_examples=200, deadline=None)
@given(REPLIES, CUTS)
def test_where_a_stream_is_cut_makes_no_difference(reply: str, cuts: tuple[int, ...]) -> None:
    whole, gate = passed(reply)
    pieces, other = passed(reply, cuts)
    assert (pieces, other.citations, other.counts) == (whole, gate.citations, gate.counts)
