"""Each screen by itself, driven by Streamlit's AppTest over the ingested seeds."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.testing.v1 import AppTest

from rag.app.assistant import build
from rag.app.conversations import Opinion, StoredThread, ThreadStore
from rag.app.user_question_set import UserQuestionSet
from rag.config.settings import keep_in_file, load
from rag.types import Answer, Condition
from rag.types.fields import Range
from ui.components import chat_turn, filter_bar, model_settings, session
from ui.components.open_paper import OpenPaper
from ui.server import application
from ui.views import answer_html, people_html

SCREENS = Path(session.__file__).parents[1] / "screens"


@pytest.fixture(autouse=True)
def data(library_data: Path, weights: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PAPERFOLK_DATA", str(library_data))
    monkeypatch.setenv("PAPERFOLK_MODEL_PATH", str(weights))
    for file in (*library_data.glob("threads.db*"), *library_data.glob("questions.jsonl")):
        file.unlink(missing_ok=True)  # SQLite takes its journal away when the last reader is gone
    return library_data


def screen(name: str) -> AppTest:
    return AppTest.from_file(str(SCREENS / f"{name}.py"), default_timeout=60)


def boards(at: AppTest) -> list[str]:
    """The HTML of every board on the screen but for the sidebar's."""
    found: list[Any] = list(at.main.get("bidi_component"))
    return [json.loads(board.proto.json)["html"] for board in found]


def conversations(at: AppTest) -> list[str]:
    """The names of the conversations in the sidebar."""
    found: list[Any] = list(at.sidebar.get("bidi_component"))
    html = "".join(json.loads(board.proto.json)["html"] for board in found)
    return [unescape(name) for name in re.findall(r'data-act="thread"[^>]*>([^<]*)<', html)]


def run(at: AppTest) -> AppTest:
    at.run()
    assert not at.exception
    return at


def press(at: AppTest, holds: str, act: str, value: str = "") -> AppTest:
    """Press an element of the last board whose HTML holds some text, as the browser reports it.

    Those of the page come after those of the sidebar.
    """
    found: list[Any] = [*at.sidebar.get("bidi_component"), *at.main.get("bidi_component")]
    board = [one for one in found if holds in json.loads(one.proto.json)["html"]][-1]
    assert f'data-act="{act}" data-value="{value}"' in json.loads(board.proto.json)["html"]
    return send_press(at, board, act, value)


def send_press(at: AppTest, board: Any, act: str, value: str) -> AppTest:
    """What the browser reports of a press in a component."""
    states = at._tree.get_widget_states()
    pressed = states.widgets.add()
    pressed.id = f"$$STREAMLIT_INTERNAL_KEY_{board.proto.id}__events"
    told = {"event": "act", "value": {"act": act, "value": value}}
    pressed.json_trigger_value = json.dumps([told])
    at._run(states)
    assert not at.exception
    return at


def ask(at: AppTest, question: str) -> list[Answer]:
    at.chat_input[0].set_value(question)
    return answers(run(at))


def kept(at: AppTest) -> StoredThread:
    """The open conversation as it is kept."""
    return ThreadStore(load().data).get_thread(at.session_state["thread"])


def narrowed_to(*filters: Condition) -> AppTest:
    """The chat with filters chosen, before anything is asked."""
    at = screen("chat")
    at.query_params["thread"] = ThreadStore(load().data).create_thread(filters=filters)
    return run(at)


def answers(at: AppTest) -> list[Answer]:
    found = [turn.answer for turn in kept(at).turns]
    assert None not in found
    return found  # type: ignore[return-value]


def test_the_theme_and_the_settings_of_the_screens_can_be_read() -> None:
    # Streamlit goes on without them where the file has a slip.
    text = (Path(application.__file__).parent / ".streamlit" / "config.toml").read_text("utf-8")
    assert tomllib.loads(text)["theme"]["light"]["primaryColor"] == "#2f5fb3"


# --- chat -----------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["", "people", "papers"])
def test_a_library_damaged_while_the_server_runs_is_a_sentence_on_every_page(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    monkeypatch.setenv("PAPERFOLK_DATA", str(tmp_path))
    shutil.copytree(data / "index", tmp_path / "index")
    shutil.copy(data / "library.db", tmp_path)
    at = AppTest.from_file(str(SCREENS.parent / "app.py"), default_timeout=60)
    run(at)
    (tmp_path / "library.db").unlink()  # another file in its place is opened anew
    (tmp_path / "library.db").write_bytes(b"no library" * 999)
    if page:
        at.switch_page(f"screens/{page}.py")
    run(at)
    assert "cannot be read" in at.error[0].value


def test_a_question_is_answered_where_conversations_cannot_be_kept(data: Path) -> None:
    at = run(screen("chat"))
    (data / "threads.db").write_bytes(b"no database" * 99)
    at.chat_input[0].set_value("What is DuetFace?")
    run(at)
    assert any("DuetFace" in html for html in boards(at))
    assert any("not kept for now" in warning.value for warning in at.warning)
    at.chat_input[0].set_value("and who wrote it?")
    run(at)
    assert len(at.chat_message) == 4


def test_the_first_screen_offers_questions_and_says_what_answers() -> None:
    at = run(screen("chat"))
    assert len([b for b in at.button if (b.key or "").startswith("example_")]) >= 4
    assert at.button(key="model_badge").label == "No model"
    assert "<h2>Topics</h2>" in boards(at)[-1] and "Nannan Wang" in boards(at)[-1]


def test_every_example_question_is_answered() -> None:
    n = len([b for b in run(screen("chat")).button if (b.key or "").startswith("example_")])
    for index in range(n):
        at = run(screen("chat"))
        at.button(key=f"example_{index}").click()
        run(at)
        assert answers(at)[-1].status == "answered"


def test_turns_stay_on_screen_in_order() -> None:
    at = run(screen("chat"))
    ask(at, "What is DuetFace?")
    told = ask(at, "and who wrote it?")
    assert [answer.question for answer in told] == ["What is DuetFace?", "and who wrote it?"]
    assert told[1].route == "person"
    assert len(at.chat_message) == 4
    assert all("data-act" in html for html in boards(at)[:1])


def test_an_opened_citation_shows_its_quote_marked() -> None:
    at = run(screen("chat"))
    (answer,) = ask(at, "What is DuetFace?")
    citation = answer.citations[0]
    quotes = ((citation.paper_id, citation.span, citation.marker),)
    at.session_state["source"] = OpenPaper(citation.paper_id, ("", citation.marker), quotes)
    run(at)
    assert '<mark tabindex="-1">' in boards(at)[-1]
    at.button(key="close_source").click()
    run(at)
    assert not any("<mark" in html for html in boards(at))


def test_a_complete_answer_is_not_taken_away_to_be_drawn_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = run(screen("chat"))
    ask(at, "What is DuetFace?")
    sent: list[ForwardMsg] = []
    enqueue = ForwardMsgQueue.enqueue
    monkeypatch.setattr(
        ForwardMsgQueue, "enqueue", lambda queue, msg: [sent.append(msg), enqueue(queue, msg)]
    )
    press(at, "DuetFace", "cite", "1")
    drawn = {kind: list_paths(sent, kind) for kind in ("empty", "bidi_component")}
    assert len(drawn["bidi_component"]) > 1 and len(drawn["empty"]) > 0
    for board in drawn["bidi_component"]:
        assert not any(board[: len(gone)] == gone for gone in drawn["empty"])


def list_paths(sent: list[ForwardMsg], kind: str) -> list[list[int]]:
    """Where elements of a kind were put, in the order in which the browser is told."""
    return [
        list(msg.metadata.delta_path)
        for msg in sent
        if msg.delta.new_element.WhichOneof("type") == kind
    ]


def test_hostile_text_is_shown_and_not_obeyed() -> None:
    at = run(screen("chat"))
    ask(at, "<img src=x onerror=alert(1)> ![a](https://evil.example/a.png)")
    shown = "".join(boards(at)) + "".join(html.proto.body for html in at.get("html"))
    assert "<img" not in shown
    assert "&lt;img src=x" in shown


def test_a_model_server_that_does_not_answer_is_noted_and_the_papers_are_quoted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("PAPERFOLK_RETRIES", "0")
    at = run(screen("chat"))
    (answer,) = ask(at, "What is DuetFace?")
    assert answer.status == "answered"
    assert "127.0.0.1:9" in answer.warnings[0]
    assert '<p class="note">' in boards(at)[0]


def test_an_error_is_one_sentence_and_can_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERFOLK_EMBEDDER", "openai:some-model")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("PAPERFOLK_RETRIES", "0")
    at = run(screen("chat"))
    (answer,) = ask(at, "What is DuetFace?")
    assert answer.status == "failed"
    assert 'class="answer failed"' in boards(at)[0]
    assert "Traceback" not in answer.text
    next(b for b in at.button if b.label == "Try again").click()
    run(at)
    assert len(answers(at)) == 1


def test_a_new_conversation_starts_empty_and_the_old_one_is_listed() -> None:
    at = run(screen("chat"))
    (answer,) = ask(at, "What is DuetFace?")
    thread_id = at.session_state["thread"]
    next(b for b in at.button if b.label == "New conversation").click()
    run(at)
    assert "thread" not in at.session_state
    assert not at.chat_message
    assert answers(press(at, "Conversations", "thread", thread_id)) == [answer]
    assert len(at.chat_message) == 2


def test_a_link_opens_its_conversation_in_a_session_of_its_own() -> None:
    at = run(screen("chat"))
    ask(at, "What is DuetFace?")
    other = screen("chat")
    other.query_params["thread"] = at.session_state["thread"]
    run(other)
    assert boards(other) == boards(at)
    assert ask(other, "and who wrote it?")[1].route == "person"


def test_a_link_to_a_deleted_conversation_says_so() -> None:
    at = screen("chat")
    at.query_params["thread"] = "gone"
    run(at)
    assert "no conversation 'gone'" in at.warning[0].value
    assert at.button(key="example_0")


def test_a_conversation_is_renamed_and_deleted_after_a_second_word() -> None:
    at = run(screen("chat"))
    ask(at, "What is DuetFace?")
    thread_id = at.session_state["thread"]
    press(at, "Conversations", "menu", thread_id)
    at.text_input(key=f"name_{thread_id}").set_value("Faces *x*")
    run(at)
    assert conversations(at) == ["Faces *x*"]
    press(at, "Conversations", "menu", thread_id)
    at.button(key="delete_thread").click()
    run(at)
    assert kept(at)
    at.button(key="delete_for_good").click()
    run(at)
    assert "thread" not in at.session_state
    assert ThreadStore(load().data).list_threads() == []


def test_many_conversations_are_searched() -> None:
    store = ThreadStore(load().data)
    for n in range(7):
        store.create_thread(f"question number{n}")
    at = run(screen("chat"))
    at.text_input(key="thread_search").set_value("number3")
    run(at)
    assert conversations(at) == ["question number3"]


def test_an_answer_cut_off_is_shown_as_far_as_it_came_and_asked_again() -> None:
    store = ThreadStore(load().data)
    thread_id = store.create_thread("What is DuetFace?")
    ordinal = store.ask(thread_id, "What is DuetFace?")
    store.save_words(thread_id, ordinal, "DuetFace is <b>a")
    at = screen("chat")
    at.query_params["thread"] = thread_id
    run(at)
    shown = "".join(html.proto.body for html in at.get("html"))
    assert "DuetFace is &lt;b&gt;a" in shown and "Stopped before" in shown
    next(b for b in at.button if b.label == "Try again").click()
    (answer,) = answers(run(at))
    assert answer.status == "answered"


def test_the_last_question_is_asked_otherwise_and_takes_the_place_of_the_old_one() -> None:
    at = run(screen("chat"))
    ask(at, "What is DuetFace?")
    ask(at, "and who wrote it?")
    at.button(key="edit").click()
    run(at)
    at.text_area[0].set_value("Who works on face anti-spoofing?")
    at.button(key="edit_ask").click()
    run(at)
    asked = ["What is DuetFace?", "Who works on face anti-spoofing?"]
    assert [answer.question for answer in answers(at)] == asked
    assert not at.text_area


def test_an_edit_that_is_left_changes_nothing() -> None:
    at = run(screen("chat"))
    told = ask(at, "What is DuetFace?")
    at.button(key="edit").click()
    run(at)
    at.text_area[0].set_value("something else")
    at.button(key="edit_cancel").click()
    run(at)
    assert answers(at) == told and not at.text_area


def test_a_good_answer_can_be_asked_for_again() -> None:
    at = run(screen("chat"))
    ask(at, "What is DuetFace?")
    first = kept(at).turns[0].ordinal
    press(at, "DuetFace", "retry")
    (turn,) = kept(at).turns
    assert turn.ordinal > first and turn.question == "What is DuetFace?" and turn.answer


def test_only_the_last_answer_can_be_asked_for_again() -> None:
    at = run(screen("chat"))
    ask(at, "What is DuetFace?")
    ask(at, "and who wrote it?")
    first, second = boards(at)[:2]
    assert 'data-act="retry"' not in first and 'data-act="retry"' in second
    assert 'data-act="judge"' in first


def test_a_thumb_with_its_reasons_is_kept_and_taken_back() -> None:
    at = run(screen("chat"))
    ask(at, "What is DuetFace?")
    press(at, "DuetFace", "judge", "bad")
    at.pills[0].set_value(["incomplete"])
    run(at)
    next(f for f in at.text_input if f.label == "In your own words").set_value("no figures")
    run(at)
    assert kept(at).turns[0].opinion == Opinion("bad", "incomplete; no figures")
    assert 'data-value="bad" title="Bad answer: incomplete; no figures"' in boards(at)[0]
    press(at, "DuetFace", "judge", "good")
    assert kept(at).turns[0].opinion == Opinion("good")
    press(at, "DuetFace", "judge", "good")
    assert kept(at).turns[0].opinion is None and not at.pills


def test_what_is_copied_is_the_answer_with_its_references() -> None:
    at = run(screen("chat"))
    (answer,) = ask(at, "What is DuetFace?")
    found: list[Any] = list(at.get("bidi_component"))
    copied = json.loads(found[0].proto.json)["copied"]
    assert copied.startswith(answer.text.split(" [")[0])  # its numbers are of papers
    assert f"“{answer.citations[-1].quote}”" in copied


def test_a_judged_question_goes_into_the_evaluation_and_out_again(data: Path) -> None:
    at = run(screen("chat"))
    ask(at, "What is DuetFace?")
    assert 'data-act="keep"' not in boards(at)[0]
    press(at, "DuetFace", "judge", "good")
    press(at, "DuetFace", "keep")
    questions = UserQuestionSet(data)
    assert [row["question"] for row in questions.read_rows()] == ["What is DuetFace?"]
    press(at, "DuetFace", "judge", "bad")
    assert questions.has_question(kept(at), kept(at).turns[0].ordinal)
    press(at, "DuetFace", "judge", "bad")
    assert questions.read_rows() == []


def test_the_other_reading_is_one_press_away_and_offers_the_first_in_turn() -> None:
    at = run(screen("chat"))
    (first,) = ask(at, "Who works on face anti-spoofing?")
    assert first.reading is not None
    assert f"or: {first.reading.other_words}" in boards(at)[0]
    press(at, "anti-spoofing", "other")
    (second,) = answers(at)
    assert second.reading is not None and second.reading.query == first.reading.others[0]
    assert second.reading.others == (first.reading.query,)
    press(at, "anti-spoofing", "retry")
    (third,) = answers(at)
    assert third.reading == second.reading


def test_a_chip_that_is_taken_away_asks_again_in_the_same_place() -> None:
    at = run(screen("chat"))
    ask(at, "What is DuetFace?")
    _, first = ask(at, "How many papers from 2023 have code?")
    press(at, "with code", "remove", "where:1")
    _, second = answers(at)
    assert (first.value, second.value) == (6, 37)
    assert second.question == first.question
    assert second.reading is not None and second.reading.by == "screen"
    assert str(second.reading.query) == "count papers where year = 2023"
    assert 'data-act="remove"' not in boards(at)[0]  # an answer that others follow stays


def test_a_chip_opens_the_widget_of_its_field() -> None:
    at = run(screen("chat"))
    ask(at, "How many papers from 2023 have code?")
    press(at, "from 2023", "change", "where:0")
    assert 'aria-expanded="true"' in boards(at)[0]
    low, _ = at.number_input
    low.set_value(2022)
    at.button(key="chip_ask").click()
    run(at)
    (answer,) = answers(at)
    assert answer.reading is not None
    assert str(answer.reading.query) == "count papers where year = 2022..2023 and code"
    assert not at.number_input
    press(at, "with code", "change", "where:1")
    at.radio(key="chip_where:1_code").set_value("no")
    at.button(key="chip_cancel").click()
    run(at)
    assert answers(at) == [answer]


@pytest.mark.parametrize(
    ("field", "adds"),
    [("category", 'category in ("CV", "LG")'), ("title", 'title contains "face"')],
)
def test_a_condition_is_added_from_the_fields_that_the_library_has(field: str, adds: str) -> None:
    at = run(screen("chat"))
    ask(at, "How many papers are from 2023?")
    press(at, "from 2023", "change", "")
    assert "keyword" not in at.selectbox(key="chip_field").options
    at.selectbox(key="chip_field").set_value(field)
    run(at)
    if field == "title":
        at.text_input(key="chip_new_title").set_value("face")
    else:
        at.multiselect(key="chip_new_category").set_value(["CV", "LG"])
    at.button(key="chip_ask").click()
    run(at)
    (answer,) = answers(at)
    assert answer.reading is not None
    assert str(answer.reading.query) == f"count papers where year = 2023 and {adds}"


def test_something_else_is_wanted_of_the_same_papers() -> None:
    at = run(screen("chat"))
    ask(at, "How many papers from 2023 have code?")
    press(at, "number of papers", "change", "want")
    assert [b.label for b in at.button if (b.key or "").startswith("want_")] == [
        "list of papers", "people", "papers by year",
    ]  # fmt: skip
    at.button(key="want_0").click()
    run(at)
    (answer,) = answers(at)
    assert isinstance(answer.value, tuple) and len(answer.value) == 6


def test_filters_hold_for_the_next_answers_and_are_taken_away_by_their_chip() -> None:
    at = run(screen("chat"))
    at.slider[0].set_value((2023, 2024))
    run(at)
    answer = ask(at, "Who works on face anti-spoofing?")[-1]
    assert answer.among.startswith("74 of 169 papers") and "among 74 of 169" in boards(at)[0]
    assert kept(at).filters == (Condition("year", "is", Range(2023, 2024)),)
    at.button(key="chip_0").click()
    run(at)
    assert kept(at).filters == ()
    assert ask(at, "Who works on face anti-spoofing?")[-1].among == ""


def test_several_filters_stand_together_and_go_together() -> None:
    at = run(screen("chat"))
    at.multiselect[0].set_value(["Shiming Ge"])
    run(at)
    at.multiselect[1].set_value(["CV"])
    run(at)
    chips = [b.label for b in at.button if (b.key or "").startswith("chip_")]
    assert chips == ["by Shiming Ge", "in category CV"]
    at.button(key="filters_none").click()
    run(at)
    assert not [b for b in at.button if (b.key or "").startswith("chip_")]
    assert at.multiselect[0].value == []


def test_enter_takes_one_name_and_not_all_that_match() -> None:
    fields = run(screen("chat")).multiselect
    assert fields and all(field.proto.select_all == 0 for field in fields)


def test_conditions_without_a_widget_stay_when_the_filters_are_drawn() -> None:
    filters = (Condition("text", "contains", "face"), Condition("text", "contains", "spoofing"))
    at = run(narrowed_to(*filters))
    assert kept(at).filters == filters
    at.multiselect[1].set_value(["CV"])
    run(at)
    assert kept(at).filters == (Condition("category", "in", ("CV",)), *filters)


def test_filters_chosen_for_one_conversation_are_not_those_of_the_next() -> None:
    at = run(screen("chat"))
    at.slider[0].set_value((2023, 2024))
    run(at)
    ask(at, "How many papers are there?")
    next(b for b in at.button if b.label == "New conversation").click()
    run(at)
    assert not [b for b in at.button if (b.key or "").startswith("chip_")]


def test_a_conversation_is_answered_by_the_model_chosen_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("PAPERFOLK_CHAT_MODELS", "other-model")
    monkeypatch.setenv("PAPERFOLK_RETRIES", "0")
    at = run(screen("chat"))
    at.radio[0].set_value("extractive")
    run(at)
    (answer,) = ask(at, "What is DuetFace?")
    assert answer.warnings == () and kept(at).model == "extractive"
    at.radio[0].set_value("other-model")
    run(at)
    assert "127.0.0.1:9" in ask(at, "What is DuetFace?")[-1].warnings[0]


def test_a_model_is_tried_and_used_in_this_session_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(model_settings, "may_change", lambda: True)  # no browser is here
    monkeypatch.setenv("PAPERFOLK_RETRIES", "0")
    at = run(screen("chat"))
    at.button(key="model_badge").click()
    run(at)
    at.text_input(key="model_server").set_value("http://127.0.0.1:9/v1")
    at.text_input(key="model_name").set_value("own-model")
    at.button(key="model_try").click()
    run(at)
    assert "cannot be reached" in at.warning[0].value
    at.button(key="model_use").click()
    run(at)
    assert "own-model" in at.radio[0].options
    assert "127.0.0.1:9" in ask(at, "What is DuetFace?")[-1].warnings[0]
    assert not (tmp_path / "paperfolk.toml").exists()
    assert run(screen("chat")).button(key="model_badge").label == "No model"


def test_a_kept_model_is_in_the_settings_file_of_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "paperfolk.toml"
    file.write_text('data = "here"\nchat_model = "old"\n', encoding="utf-8")
    keep_in_file({"chat_model": "new", "openai_api_key": 'k"1', "openai_base_url": None}, file)
    kept_settings = load({}, file=file)
    assert (kept_settings.chat_model, str(kept_settings.data)) == ("new", "here")
    assert kept_settings.openai_api_key and kept_settings.openai_api_key.get_secret_value() == 'k"1'
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_paper_beside_the_page_is_asked_about_in_a_conversation_of_its_own() -> None:
    at = run(screen("chat"))
    (answer,) = ask(at, "What is DuetFace?")
    paper_id = answer.citations[0].paper_id
    other = screen("chat")
    other.query_params["about"] = paper_id
    run(other)
    assert kept(other).filters == (Condition("paper", "in", (paper_id,)),)


def test_a_suggestion_under_the_last_answer_is_asked_by_a_press() -> None:
    at = run(screen("chat"))
    ask(at, "What is DuetFace?")
    suggested = at.button(key="next_0").label
    at.button(key="next_0").click()
    run(at)
    assert [answer.question for answer in answers(at)] == ["What is DuetFace?", suggested]
    assert at.button(key="next_0").label != suggested


def test_a_conversation_about_chosen_papers_opens_with_questions_they_answer() -> None:
    with build(load()) as held:
        ids = tuple(paper.paper_id for paper in held.library.list_papers() if paper.authors)[:2]
    at = narrowed_to(Condition("paper", "in", ids))
    assert [b.label for b in at.button if b.key == "chip_0"] == ["2 chosen papers"]
    assert at.button(key="opening_1").label == "Who wrote them?"
    at.button(key="opening_0").click()
    run(at)
    (answer,) = answers(at)
    assert {citation.paper_id for citation in answer.citations} == set(ids)
    assert kept(at).filters == (Condition("paper", "in", ids),)


def test_filters_that_leave_no_paper_say_so_before_anything_is_asked() -> None:
    at = narrowed_to(Condition("year", "is", Range(1950, 1951)))
    assert "leave no paper" in "".join(html.proto.body for html in at.get("html"))
    assert not [b for b in at.button if (b.key or "").startswith("opening_")]


def test_a_long_conversation_is_drawn_from_its_end_and_unfolds_by_request() -> None:
    store = ThreadStore(load().data)
    thread_id = store.create_thread("long")
    for n in range(30):
        ordinal = store.ask(thread_id, f"question {n}")
        store.answer(thread_id, ordinal, Answer(f"question {n}", "abstained", "content", f"a{n}"))
    at = screen("chat")
    at.query_params["thread"] = thread_id
    run(at)
    assert len(at.chat_message) == 24
    assert at.button(key="earlier").label == "Show 12 of 18 earlier questions"
    at.button(key="earlier").click()
    run(at)
    at.button(key="earlier").click()
    run(at)
    assert len(at.chat_message) == 60
    assert "earlier" not in {b.key for b in at.button}


def test_an_empty_library_offers_to_read_the_seeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAPERFOLK_DATA", str(tmp_path))
    at = run(screen("chat"))
    assert [b.label for b in at.button] == ["Read the documents", "Add your own papers"]
    assert not at.chat_input


def test_a_wrong_setting_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERFOLK_MODE", "telepathy")
    at = run(screen("chat"))
    assert "telepathy" in at.error[0].value or "mode" in at.error[0].value


# --- people ---------------------------------------------------------------------------------


def test_a_topic_ranks_people_with_papers() -> None:
    at = run(screen("people"))
    at.text_input(key="topic").set_value("face anti-spoofing")
    run(at)
    assert 'data-value="Qianyu Zhou"' in boards(at)[0]
    assert "papers on this" in boards(at)[0]


def test_a_topic_of_nobody_says_so() -> None:
    at = run(screen("people"))
    at.text_input(key="topic").set_value("medieval falconry")
    run(at)
    assert 'class="answer abstained"' in boards(at)[0]


def test_a_person_has_figures_coauthors_years_and_papers() -> None:
    at = screen("people")
    at.query_params["name"] = "Shiming Ge"
    run(at)
    shown = "".join(boards(at))
    assert at.title[0].value == "Shiming Ge"
    for part in ("h-index", "Works on", "Co-authors", 'class="growth', 'data-act="paper"'):
        assert part in shown


def test_a_conversation_about_a_persons_papers_is_begun_from_the_page() -> None:
    at = screen("people")
    at.query_params["name"] = "Shiming Ge"
    run(at)
    at.button(key="ask_about").click()
    at.run()
    assert kept(at).filters == (Condition("author", "in", ("Shiming Ge",)),)
    assert conversations(at) == []


def test_an_unknown_name_is_said_with_all_names_to_choose_from() -> None:
    at = screen("people")
    at.query_params["name"] = "Nobody *Here*"
    run(at)
    assert at.markdown[0].value == "No one called *Nobody \\*Here\\** is named in these papers."
    assert boards(at) == []
    assert len(at.selectbox(key="chosen_person").options) > 100


def test_a_name_that_is_not_printed_so_leads_to_those_it_may_stand_for() -> None:
    at = screen("people")
    at.query_params["name"] = "S. Ge"
    run(at)
    assert at.markdown[0].value == "No one is printed as *S. Ge* in these papers."
    assert boards(at) == [people_html.render_names(["Shiming Ge"])]


def test_a_question_to_a_conversation_that_was_deleted_elsewhere_is_not_asked_unseen() -> None:
    at = run(screen("chat"))
    ask(at, "What is DuetFace?")
    ThreadStore(load().data).delete(at.session_state["thread"])
    at.chat_input[0].set_value("Who wrote DuetFace?")
    run(at)
    assert "deleted" in at.warning[0].value
    assert ThreadStore(load().data).list_threads() == []
    at.button(key="held_back").click()
    run(at)
    assert [answer.question for answer in answers(at)] == ["Who wrote DuetFace?"]


def test_the_first_words_of_an_answer_stand_there_before_the_rest_of_the_page_is_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order: list[str] = []

    def note(module: Any, name: str, what: Callable[..., str]) -> None:
        original = getattr(module, name)

        def noting(*values: Any, **names: Any) -> Any:
            order.append(what(*values))
            return original(*values, **names)

        monkeypatch.setattr(module, name, noting)

    at = run(screen("chat"))
    monkeypatch.setattr(chat_turn, "PATIENCE_S", 60)
    note(answer_html, "render_working", lambda _, text: "words" if text else "steps")
    note(filter_bar, "render_bar", lambda *_: "input")
    at.chat_input[0].set_value("What is DuetFace?")
    run(at)
    assert order.index("words") < order.index("input")
