"""LaTeX to plain text, for abstracts and titles that were pasted from their source.

Such text is half LaTeX: ``50%`` is not the start of a comment, ``~934`` is "about 934", a lone
``$`` is money, and commands may lack their braces. What cannot be LaTeX is therefore held back
behind private characters, the rest is converted by pylatexenc, and no input raises.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rag.readers import markup

if TYPE_CHECKING:
    from pylatexenc.latex2text import LatexNodes2Text

_LATEX_URL = re.compile(
    r"(?:https?://|\bwww\.)(?:\\[_%#&~$-]|[^\s{}<>\\$^`\"“”|\U000F0000-\U0010FFFF])+"
)
_AUTOLINK = re.compile(r"<((?:https?://|www\.)[^<>\s]+)>")
_HELD_KEY = re.compile(r"[\U000F0000-\U0010FFFF]")
_URL_ESCAPE = re.compile(r"\\([_%#&~$-])")
_NEEDS_PARSER = re.compile(r"[\\{}$]")
_LITERAL = re.compile(
    r"\\([%&#_${}*])"  # escaped: the character itself
    r"|\\([~^\"'`.=])(?=[\s\d]|$)"  # an accent over nothing
    r"|(?<![\w).,;:\]}\\])(~)"  # "about": no tie, and no accent, as in Mu{\~n}oz
    r"|([%&#])"  # not a comment, a cell or an argument
)
_MATH = re.compile(
    r"(?<!\\)(?:\$\$(?:[^$\\]|\\.)+\$\$"
    r"|\$[^\w\s$\\]{1,3}\$"
    r"|\$(?!\s)(?:[^$\\]|\\.)+(?<!\s)\$(?!\d)"
    r"|\$[^$\\]{0,80}\\[^$]{0,200}\$"
    r"|(?P<lone>\$))"
)
_SHORTHAND = {
    "eg": "e.g.",
    "ie": "i.e.",
    "etal": "et al.",
    "etc": "etc.",
    "cf": "cf.",
    "wrt": "w.r.t.",
    "aka": "a.k.a.",
    "vs": "vs.",
}
_SHORT_COMMAND = re.compile(rf"\\({'|'.join(_SHORTHAND)})(?![A-Za-z])\.?(\{{\}})?(\\(?=\s))?")
_DROPPED = re.compile(
    r"\\(?:color|hspace|vspace|label|ref|eqref|cite[a-z]*|footnotemark)\*?\s*(?:\[[^\[\]]*\]\s*)*\{[^{}]*\}"
    r"|\\(?:left|right|[bB]igg?[lr]?|xspace|textstyle|displaystyle|limits|nolimits)(?![A-Za-z])"
)
_SCRIPT = re.compile(
    r"\\(?:(?P<up>textsuperscript|textsu|sps?|up)|textsubscript|textinferior|sb)(?![A-Za-z])\s?"
    r"\{(?P<script>(?:[^{}]|\{[^{}]{0,80}\}){0,200})\}"
)
_INDEX = re.compile(
    r"(?<=[A-Za-z)\]])\$_(?:\{(\d{1,3}(?:\.\d{1,2})?)\}|(\d))(\^\{[^{}$]{1,8}\}|\^[+-])?\$"
)
"""A figure below letters that stand outside the formula, ``CO$_2$``: as chemistry writes it, ``CO2``."""
_UPRIGHT = re.compile(
    r"\\(?:mathrm|mathsf|textrm|text|rm)\s?\{((?:[A-Z][a-z]?|\d|_\d|_\{\d{1,3}\}|[()]){1,30})\}(_\d|_\{\d{1,3}\})?"
)
_ORDINAL = re.compile(r"(?<=\d)\$\^\{?(?:\\(?:text|mathrm|rm|textrm)\s?\{?)?(st|nd|rd|th)\}{0,2}\$")
_ASCII_SIGNS = {"circum": "^", "tilde": "~"}
_ASCII = re.compile(r"\\textascii(circum|tilde)(?![A-Za-z])(?:\{\})? ?")
"""pylatexenc makes other signs of these two, which only look like them."""
_ACCENT = r"\\(?:[~^'\"`=.]|[uvHcdbkr](?=[\s\\{]))"
_STACKED = re.compile(rf"({_ACCENT})\s?({_ACCENT})\s?(\\?[A-Za-z]|\{{\\?[A-Za-z]\}})")
_HREF = re.compile(r"\\href\s*\{([^{}]*)\}\s*(\{)?")
_BOLD_PART = re.compile(r"(\w)?\\(?:textbf|textit|emph|underline) \{([A-Za-z]+)\} (?=[a-z])")
_LATEX_QUOTED = re.compile(r"(?:``|(?<!\w)'')(?=\S)([^`\n]{1,300}?)(?<=\S)(?:''|\")")
_LATEX_DASH = re.compile(r"(?<=[\w)\]}”\"%$])(-{2,3})(?=[\w(\[{“\"\\$])|(?<=\s)(-{2,3})(?=\s)")
_TIE = re.compile(r"(?<=[\w).,;:\]}])~(?=[\w({\\$])(?<!\d~(?=\d))")
_BLANK_LINES = re.compile(r"\n[^\S\n]*\n")
_UNSEEN = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u2060\ufeff]")
_SPACES = re.compile(r"\s+")
_STYLED = re.compile(r"[\U0001D400-\U0001D7FFℊ-ℓℛℬℯ-ℴ]")


def to_text(source: str) -> str:
    """Plain text of one title, name or paragraph; white space runs become one space."""
    return convert(source)[0]


def convert(source: str) -> tuple[str, tuple[str, ...]]:
    r"""Plain text of one paragraph, and the URLs in it, in order, once each.

    A link with a label (``\href{url}{label}``) leaves the label in the text. Words are never
    lost: an unknown command leaves its name, or its argument if it has one.
    """
    source = markup.to_plain(source)
    protected_pieces = _ProtectedPieces(source)
    text = unicodedata.normalize("NFC", _UNSEEN.sub("", source))
    text = _AUTOLINK.sub(r"\1", text)
    text = _LATEX_URL.sub(protected_pieces.store_link, text)
    text = _convert_punctuation(text)
    if _NEEDS_PARSER.search(text):
        text = _parse_latex(_normalize_source(text, protected_pieces))
    text = protected_pieces.put_back(text)
    return _SPACES.sub(" ", text).strip(), tuple(dict.fromkeys(protected_pieces.links))


def convert_paragraphs(source: str) -> tuple[str, tuple[str, ...]]:
    """As `convert`, for paragraphs parted by blank lines; they stay parted by one."""
    converted = [convert(paragraph) for paragraph in _BLANK_LINES.split(source)]
    links = dict.fromkeys(link for _, paragraph_links in converted for link in paragraph_links)
    return "\n\n".join(text for text, _ in converted if text), tuple(links)


class _ProtectedPieces:
    """Pieces that must survive the conversion, each replaced by one private character."""

    def __init__(self, source: str) -> None:
        self.links: list[str] = []
        self._pieces: dict[str, str] = {}
        self._next = max(0xF0000, ord(max(source, default=" ")) + 1)

    def store_piece(self, piece: str) -> str:
        if self._next > 0x10FFFD:
            return piece
        key = chr(self._next)
        self._next += 1
        self._pieces[key] = piece
        return key

    def store_link(self, match: re.Match[str]) -> str:
        url = _drop_punctuation(match.group())
        rest = match.group()[len(url) :]
        printed = _URL_ESCAPE.sub(r"\1", url)
        self.links.append(printed if printed.startswith("http") else f"https://{printed}")
        return self.store_piece(printed) + rest

    def store_literal(self, match: re.Match[str]) -> str:
        return self.store_piece(next(group for group in match.groups() if group))

    def store_dollar(self, match: re.Match[str]) -> str:
        return self.store_piece("$") if match.group("lone") else match.group()

    def put_back(self, text: str) -> str:
        return _HELD_KEY.sub(lambda m: self._pieces.get(m.group(), m.group()), text)


def _drop_punctuation(url: str) -> str:
    """Without the punctuation of the sentence around it."""
    unopened = {")": url.count(")") - url.count("("), "]": url.count("]") - url.count("[")}
    end = len(url)
    while end:
        last = url[end - 1]
        if unopened.get(last, 0) > 0:
            unopened[last] -= 1
        elif last not in ".,;:!?'’*\\":
            break
        end -= 1
    return url[:end]


def _convert_punctuation(text: str) -> str:
    """TeX's quotation marks, dashes and ties; ``--flag``, ``5''``, ``~934``, ``5~10`` are left alone."""
    text = _TIE.sub(" ", _LATEX_QUOTED.sub(r"“\1”", text))
    return _LATEX_DASH.sub(lambda m: "—" if "---" in m.groups() else "–", text)


def _normalize_source(text: str, protected_pieces: _ProtectedPieces) -> str:
    text = text.replace("\\\\", " ").replace("\\-", "-")
    text = _SHORT_COMMAND.sub(lambda m: _SHORTHAND[m.group(1)], text)
    text = _DROPPED.sub("", text)
    text = _ASCII.sub(lambda m: protected_pieces.store_piece(_ASCII_SIGNS[m.group(1)]), text)
    text = _STACKED.sub(r"\1{\2{\3}}", text)
    text = _SCRIPT.sub(_convert_script, text)
    text = _INDEX.sub(lambda m: f"{m[1] or m[2]}{f'${m[3]}$' if m[3] else ''}", text)
    text = _UPRIGHT.sub(lambda m: re.sub(r"[_{}]", "", m[1] + (m[2] or "")), text)
    text = _ORDINAL.sub(r"\1", text)
    text = _MATH.sub(protected_pieces.store_dollar, text)
    text = _HREF.sub(lambda m: "{" if m.group(2) else m.group(1), text)
    text = re.sub(r"\\url\s*(?=\{)", "", text)
    text = _join_bold_parts(text)
    return _LITERAL.sub(protected_pieces.store_literal, text)


def _convert_script(match: re.Match[str]) -> str:
    script = to_text(match["script"].replace("$", ""))
    if match["up"]:
        return markup.raise_script(script)
    return markup.lower_script(script, match.string[max(0, match.start() - 1) : match.start()])


def _join_bold_parts(text: str) -> str:
    r"""Mend ``(\textbf {Fed} erated via\textbf {L} ogits)`` where the parts spell a name.

    A bold part parted from its word looks like a bold word before another, so it is joined only
    if the parts, two or more, make a word that the text has elsewhere, here ``FedL``.
    """
    parts = _BOLD_PART.findall(text)
    name = "".join(part for _, part in parts)
    if len(parts) < 2 or not re.search(rf"\b{name}\b", text):
        return text
    return _BOLD_PART.sub(
        lambda m: f"{m.group(1)} {m.group(2)}" if m.group(1) else m.group(2), text
    )


def _parse_latex(text: str) -> str:
    try:
        plain = str(_build_converter().latex_to_text(_ensure_balanced(text), tolerant_parsing=True))
    except (LookupError, ValueError, TypeError, AttributeError, RecursionError):
        # What pylatexenc raises on commands without their arguments, or nested without end.
        plain = "%"
    if "%" in plain:  # a template that was not filled: every per cent sign is held back
        plain = re.sub(r"\\([A-Za-z]+)\s?|[\\{}$]", r"\1 ", text)
    # Degrees and primes are raised by themselves: 30$^{\\circ}$C, 5$^\\prime$-UTR.
    plain = re.sub(r"\^(?=[∘°′'])", "", plain).replace("∼", "~").replace("∘", "°")
    return _STYLED.sub(lambda m: unicodedata.normalize("NFKC", m.group()), plain)


def _ensure_balanced(text: str) -> str:
    """Closes what is open at the end and drops what closes nothing."""
    depth = 0
    tokens: list[str] = []
    for index, char in enumerate(text):
        if char in "{}" and text[index - 1 : index] != "\\":
            if char == "}" and depth == 0:
                continue
            depth += 1 if char == "{" else -1
        tokens.append(char)
    return "".join(tokens) + "}" * depth


@lru_cache(maxsize=1)
def _build_converter() -> LatexNodes2Text:
    from pylatexenc.latex2text import (
        LatexNodes2Text,
        MacroTextSpec,
        get_default_latex_context_db,
    )

    # What matters, it raises. For good: each change of a level empties what `logging` remembers.
    logging.getLogger("pylatexenc").setLevel(logging.CRITICAL + 1)
    known = get_default_latex_context_db()
    known.set_unknown_macro_spec(MacroTextSpec("", simplify_repl=_convert_unknown_command))
    return LatexNodes2Text(latex_context=known, math_mode="text", keep_comments=True)


_CHARACTERS = {
    "textless": "<",
    "textgreater": ">",
    "textbar": "|",
    "textdegree": "°",
    "degree": "°",
    "celsius": "°C",
}
_SILENT = frozenset(
    "bf it em tt sc rm sf sl bfseries itshape texttt mbox text textsuperscript textsubscript "
    "operatorname boldsymbol bm mathsf mathtt small tiny large Large footnotesize normalsize "
    "centering noindent newline linebreak par ensuremath begingroup endgroup protect".split()
)


def _convert_unknown_command(node: Any, l2tobj: Any = None) -> str:
    """An unknown command's argument; without one its name, which then is a word."""
    node_arguments = node.nodeargd
    verbatim = getattr(node_arguments, "verbatim_text", None)
    arguments = (
        [arg for arg in (node_arguments.argnlist or ()) if arg is not None]
        if node_arguments
        else []
    )
    if verbatim or arguments:
        return str(verbatim or l2tobj.nodelist_to_text(arguments))
    end = node.pos + node.len
    following = node.parsing_state.s[end : end + 20]  # of the whole rest it would be quadratic
    name, space = str(node.macroname), str(node.macro_post_space)
    if name in _CHARACTERS:
        return _CHARACTERS[name]
    formats = name in _SILENT or re.match(r"\s*\{\s*[^\s}]", following)
    return "" if formats else name + space
