"""LaTeX to plain text: what must change, what must not, and that no input raises."""

from __future__ import annotations

import logging
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.readers.latex import convert, convert_paragraphs, to_text


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        (r"$\text{LaRE}^2$ and C${^2}$RL", "LaRE^2 and C^2RL"),
        (r"\textbf{E}ntity-centric \textit{I}mage", "Entity-centric Image"),
        (r"user\-specified, H\&E, 50\%, a\_b, \#1, \$5", "user-specified, H&E, 50%, a_b, #1, $5"),
        ("50% of A & B, issue #1, l_p-norm", "50% of A & B, issue #1, l_p-norm"),
        (r"74.2\% of 50% \textbf{or} A & B", "74.2% of 50% or A & B"),
        ("a lone $ sign; $5 and $10; 3 $", "a lone $ sign; $5 and $10; 3 $"),
        (r"$5.3\%$ to $1:3$, $i.e.$, $\alpha$-fair", "5.3% to 1:3, i.e., α-fair"),
        (r"$\mathcal{L}_{adv}$, $\mathbf{x}$, $10^{-3}$, $\sim$3$\times$", "L_adv, x, 10^-3, ~3×"),
        (r"30$^{\circ}$C, 5\degree C, 10\,$^\circ$N", "30°C, 5°C, 10 °N"),
        (r"CO$_2$, H$_2$O$_{2}$, PM$_{2.5}$, SO$_4^{2-}$", "CO2, H2O2, PM2.5, SO4^2-"),
        (r"$\mathrm{CO_2}$ and $\mathrm{CO}_2$, \ce{H2O}", "CO2 and CO2, H2O"),
        (r"10$^6$ and $10^{6}$ cells, 10$^{-4}$ M", "10^6 and 10^6 cells, 10^-4 M"),
        (r"{$\alpha$}-helix, NF-$\kappa$B, 5 $\mu$g", "α-helix, NF-κB, 5 μg"),
        (r"the 19$^{th}$, 5$^\prime$-UTR, $L_1$, x$_i$", "the 19th, 5'-UTR, L_1, x_i"),
        ("``quotes'' and ''more'' and ``odd\"", "“quotes” and “more” and “odd”"),
        ("f''(x) is 5'' wide, don't", "f''(x) is 5'' wide, don't"),
        ("a -- b, ASR--attack, x---y, run --flag", "a – b, ASR–attack, x—y, run --flag"),
        ("Module~(SPM), i)~the, ~934, 5~10", "Module (SPM), i) the, ~934, 5~10"),
        (r"\eg, reefs \ie. fish \etal", "e.g., reefs i.e. fish et al."),
        (
            r"\ourmethod\ is \fancy{good} and \ourmethod{} wins",
            "ourmethod is good and ourmethod wins",
        ),
        (r"G{\"o}del, Erd\H{o}s, Deli\`ege, \o re, Bézier", "Gödel, Erdős, Deliège, øre, Bézier"),
        (r"{\color{red}{x}} {\bf bold} \textcolor{red}{y} \mbox{z}", "x bold y z"),
        (r"see~\cite{a,b} here", "see here"),
        (r"{ Moreover, this.} That", "Moreover, this. That"),
        (r"\{a, b\} and $\{c\}$", "{a, b} and {c}"),
        (r"\emph {Fed} is good \emph {A} b", "Fed is good A b"),
        (
            r"FedLC (\textbf {Fed} erated via\textbf {L} ogits\textbf {C} a)",
            "FedLC (Federated via Logits Ca)",
        ),
        (r"$<$3 \textless 5\textdegree C", "<3 <5°C"),
        ("lines\nof one\tparagraph", "lines of one paragraph"),
    ],
)
def test_latex_becomes_plain_text(source: str, plain: str) -> None:
    assert to_text(source) == plain


@pytest.mark.parametrize(
    ("source", "plain", "links"),
    [
        (r"at \href{https://a.b/c}{GitHub}.", "at GitHub.", ("https://a.b/c",)),
        (r"at \href{https://a.b/c}.", "at https://a.b/c.", ("https://a.b/c",)),
        (r"at \url{https://a.b/c_d.", "at https://a.b/c_d.", ("https://a.b/c_d",)),
        (r"\url{http://a.b/\~{}u}, www.x.org.", "http://a.b/~u, www.x.org.", None),
        ("<https://a.b/c>. (see https://a.b/d)", "https://a.b/c. (see https://a.b/d)", None),
        (
            "https://a.b/x(y) https://a.b/x(y)",
            "https://a.b/x(y) https://a.b/x(y)",
            ("https://a.b/x(y)",),
        ),
        (
            "https://a.b/p?q=1&r=50%25#s--t",
            "https://a.b/p?q=1&r=50%25#s--t",
            ("https://a.b/p?q=1&r=50%25#s--t",),
        ),
        (r"\emph{https://a.b/c\_d.}", "https://a.b/c_d.", ("https://a.b/c_d",)),
    ],
)
def test_links_are_collected_and_stay_readable(
    source: str, plain: str, links: tuple[str, ...] | None
) -> None:
    text, found = convert(source)
    assert text == plain
    assert links is None or found == links


def test_a_link_is_named_once() -> None:
    assert convert("https://a.b/c, then https://d.e, then https://a.b/c")[1] == (
        "https://a.b/c",
        "https://d.e",
    )


def test_paragraphs_stay_apart_and_their_links_together() -> None:
    text, links = convert_paragraphs("one\nhttps://a.b\n \n\n\\textbf{two} https://a.b https://c.d")
    assert text == "one https://a.b\n\ntwo https://a.b https://c.d"
    assert links == ("https://a.b", "https://c.d")


@pytest.mark.parametrize(
    "source",
    ["\\", "{", "}", "$", "$$", r"\frac", r"\frac{1}", r"\href", r"\textbf", r"\begin{x", r"\sqrt[",
     r"\verb|", r"$\left($", "{" * 5000, r"\frac" * 3000, "\\begin{a}" * 300, "\U0010fffd % \\a"],
)  # fmt: skip
def test_malformed_latex_neither_raises_nor_logs(
    source: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        assert to_text(f"before {source} ").startswith("before")
    assert caplog.records == []


TEX = st.lists(
    st.sampled_from(
        ["\\", "{", "}", "$", "%", "&", "~", "`", "'", '"', "-", "^", "_", " ", "\n", "[", "]", "#"]
        + [
            r"\textbf",
            r"\frac",
            r"\href",
            r"\url",
            r"\begin",
            r"\eg",
            r"\-",
            "{a}",
            "https://a.b/c",
            "word",
        ]
    ),
    max_size=40,
).map("".join)


@settings(deadline=None)
@given(TEX | st.text())
def test_any_text_is_converted(source: str) -> None:
    text, links = convert(source)
    assert text == text.strip() and "\n" not in text
    assert all(link.startswith("http") for link in links)


@settings(deadline=None)
@given(st.text(st.characters(exclude_characters="\\{}$~`'\"<>-", exclude_categories=("Cs", "Co"))))
def test_text_without_latex_is_only_composed_and_evened(source: str) -> None:
    once = to_text(source)
    assert to_text(once) == once
    assert re.sub(r"\s+", " ", once) == once


WORDS = st.lists(
    st.text("abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=8), min_size=1, max_size=12
)
WRAPPERS = st.sampled_from(
    ["{}", r"\textbf{{{}}}", r"\emph{{{}}}", r"{{\it {}}}", "${}$", r"$\text{{{}}}$", "``{}''", "({})",
     r"\unknown{{{}}}", "{}~x", r"\url{{{}}}", r"{{\color{{red}}{{{}}}}}", "{} 5%", "{{{}}}", r"\{} "]
)  # fmt: skip


@settings(deadline=None)
@given(WORDS, st.data())
def test_no_word_is_lost(words: list[str], data: st.DataObject) -> None:
    known = {
        "left",
        "right",
        "bf",
        "it",
        "par",
        "def",
        "let",
        "ref",
        "label",
        "input",
        "cite",
        "end",
    }
    words = [word for word in words if word not in known] or ["word"]
    wrapped = [data.draw(WRAPPERS).format(word) for word in words]
    text = to_text(" ".join(wrapped))
    for word, source in zip(words, wrapped, strict=True):
        if not source.startswith("\\" + word):
            assert word in text
