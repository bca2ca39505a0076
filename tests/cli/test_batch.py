"""A batch answers every line it can, in order, and goes on where it stopped."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from rag.cli.batch import (
    Item,
    check_places,
    drop_unfinished_line,
    format_shared_ids,
    read_items,
    run,
)
from rag.types import Answer, Thread
from rag.types.errors import ProviderUnreachable, ReadError


class Echo:
    """Answers with the question and the number of turns before it; can be told to break."""

    def __init__(self, stop_after: int = 1000) -> None:
        self.asked: list[str] = []
        self.stop_after = stop_after

    def ask(self, question: str, thread: Thread) -> Answer:
        if len(self.asked) == self.stop_after:
            raise KeyboardInterrupt
        self.asked.append(question)
        if question == "unreachable":
            raise ProviderUnreachable("the server did not answer")
        if question == "bug":
            raise ZeroDivisionError("division by zero")
        return Answer(question, "answered", "content", f"{len(thread.turns)}: {question}")


def batch(folder: Path, *lines: object) -> Path:
    path = folder / "in.jsonl"
    rows = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    path.write_bytes(b"\n".join(rows))
    return path


def answers(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def go(echo: Echo, folder: Path) -> list[dict[str, object]]:
    out = folder / "out.jsonl"
    run(echo, read_items(folder / "in.jsonl"), out)  # type: ignore[arg-type]
    return answers(out)


def test_turns_are_asked_in_one_thread_and_the_last_one_is_recorded(tmp_path: Path) -> None:
    batch(tmp_path, {"id": "c1", "turns": ["first", "second", "third"], "kind": "ignored"})
    (record,) = go(Echo(), tmp_path)
    assert (record["id"], record["question"], record["text"]) == ("c1", "third", "2: third")


@pytest.mark.parametrize(
    ("line", "item_id", "reason"),
    [
        (b"{broken", "line-1", "is not JSON"),
        (b'{"question": "\xff"}', "line-1", "is not UTF-8"),
        (b"[1]", "line-1", "is not a JSON object but list"),
        ({"id": 7}, "7", "needs"),
        ({"id": "x", "question": 3}, "x", "needs"),
        ({"id": "x", "turns": []}, "x", "needs"),
    ],
)
def test_a_bad_line_fails_alone_and_says_why(
    tmp_path: Path, line: object, item_id: str, reason: str
) -> None:
    batch(tmp_path, line, {"id": "good", "question": "fine"})
    bad, good = go(Echo(), tmp_path)
    assert (bad["id"], bad["status"]) == (item_id, "failed")
    assert reason in str(bad["text"])
    assert good["status"] == "answered"


def test_an_error_or_a_bug_costs_one_answer_only(tmp_path: Path) -> None:
    batch(tmp_path, *({"id": q, "question": q} for q in ("unreachable", "bug", "fine")))
    records = go(Echo(), tmp_path)
    assert [r["status"] for r in records] == ["failed", "failed", "answered"]
    assert records[0]["text"] == "the server did not answer"
    assert "ZeroDivisionError" in str(records[1]["text"])


def test_an_interrupted_batch_asks_only_what_is_missing(tmp_path: Path) -> None:
    batch(tmp_path, *({"id": str(n), "question": f"q{n}"} for n in range(5)))
    with pytest.raises(KeyboardInterrupt):
        go(Echo(stop_after=2), tmp_path)
    second = Echo()
    assert [r["id"] for r in go(second, tmp_path)] == list("01234")
    assert second.asked == ["q2", "q3", "q4"]


def test_a_cut_last_line_is_removed_and_asked_again(tmp_path: Path) -> None:
    batch(tmp_path, *({"id": str(n), "question": f"q{n}"} for n in range(3)))
    go(Echo(), tmp_path)
    out = tmp_path / "out.jsonl"
    out.write_bytes(out.read_bytes()[:-20])
    again = Echo()
    assert [r["id"] for r in go(again, tmp_path)] == list("012")
    assert again.asked == ["q2"]


def test_lines_that_share_an_id_are_all_asked_and_told_of(tmp_path: Path) -> None:
    path = batch(tmp_path, *({"id": "same", "question": q} for q in ("a", "b", "b")))
    again = Echo()
    for echo in (Echo(), again):
        assert [r["question"] for r in go(echo, tmp_path)] == ["a", "b", "b"]
    assert again.asked == []
    assert format_shared_ids(read_items(path)).startswith(
        "the id 'same' stands in 3 lines; each line is asked"
    )


def test_a_changed_question_is_asked_again_in_its_place(tmp_path: Path) -> None:
    batch(tmp_path, *({"id": i, "question": i} for i in "abc"))
    go(Echo(), tmp_path)
    batch(tmp_path, *({"id": i, "question": q} for i, q in (("a", "a"), ("b", "new"), ("c", "c"))))
    again = Echo()
    assert [(r["id"], r["question"]) for r in go(again, tmp_path)] == [
        ("a", "a"), ("b", "new"), ("c", "c"),
    ]  # fmt: skip
    assert again.asked == ["new"]


def test_answers_that_give_way_to_those_of_another_batch_are_counted(tmp_path: Path) -> None:
    counts = []
    for question in ("one", "two", "two"):
        batch(tmp_path, {"question": question})
        items, out = read_items(tmp_path / "in.jsonl"), tmp_path / "out.jsonl"
        counts.append(run(Echo(), items, out))  # type: ignore[arg-type]
    assert counts == [{"answered": 1}, {"answered": 1, "replaced": 1}, {"skipped": 1}]


def test_a_conversation_is_asked_again_when_an_earlier_turn_changed(tmp_path: Path) -> None:
    for turns, asked in (
        (["one", "end"], ["one", "end"]),
        (["one", "end"], []),
        (["two", "end"], ["two", "end"]),
        (["end"], ["end"]),
    ):
        batch(tmp_path, {"id": "c", "turns": turns})
        echo = Echo()
        assert len(go(echo, tmp_path)) == 1
        assert echo.asked == asked


def test_what_failed_is_asked_again_and_a_repaired_line_leaves_no_failure(tmp_path: Path) -> None:
    batch(
        tmp_path, {"id": "a", "question": "unreachable"}, b"{broken", {"id": "c", "question": "c"}
    )
    go(Echo(), tmp_path)
    again = Echo()
    assert [r["id"] for r in go(again, tmp_path)] == ["a", "line-2", "c"]
    assert again.asked == ["unreachable"]
    batch(tmp_path, *({"id": i, "question": i} for i in "abc"))
    assert [(r["id"], r["status"]) for r in go(Echo(), tmp_path)] == [
        (i, "answered") for i in "abc"
    ]


def test_records_of_another_batch_in_the_same_file_stay(tmp_path: Path) -> None:
    batch(tmp_path, *({"id": i, "question": i} for i in "ab"))
    go(Echo(), tmp_path)
    batch(tmp_path, {"id": "c", "question": "c"})
    go(Echo(), tmp_path)
    batch(tmp_path, {"id": "b", "question": "b"}, {"id": "a", "question": "new"})
    assert [r["id"] for r in go(Echo(), tmp_path)] == ["b", "c", "a"]


def test_lone_surrogates_become_question_marks(tmp_path: Path) -> None:
    batch(tmp_path, b'{"id": "s", "question": "is \\ud800 fine"}')
    assert go(Echo(), tmp_path)[0]["question"] == "is ? fine"


def test_blank_lines_and_a_byte_order_mark_are_passed_over(tmp_path: Path) -> None:
    path = batch(tmp_path, b'\xef\xbb\xbf{"question": "a"}', b"", b'{"question": "b"}')
    assert read_items(path) == [Item("line-1", ("a",)), Item("line-3", ("b",))]


def test_an_output_that_holds_no_records_is_refused_and_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "notes.txt"
    out.write_bytes(b"my notes\nunfinished")
    with pytest.raises(ReadError, match="line 1 .* is not an answer record"):
        drop_unfinished_line(out)
    assert out.read_bytes() == b"my notes\nunfinished"


QUESTION = b'{"id": "q", "question": "q", "status": "a draft"}'


@pytest.mark.parametrize(
    "own",
    [
        b"my precious one line",
        b"\x00\xff\x89PNG",
        b"{}",
        b"{",
        QUESTION,
        QUESTION + b"\n" + QUESTION,
        b'{"id": "q", "question": "never clo',
        b'{"id": "q", "question": "q", "status": "answered"} and a note',
        b'{"id": "q", "question": "q", "status": "answered"}\nmy precious last line',
        b"[" * 100_000,
    ],
    ids=range(10),
)
def test_a_file_that_is_not_records_is_refused_and_stays_whole(own: bytes, tmp_path: Path) -> None:
    batch(tmp_path, {"id": "a", "question": "a"})
    out = tmp_path / "out.jsonl"
    out.write_bytes(own)
    with pytest.raises(ReadError, match="is not an answer record, so nothing was written"):
        go(Echo(), tmp_path)
    assert out.read_bytes() == own
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl"]


def test_a_last_record_that_lacks_its_line_end_alone_is_whole(tmp_path: Path) -> None:
    batch(tmp_path, *({"id": i, "question": i} for i in "ab"))
    go(Echo(), tmp_path)
    out = tmp_path / "out.jsonl"
    out.write_bytes(out.read_bytes().rstrip())
    again = Echo()
    assert [r["id"] for r in go(again, tmp_path)] == ["a", "b"]
    assert again.asked == []


def test_every_cut_of_a_record_after_others_is_asked_again(tmp_path: Path) -> None:
    batch(tmp_path, *({"id": i, "question": i} for i in "ab"))
    go(Echo(), tmp_path)
    out = tmp_path / "out.jsonl"
    whole = out.read_bytes()
    start = whole.index(b"\n") + 1
    for end in range(start, len(whole) - 1):
        out.write_bytes(whole[:end])
        assert [record.item_id for record in drop_unfinished_line(out)] == ["a"], whole[start:end]
        assert out.read_bytes() == whole[:start]


def test_questions_and_answers_in_one_file_are_refused_by_any_name(tmp_path: Path) -> None:
    path = batch(tmp_path, {"id": "a", "question": "a"})
    links = [tmp_path / "symbolic", tmp_path / "hard"]
    links[0].symlink_to(path)
    links[1].hardlink_to(path)
    for out in (path, *links, tmp_path / "." / path.name):
        with pytest.raises(ReadError, match="are one file"):
            check_places(path, out)
    check_places(path, tmp_path / "other")


def test_two_batches_on_one_output_are_refused(tmp_path: Path) -> None:
    batch(tmp_path, {"id": "a", "question": "a"})

    class Nested(Echo):
        def ask(self, question: str, thread: Thread) -> Answer:
            with pytest.raises(ReadError, match="another batch is writing"):
                go(Echo(), tmp_path)
            return super().ask(question, thread)

    assert [r["id"] for r in go(Nested(), tmp_path)] == ["a"]


def test_the_lock_of_a_batch_that_was_killed_is_in_nobodys_way(tmp_path: Path) -> None:
    batch(tmp_path, {"id": "a", "question": "a"})
    (tmp_path / ".out.jsonl.lock").write_bytes(b"")
    assert [r["id"] for r in go(Echo(), tmp_path)] == ["a"]
    assert not (tmp_path / ".out.jsonl.lock").exists()


def test_a_pipe_takes_the_answers_as_they_come(tmp_path: Path) -> None:
    batch(tmp_path, *({"id": i, "question": i} for i in "ab"))
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as read:
        run(Echo(), read_items(tmp_path / "in.jsonl"), Path(f"/dev/fd/{writing}"))  # type: ignore[arg-type]
        os.close(writing)
        assert [json.loads(line)["id"] for line in read] == ["a", "b"]


def test_a_missing_batch_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="nowhere.jsonl"):
        read_items(tmp_path / "nowhere.jsonl")
