"""Finds planted instructions (prompt injection) in papers by their wording.

Such sentences are still quoted to a reader as printed, but a model never sees them and cannot cite
them. This is the first of three defences; the second, `rag.answers.screening`, scores what a sentence
does, and the third is the citation gate, which every reply must pass.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from rag.answers.confusables import convert_confusables
from rag.text import make_excerpt, remove_hidden, split_sentences
from rag.text.english import choose_number
from rag.types import PaperHit, Span

_OBJECT = (
    r"(?:instructions?|rules?|prompts?|directions?|directives?|guidelines?|commands?|constraints?|orders?|"
    r"context|safeguards?|restrictions?|training|conversation)"
)
_ENGLISH = (
    (
        "ignore ignores disregard forget override bypass overlook discard neglect drop",
        rf"\b(?:ignore|disregard|forget|override|bypass|overlook|discard|neglect|drop)\b.{{0,50}}\b(?:previous|prior|above|earlier|preceding|"
        rf"all|any|your|these|those|system|other|foregoing|former|everything)\b.{{0,40}}\b{_OBJECT}\b",
    ),
    (
        "ignore disregard forget",
        r"\b(?:ignore|disregard|forget)\s+(?:everything|all|anything)\b.{0,40}\b(?:above|before|said|told|read|else)\b",
    ),
    (
        "follow obey apply use heed",
        r"\b(?:do not|don't|never|stop)\s+(?:follow|obey|apply|use|heed)\w*\b.{0,40}\b(?:your|previous|prior|system|original|above)\b",
    ),
    (
        "new updated real actual secret hidden additional urgent important override special",
        rf"\b(?:new|updated|real|actual|secret|hidden|additional|urgent|important|override|special)\s+(?:system\s+)?{_OBJECT}\s*(?:[:=]|follow|for\s+(?:the\s+)?(?:ai|llm|model|assistant))",
    ),
    (
        "you you're become from",
        r"\b(?:you are|you're|you will be|become)\s+(?:now|no longer|hereby)\b|\bfrom now on,?\s+(?:you|answer|reply|respond|act|speak|write|every)\b",
    ),
    (
        "act behave respond answer speak pretend mode",
        r"\b(?:act|behave|respond|answer|speak)\s+as\s+(?:if\s+you|an?\s+(?:unrestricted|evil|different|helpful|uncensored|pirate|hacker|admin\w*|developer))\b|\bpretend\s+(?:to be|that you|you)\b|\b(?:developer|god|debug|admin|dan|maintenance)\s+mode\b",
    ),
    (
        "dear attention attn hey hello note message notice instruction instructions reminder if",
        r"\b(?:dear|attention|attn|hey|hello|note (?:to|for)|message (?:to|for)|notice to|instructions? (?:to|for)|reminder (?:to|for)|if you are)\s*,?:?\s+(?:an?\s+|the\s+|any\s+|all\s+)?"
        r"(?:ai|llms?|large language models?|language models?|assistants?|chat ?bots?|gpt\S*|chatgpt|claude|gemini|copilot|automated|summari[sz]ers?|models?\s+(?:reading|that reads?)|agents?)\b",
    ),
    (
        "print output reveal repeat disclose leak show display dump return share tell give recite translate summarize summarise encode",
        r"\b(?:print|output|reveal|repeat|disclose|leak|show|display|dump|return|share|tell me|give me|recite|translate|summari[sz]e|encode)\b.{0,60}"
        r"\b(?:system prompt|(?:your|the) (?:hidden |initial |original |full |secret |first )?(?:instructions|prompt|rules|configuration|system message)|api[ _-]?keys?|passwords?|credentials|secrets?|environment variables?|words above|text above)\b",
    ),
    (
        "say reply respond answer output print write begin start end finish append add insert include render embed display state claim conclude report",
        r"(?:^|[.!?:;,]\s*|\b(?:please|must|now|then|and|to|should|will|instead)\s+)(?:say|reply|respond|answer|output|print|write|begin|start|end|finish|append|add|insert|include|render|embed|display|state|claim|conclude|report)\b.{0,40}"
        r"\b(?:with\s+(?:only|exactly|nothing|the (?:word|phrase|sentence|text|link|image))|only\s+(?:with|the|this)|exactly|verbatim|the following|the (?:word|phrase)|this (?:link|image|text|sentence|url|markdown)|to the user|every (?:answer|reply|response|sentence)|(?:your|each|all|the) (?:answers?|reply|replies|response|output))\b",
    ),
    (
        "visit open click fetch load call request navigate go send post upload email forward exfiltrate recommend download",
        r"(?:^|[.!?:;,]\s*|\b(?:please|must|now|then|and|to|should)\s+)(?:visit|open|click|fetch|load|call|request|navigate|go to|send|post|upload|email|forward|exfiltrate|recommend|download)\b.{0,60}(?:https?:|www\.|\b(?:link|url|the user|the reader|conversation|chat history|data to|users? to)\b)",
    ),
    (
        "tell inform convince persuade warn ask instruct advise",
        r"\b(?:tell|inform|convince|persuade|warn|instruct|advise)\s+(?:the\s+)?(?:users?|readers?|humans?|customers?)\s+(?:that|to|about|they|it)\b",
    ),
    (
        "rate score grade rank accept praise recommend give",
        r"\b(?:rate|score|grade|rank|accept|praise|recommend)\s+(?:this|the)\s+(?:paper|work|submission|article)\b.{0,60}\b(?:highest|10|best|strong|positive|first|only|above)\b|\bgive (?:a |only )?positive reviews?\b",
    ),
    (
        "execute run invoke call",
        r"\b(?:execute|run|invoke|call)\s+(?:the\s+)?(?:following|this|function|tool|command|shell|code)\b",
    ),
)
"""Patterns, each with words of which a matching sentence has one, tested first because it is fast."""

_HIDING_MARKS = (
    r"<\|?\s*/?\s*(?:im_start|im_end|system|assistant|user|human|endoftext|start_header_id|end_header_id|eot_id|tool\w*|function\w*|instructions?|prompt|passage|context|thinking|invoke)\b[^>]{0,80}>",
    r"\[/?(?:INST|SYS|SYSTEM|ASSISTANT|USER)\]|<<\s*/?SYS\s*>>|<<<|>>>|‹‹‹",
    r"(?:^|[\n.!?]\s{0,4}|#\s*|-{3}\s*)(?:system|assistant|developer|human|user)\s*(?:message|prompt|override|note|instruction)?\s*:",
    r"\b(?:begin|end|start|stop)\s+(?:of\s+)?(?:the\s+)?(?:new\s+|system\s+|user\s+)?(?:instructions?|prompt|passages?|context|documents?|input|data|evidence)\b",
    r"[{\[]\s*[\"'](?:tool_calls?|tool|function|function_call|name|action|role|command|arguments)[\"']\s*:",
    r"<!--|<(?:script|img|iframe|svg|object|embed|form|a|style|link|meta|base)\b[^>]*>|javascript:|data:text/|!\[[^\]]*\]\s*[(\[]",
    r"https?://[^\s)]{0,400}?[?&][\w-]{1,60}=|\{\{.{0,60}\}\}|\$\{.{0,60}\}",
)
_OTHERS = (
    r"(?:ignorier(?:e|t)?|ignorieren sie|vergiss|vergesst|vergessen sie|missachte[nt]?|überschreib(?:e|t)?)\b.{0,70}(?:anweisung|instruktion|regel|vorgabe|befehl|prompt)",
    r"(?:ignore[rz]?|oublie[rz]?|néglige[rz]?|ne (?:tiens|tenez) pas compte)\b.{0,70}(?:instructions?|consignes?|règles?|directives?|ordres?)",
    r"(?:ignor[ae]\w{0,12}|olvid[ae]\w{0,12}|descart[ae]\w{0,12}|omit[ae]\w{0,12})\b.{0,70}(?:instrucci|reglas|indicaci|órdenes|normas)",
    r"(?:ignora\w{0,12}|dimentica\w{0,12}|trascura\w{0,12})\b.{0,70}(?:istruzion|regole|indicazion|ordini)",
    r"(?:ignor[ea]\w{0,12}|esque[çc]a\w{0,12}|desconsider\w{0,12})\b.{0,70}(?:instruç|regras|ordens|orienta)",
    r"(?:negeer|vergeet)\b.{0,70}(?:instructie|regels|aanwijzing|opdracht)",
    r"(?:ignorera|glöm|bortse)\b.{0,70}(?:instruktion|regler)|(?:ignorer|glem)\b.{0,70}(?:instruks|regler)",
    r"(?:z?ignoruj|zapomnij|pomiń)\w{0,12}\b.{0,70}(?:instrukcj|polece|zasad)|(?:ignoruj|zapomeň)\w{0,12}\b.{0,70}(?:pokyn|instrukc|pravid)",
    r"(?:игнорир|проигнорир|забудь|забыть|не обращай|отбрось)\w{0,8}.{0,70}(?:инструкц|правил|указани|команд|подсказк)|(?:ігнор|забудь)\w{0,8}.{0,70}(?:інструкц|правил|вказів)",
    r"(?:忽略|无视|無視|忘记|忘記|忘掉|不要理会|不要遵守|绕过).{0,24}(?:指令|指示|说明|說明|规则|規則|提示|内容|要求)",
    r"(?:指示|命令|ルール|プロンプト|規則).{0,16}(?:無視|忘れ|従わな|破棄)",
    r"(?:지시|명령|규칙|프롬프트|지침|안내).{0,16}(?:무시|잊)",
    r"(?:تجاهل|تجاهلوا|انس|انسى|أهمل|اهمل).{0,50}(?:التعليمات|تعليمات|الأوامر|الاوامر|القواعد)",
    r"(?:نادیده بگیر|فراموش کن).{0,50}|(?:دستور|قوانین).{0,40}(?:نادیده|فراموش)",
    r"(?:התעלמ?\w{0,8}|התעלם|שכח\w{0,8}).{0,50}(?:הוראות|ההוראות|כללים|הכללים)",
    r"(?:निर्देश|नियम|आदेश).{0,40}(?:अनदेखा|नज़रअंदाज़|नजरअंदाज|भूल)",
    r"(?:talimat|kural|yönerge|komut)\w{0,8}.{0,50}(?:yok say|görmezden gel|unut|dikkate alma)",
    r"(?:bỏ qua|quên|phớt lờ).{0,50}(?:hướng dẫn|chỉ thị|quy tắc|lệnh)|(?:abaikan|lupakan).{0,50}(?:instruksi|perintah|aturan)",
    r"(?:αγνόησε|αγνοήστε|ξέχνα|ξεχάστε).{0,60}(?:οδηγί|κανόν|εντολ)|(?:เพิกเฉย|ละเว้น|ลืม|ไม่สนใจ).{0,30}(?:คำสั่ง|คำแนะนำ|กฎ)",
    r"(?:system ?prompt|systemaufforderung|prompt (?:système|del sistema|di sistema|do sistema)|системн\w+ (?:промпт|подсказк)|系统提示|系統提示|システムプロンプト|시스템 ?프롬프트|موجه النظام).{0,60}"
    r"(?:ausgeb|zeig|gib|affiche|montre|révèle|muestra|revela|mostra|revele|покажи|выведи|раскрой|输出|显示|告诉|泄露|顯示|表示|出力|教え|출력|보여|알려|اعرض|اطبع|اكشف)",
    r"(?:gib|zeige?|affiche[rz]?|montre[rz]?|révèle[rz]?|muestra|revela|mostra|imprime|покажи|выведи|раскрой|输出|显示|告诉我|泄露|顯示|اعرض|اطبع|اكشف).{0,40}"
    r"(?:system ?prompt|systemaufforderung|prompt (?:système|del sistema|di sistema|do sistema)|системн\w+ (?:промпт|подсказк)|系统提示|系統提示|موجه النظام)",
)
_OTHER = "[^\\W\\d_\\x00-\\u036f]"
_STARTS = "The|This|These|We|Our|It|In|On|For|To|By|As|With|However|A|An"
_SEAM = re.compile(
    r"[।॥؟؛።၊]+\s*|[|}>/]\s+(?=[A-Z][^|}>]*$)"
    rf"|(?<=[\w/)}}\]\"'|;])\s+(?=(?:{_STARTS})\s+[a-z])"
    rf"|(?<={_OTHER})(?<!\s[\u0370-\u03ff])[^\w\n]{{0,4}}\s+(?=(?:[A-Za-z'-]+\s+){{2}})"
    rf"|(?<=[a-z])[^\w\n]{{0,4}}\s+(?={_OTHER}{{3}})"
)
"""Sentence borders without the usual punctuation; a lone Greek letter is a symbol ("the non-linearity ρ removes …")."""
_LABEL = re.compile(r"(?:^|[\s(])[A-Z][\w-]*\s+$")
"""A name, behind which "A" is a label: "Redhill and Lambrechtsbos A exhibit …"."""
_LONGEST_NAME = 40
NAMED_PAPERS = 3
"""Papers named at most by the warning about planted text."""
_FLAGS = re.IGNORECASE | re.DOTALL
_ORDER_PATTERN = tuple(
    (frozenset(needs.split()), re.compile(pattern, _FLAGS)) for needs, pattern in _ENGLISH
)
_ELSEWHERE = re.compile("|".join(_OTHERS), _FLAGS)
_FOREIGN_SCRIPT = re.compile(
    r"[^\x00-\u024f]|\b(?:ignorier|vergiss|vergesst|vergessen|missacht|überschreib|ignore[rz]|ignore|oublie|néglige|ne t|ignor[ae]|olvid|descart|omit|"
    r"dimentic|trascur|esque|desconsider|negeer|vergeet|ignorera|ignorer|gl[öe]m|bortse|z?ignoruj|zapom|pomiń|talimat|kural|yönerge|komut|bỏ|quên|phớt|"
    r"abaikan|lupakan|system ?prompt|systemauf|prompt|gib|zeig|affiche|montre|révèle|muestra|revela|mostra|imprime)",
    re.IGNORECASE,
)
"""What a sentence of another language has that fits one of its patterns."""
_HINTS = ("ignore", "disregard", "forget", "override", "reveal", "instructions", "prompt")
_BACKWARDS = frozenset(word[::-1] for word in _HINTS)
_TURNED = frozenset(codecs.encode(word, "rot13") for word in _HINTS)
_MIXED = re.compile(r"[A-Za-z][013457@$][A-Za-z]|\b[013457@$][A-Za-z]{2}")
_STRUCTURE = re.compile("|".join(_HIDING_MARKS), _FLAGS)
_GOES_ON = re.compile(
    r"^\W*(?:please|say|print|reply|answer|output|write|tell|respond|act|pretend|send|visit|open|click|repeat|reveal|use|cite|do not|don't|never|always|"
    r"you|your|from now|instead|rate|recommend|praise|append|begin|end|start|add|include|show|render|call|execute|run|then|also|finally|the (?:answer|user|word|phrase)|this is)\b"
    r"|https?:|www\.|!\[|[^\x00-\u024f]{4}",
    re.IGNORECASE,
)
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_SPACED_LETTERS = re.compile(r"(?:\b\w[ .\-_*]){5,}\w\b")
_LEET = str.maketrans("013457@$", "oieastas")


def has_instruction(text: str) -> bool:
    """Whether a sentence gives orders to a model, also masked, spelled backwards or encoded."""
    plain = " ".join(convert_confusables(remove_hidden(text)).split())
    if _STRUCTURE.search(text) or _STRUCTURE.search(plain):
        return True
    return any(_has_plain_instruction(reading) for reading in _list_readings(plain))


def _has_plain_instruction(plain: str) -> bool:
    typed = frozenset(re.findall(r"[a-z']+", plain.lower()))
    if any(needs & typed and pattern.search(plain) for needs, pattern in _ORDER_PATTERN):
        return True
    return bool(_FOREIGN_SCRIPT.search(plain) and _ELSEWHERE.search(plain))


def _list_readings(plain: str) -> list[str]:
    """The sentence as printed, and decoded in each way that could hide an instruction in it."""
    readings = [plain]
    typed = frozenset(re.findall(r"[a-z]+", plain.lower()))
    if typed & _BACKWARDS:
        readings.append(plain[::-1])
    if typed & _TURNED:
        readings.append(codecs.encode(plain, "rot13"))
    if _MIXED.search(plain):
        readings.append(plain.translate(_LEET))
    if _SPACED_LETTERS.search(plain):
        readings.append(re.sub(r"(?<=\b\w)[ .\-_*](?=\w\b)", "", plain))
    return readings + [
        decoded_text for token in _ENCODED.findall(plain) if (decoded_text := _decode_token(token))
    ]


def _decode_token(token: str) -> str:
    """The words that a token encodes in base64 or in hexadecimal digits; empty if none."""
    for decode in (_from_base64, bytes.fromhex):
        try:
            text = decode(token).decode("utf-8")
        except (ValueError, binascii.Error):
            continue
        if text.isprintable() and " " in text:
            return text
    return ""


def _from_base64(token: str) -> bytes:
    padded_token = token.replace("-", "+").replace("_", "/")
    return base64.b64decode(padded_token + "=" * (-len(padded_token) % 4), validate=True)


@lru_cache(maxsize=4096)
def find_instructions(text: str) -> tuple[Span, ...]:
    """The spans of a text's sentences that give orders, with what goes on from them."""
    spans: list[Span] = []
    goes_on = False
    for span in split_sentences(text):
        sentence = text[slice(*span)]
        goes_on = has_instruction(sentence) or (goes_on and _GOES_ON.search(sentence) is not None)
        if goes_on:
            spans.append(span)
    return tuple(spans)


def pieces(text: str, span: Span) -> Iterator[Span]:
    """The pieces of a sentence, cut also where a planted instruction may begin or end without punctuation.

    That is before a small letter, before a word that begins sentences, at signs that end them in
    other scripts, after bars and braces, and where the script changes.
    """
    start, end = span
    for a, b in split_sentences(text[start:end], also_lower=True):
        at = start + a
        for match in _SEAM.finditer(text, start + a, start + b):
            before = text[max(at, match.end() - _LONGEST_NAME) : match.end()]
            if text.startswith("A ", match.end()) and _LABEL.search(before):
                continue
            if text[at : match.end()].strip():
                yield at, match.end()
            at = match.end()
        if text[at : start + b].strip():
            yield at, start + b


def merged(text: str, apart: Iterable[Span] = ()) -> list[Span]:
    """All spans of a text to keep out of answers, in order: planted instructions, and those given in ``apart``."""
    return sorted({*find_instructions(text), *apart})


def extract_instructions(text: str, apart: Iterable[Span] = ()) -> str:
    """The planted instructions of a text, joined."""
    return " ".join(text[start:end] for start, end in merged(text, apart))


def remove_instructions(text: str, apart: Iterable[Span] = ()) -> str:
    """The text with its planted instructions left out."""
    pieces, at = [], 0
    for start, end in merged(text, apart):
        pieces.append(text[at:start])
        at = max(at, end)
    return "".join((*pieces, text[at:]))


def told_apart(hits: Iterable[PaperHit]) -> tuple[str, ...]:
    """A warning about papers that contain planted text, for the reader; empty if none does."""
    results = [hit for hit in hits if hit.apart.n_planted]
    if not results:
        return ()
    text = "; ".join(make_excerpt(_pointed_at(hit), 12) for hit in results[:NAMED_PAPERS])
    further = f" and {len(results) - NAMED_PAPERS} more" if len(results) > NAMED_PAPERS else ""
    holds = choose_number(len(results), "holds", "hold")
    return (
        f"{text}{further} {holds} text that reads like instructions to a program; it was left out",
    )


def _pointed_at(hit: PaperHit) -> str:
    """How a paper is pointed at: not by a title that is an instruction itself."""
    return hit.paper.source if hit.paper.name in hit.apart.names else f"“{hit.paper.name}”"
