"""Text from papers, addresses, files and exceptions stays text on every screen."""

from __future__ import annotations

import ast
import json
import re
import string
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from streamlit.testing.v1 import AppTest

from rag.app.assistant import build
from rag.app.conversations import ThreadStore
from rag.config.settings import Settings, load
from rag.text import remove_hidden
from rag.types import Answer, Condition
from rag.types.errors import LibraryError
from ui.components import conversation_list, session
from ui.views.escaping import JOINER, fault, plain, without_paths

UI = Path(session.__file__).parents[1]
EVIL = "https://evil.example"
NAMES = (
    f"[Claim this profile]({EVIL}/claim)",
    f"![x]({EVIL}/i.png)",
    "<img src=x onerror=window.pwned=1>",
    "www.evil.example/login",
    f"Ann <a href={EVIL}>Bee</a>",
    f"$\\href{{{EVIL}}}{{Bee}}$",
    ":red-background[Ann Bee] :material/warning: :smile:",
    "`Ann` **Bee** a@evil.example",
    "1. Ann\n---",
)
FILE = "[click](https:evil.example) $x$ www.evil.example.jsonl"

# --- the function ---------------------------------------------------------------------------


@given(st.one_of(st.text(), st.sampled_from(NAMES), st.text(alphabet="-:w.@$[]()/<> \n1#ab")))
def test_plain_text_is_one_paragraph_of_the_same_words(text: str) -> None:
    words = " ".join(remove_hidden(text).split())
    shown = plain(text)
    assert re.sub(r"\\(.)", r"\1", shown.replace(JOINER, "")) == words
    if words:
        tokens = MarkdownIt("commonmark").parse(shown)
        assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
        assert {child.type for child in tokens[1].children or ()} <= {"text", "text_special"}


@given(st.text(alphabet="ahtps:/w.@-_<>=~+", max_size=40))
def test_nothing_is_left_that_becomes_an_address_or_an_icon_later(text: str) -> None:
    seen = re.sub(r"\\(.)", r"\1", plain(text))
    made = r"https?://|www\.|[-.\w+]@|:[\w/+-]|->|<-|--|[<>~]="
    assert not re.search(made, seen, re.IGNORECASE)


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("the file '/srv/my data/library.db' is broken", "the file '…/library.db' is broken"),
        ('"/srv/o\'neil" and /srv/a/b.txt', '"…/o\'neil" and …/b.txt'),
        ("the folder '/data'; C:\\x", "the folder '…/data'; C:\\x"),
        (f"and/or {EVIL}/a/b 'data/x'", f"and/or {EVIL}/a/b 'data/x'"),
    ],
)
def test_paths_of_the_server_are_not_told(told: str, shown: str) -> None:
    assert without_paths(told) == shown


# --- what the screens are given -------------------------------------------------------------

WIDGETS = set(
    "badge button caption checkbox dialog download_button error expander file_uploader header help"
    " info markdown metric multiselect pills popover progress radio segmented_control selectbox"
    " slider spinner subheader success text_area text_input title toast toggle warning"
    " form_submit_button html".split()
)
OWN = {path.stem for path in UI.rglob("*.py")}
MARKDOWN = ("label", "body", "text", "help")
ESCAPED = {"plain", "fault", "escape", "answer_html.escape", "counted"}
MADE = re.compile(r"(?:\w+_html|evaluation_plots)\.\w+|read_asset|len")
"""What makes HTML, which the tests of those modules look at, or a number."""
NUMBERS = re.compile(r"[^{}]*[,df]")


def shown_texts() -> Iterator[tuple[str, ast.expr]]:
    for path in sorted(UI.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr not in WIDGETS or ast.unparse(node.func.value) in OWN:
                continue
            at = 1 if node.func.attr == "progress" else 0
            texts = [*node.args[at : at + 1]]
            texts += [k.value for k in node.keywords if k.arg in MARKDOWN]
            yield from ((f"{path.relative_to(UI)}:{text.lineno}", text) for text in texts)


def is_literal(text: ast.expr) -> bool:
    """Whether nothing but words of the code and escaped ones are in an expression."""
    if isinstance(text, ast.JoinedStr):
        return all(is_literal(part) for part in text.values)
    if isinstance(text, ast.FormattedValue):
        form = text.format_spec
        return is_literal(text.value) or bool(
            isinstance(form, ast.JoinedStr) and NUMBERS.fullmatch(ast.unparse(form)[2:-1])
        )
    if isinstance(text, ast.IfExp):
        return is_literal(text.body) and is_literal(text.orelse)
    if isinstance(text, ast.BoolOp):
        return all(map(is_literal, text.values))
    if isinstance(text, ast.BinOp):
        return is_literal(text.left) and is_literal(text.right)
    if isinstance(text, ast.Call):
        made = ast.unparse(text.func)
        return made in ESCAPED or MADE.fullmatch(made) is not None
    return isinstance(text, ast.Constant) or (isinstance(text, ast.Name) and text.id.isupper())


def test_every_widget_is_given_literals_or_escaped_text() -> None:
    texts = list(shown_texts())
    assert len(texts) > 100
    bare = [f"{place} {ast.unparse(text)}" for place, text in texts if not is_literal(text)]
    assert bare == []


@pytest.mark.parametrize(
    "code", ["str(exc)", "name", "f'{name}'", "f'{name:>9}'", "'a' + name", "held.name", "f(x)"]
)
def test_the_check_sees_what_is_not_escaped(code: str) -> None:
    assert not is_literal(ast.parse(code, mode="eval").body)


# --- every page over hostile papers ---------------------------------------------------------


class Elements(HTMLParser):
    """Tags with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def check_html(html: str) -> None:
    for tag, attributes in Elements(html).tags:
        assert tag not in ("img", "script", "iframe", "object", "form", "svg:script"), html
        assert not [name for name in attributes if name.startswith("on")], html
        if tag == "a":
            assert "noreferrer" in (attributes.get("rel") or ""), html


def check_markdown(text: str) -> None:
    left = re.sub(r"\\[" + re.escape(string.punctuation) + "]", "", text)
    left = re.sub(r":(?:green|violet)-badge\[(.*)\]$|:small\[[\w ]*\]", r"\1", left)
    left = re.sub(r"^:material/\w+:", "", left)
    assert not re.search(rf"://|www\.|\]\(|[<$\[]|(?<!{JOINER})@|:\w+|/srv", left), text


def walk(at: AppTest) -> str:
    """Look at all that a page shows; returns its words."""
    at.run()
    assert not at.exception
    shown = []
    nodes: list[Any] = [at._tree]
    while nodes:
        node = nodes.pop()
        nodes += list(getattr(node, "children", {}).values())
        proto = getattr(node, "proto", None)
        for field in ("body", "label", "help", "json", "text"):
            text = getattr(proto, field, None)
            if not isinstance(text, str) or not text:
                continue
            if node.type == "bidi_component" and field == "json":
                told = json.loads(text)
                rows = [row for block in told.get("blocks", {}).values() for row in block]
                text = "".join([told["html"], *rows])
                check_html(text)
            elif node.type == "html":
                check_html(text)
            elif node.type not in ("code", "text"):
                check_markdown(text)
            assert "/srv/" not in text
            shown.append(text)
        for option in (
            getattr(proto, "options", ()) if node.type in ("radio", "button_group") else ()
        ):
            check_markdown(str(option))
    return re.sub(r"\\(.)", r"\1", "\n".join(shown)).replace(JOINER, "")


def screen(name: str) -> AppTest:
    return AppTest.from_file(str(UI / "screens" / f"{name}.py"), default_timeout=60)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, weights: Path) -> Path:
    """A library whose papers, people and files have such names."""
    folder = tmp_path_factory.mktemp("hostile")
    rows = [
        {
            "title": f"{name} on Kelp {n}",
            "authors": [name, NAMES[(n + 3) % len(NAMES)], f"Plain Person{n}"],
            "abstract": f"We study kelp drift in bank {n}. {name} It moves {n} metres a day.",
            "year": 2000 + n,
            "affiliations": [name],
            "category": name,
            "venue": name,
            "doi": f"10.1/{name}",
            "url": ["javascript:window.pwned=1", f'{EVIL}/"onmouseover="window.pwned=1'][n % 2],
        }
        for n, name in enumerate(NAMES)
    ]
    (folder / FILE).write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    with build(Settings(data=folder / "data", model_path=weights)) as assistant:
        assistant.ingest([folder / FILE])
    return folder / "data"


@pytest.fixture
def data(hostile: Path, weights: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PAPERFOLK_DATA", str(hostile))
    monkeypatch.setenv("PAPERFOLK_MODEL_PATH", str(weights))
    return hostile


def test_people_of_any_name_are_text(data: Path) -> None:
    with build(load()) as assistant:
        names = assistant.library.list_names()
    for name in names:
        at = screen("people")
        at.query_params["name"] = name
        assert "Papers by year" in walk(at)
        assert re.sub(r"\\(.)", r"\1", at.title[0].value).replace(JOINER, "") == name
    lost = {" ".join(name.split()) for name in NAMES} - set(names)
    # Markup, dashes of ASCII and LaTeX in a name are read for what they show.
    assert lost == {NAMES[5], "Ann <a href=https://evil.example>Bee</a>", "1. Ann ---"}


@pytest.mark.parametrize("name", NAMES)
def test_the_chat_shows_questions_and_filters_as_text(data: Path, name: str) -> None:
    filters = (Condition("author", "in", (" ".join(name.split()),)),)
    at = screen("chat")
    at.query_params["thread"] = ThreadStore(load().data).create_thread(filters=filters)
    walk(at)
    at.chat_input[0].set_value(f"What does {name} say of kelp?")
    assert "kelp" in walk(at)
    assert "kelp" in walk(screen("chat"))  # its name in the list


@pytest.mark.parametrize("name", NAMES)
def test_parameters_of_an_address_are_text(data: Path, name: str) -> None:
    at = screen("people")
    at.query_params["name"] = f"nobody {name}"
    assert "in these papers" in walk(at)
    at = screen("chat")
    at.query_params["thread"] = name
    assert "no conversation" in walk(at).lower()
    at.chat_input[0].set_value(name)
    at.query_params["thread"] = name
    walk(at)
    at = screen("people")
    at.query_params["topic"] = f"kelp {name}"
    walk(at)


def test_papers_library_and_runs_are_text(data: Path) -> None:
    assert "papers" in walk(screen("papers"))
    at = screen("library")
    walk(at)
    at.file_uploader[0].set_value((f"{FILE}.bib", b"@article{a, title = {}}", "text/plain"))
    walk(at)
    assert "Remove" in walk(at)
    assert "Kelp" in walk(screen("overview"))
    run = data / "evaluations" / "[run](https:evil.example) $x$"
    run.mkdir(parents=True)
    (run / "summary.json").write_text("{}", encoding="utf-8")
    assert "cannot be shown" in walk(screen("quality"))


@pytest.mark.parametrize("name", ["chat", "overview", "people", "papers", "library", "quality"])
def test_an_exception_is_text_and_tells_no_path(
    data: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise LibraryError(f"the file '/srv/data/x.db' is broken: {' '.join(NAMES)}")

    monkeypatch.setattr("rag.config.settings.load", fail)
    monkeypatch.setattr("ui.components.session.load", fail)
    assert "'…/x.db' is broken" in walk(screen(name))


def test_no_page_of_a_server_tells_its_folders(data: Path) -> None:
    for name in ("chat", "overview", "people", "papers", "library", "quality"):
        at = screen(name)
        shown = walk(at) + "".join(frame.value.to_csv() for frame in at.dataframe)
        assert str(data.parent) not in shown


def test_a_failed_answer_tells_no_path_on_the_page_and_in_what_is_taken_away(data: Path) -> None:
    store = ThreadStore(data)
    told = "the file '/srv/data/x.db' is broken"
    thread_id = store.create_thread("kelp?")
    failed = Answer("kelp?", "failed", "content", told, warnings=(told,))
    store.answer(thread_id, store.ask(thread_id, "kelp?"), failed)
    at = screen("chat")
    at.query_params["thread"] = thread_id
    assert walk(at).count("…/x.db") == 2
    with build(load()) as assistant:
        for form in ("Markdown", "JSON"):
            taken = conversation_list.render_export(assistant, store.get_thread(thread_id), form)
            assert "…/x.db" in taken and "/srv" not in taken


def test_a_fault_is_logged_with_its_path(caplog: pytest.LogCaptureFixture) -> None:
    assert "srv" not in fault("'/srv/x/y.db' is broken")
    assert "'/srv/x/y.db' is broken" in caplog.text
