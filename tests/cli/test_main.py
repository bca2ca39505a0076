"""Every command does what it says, ends with the right status, and fails in one sentence."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from eval.benchmarks.model_server import MODEL, OpenAIServer, Reply
from rag.app.accounts import Accounts
from rag.app.web_server import build_environment, build_streamlit_command, check_port_free
from rag.cli.main import main
from rag.config.settings import load
from rag.types.errors import SettingsError
from rag.types.fields import FIELDS
from tests.contracts import misbehaviour
from tests.readonly import readonly_copy

HEAVY = ("chromadb", "onnxruntime", "langchain_core", "streamlit", "openai", "numpy", "pydantic")


@pytest.fixture(autouse=True)
def data(library_data: Path, weights: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Commands in this process answer from the ingested seeds."""
    monkeypatch.setenv("PAPERFOLK_DATA", str(library_data))
    monkeypatch.setenv("PAPERFOLK_MODEL_PATH", str(weights))
    return library_data


def records(out: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.splitlines()]


def outside(*args: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """The program as a process of its own."""
    command = [sys.executable, "-m", "rag", *args]
    return subprocess.run(
        command, input=stdin, capture_output=True, text=True, encoding="utf-8", check=False
    )


# --- asking ---------------------------------------------------------------------------------


def test_ask_prints_the_answer_then_its_references(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "How does Knowledge Swapping order its steps?"]) == 0
    out = capsys.readouterr().out
    answer, references = out.split("\nReferences\n")
    markers = set(re.findall(r"\[\d+\]", answer))
    assert markers
    assert markers == set(re.findall(r"\[\d+\]", references))
    assert "list of abstracts, entry 1)" in references and ".txt" not in references
    assert main(["ask", "--files", "How does Knowledge Swapping order its steps?"]) == 0
    assert "(000_052e22e2ea1c628a.txt:2)" in capsys.readouterr().out


def test_ask_json_is_one_record_as_the_contract_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "--json", "How does Knowledge Swapping order its steps?"]) == 0
    (record,) = records(capsys.readouterr().out)
    assert {"question", "status", "route", "text", "citations", "papers", "model"} <= record.keys()
    assert record["status"] == "answered"


def test_an_abstention_is_an_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "--json", "What is the boiling point of molten tungsten carbide?"]) == 0
    assert records(capsys.readouterr().out)[0]["status"] == "abstained"


@pytest.mark.parametrize("question", ["", "   ", "\n"])
def test_an_empty_question_is_bad_input(question: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", question]) == 2
    assert capsys.readouterr().err == (
        "paperfolk: the question is empty; type what you want to know\n"
    )


def test_a_question_of_100_kilobytes_is_answered_with_a_note(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["ask", "makeup transfer " * 6_500]) == 0
    assert "of the question were read" in capsys.readouterr().out


def test_bytes_that_are_no_text_do_not_break_a_question() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rag", "ask", "--json", b"How many papers \xff\xfe are there?"],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["question"].startswith("How many papers ?")


def test_bytes_that_are_no_text_do_not_break_a_conversation() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rag", "chat"],
        input=b"How many \xff papers are from 2022?\n",
        env={**os.environ, "PYTHONIOENCODING": "utf-8:strict"},  # as under most locales
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"papers** from 2022" in done.stdout


def test_a_batch_writes_one_record_a_line_and_can_be_repeated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    asked.write_text('{"id": "a", "question": "What is DuetFace?"}\nbroken\n', encoding="utf-8")
    for said in ("1 answered, 1 failed", "1 failed, 1 skipped"):
        assert main(["ask", "--batch", str(asked), "--out", str(out)]) == 1
        err = capsys.readouterr().err
        assert said in err and "paperfolk: line 2 is not JSON" in err
    assert [r["id"] for r in records(out.read_text(encoding="utf-8"))] == ["a", "line-2"]


@pytest.mark.parametrize(
    "args",
    [["ask", "--batch", "in.jsonl"], ["ask", "--batch", "no.jsonl", "--out", "o.jsonl"]],
)
def test_ask_without_what_it_needs_is_wrong_usage(
    args: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(args) == 2
    assert capsys.readouterr().err.startswith("paperfolk: ")


# --- people and papers ----------------------------------------------------------------------


def test_who_names_people_with_their_papers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["who", "face anti-spoofing", "-k", "3", "--json"]) == 0
    (record,) = records(capsys.readouterr().out)
    experts = record["experts"]
    assert isinstance(experts, list)
    assert 1 <= len(experts) <= 3
    assert "Qianyu Zhou" in {expert["name"] for expert in experts}


def test_person_tells_of_one_person(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["person", "Daichi Zhang"]) == 0
    assert "Daichi Zhang" in capsys.readouterr().out


def test_a_name_that_looks_like_none_is_answered_as_any_absent_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("Nobody Here", "Geoffrey Hinton"):
        assert main(["person", name]) == 0
        assert f"Nobody called {name} is in this library." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--code", "--no-code"], "not allowed with argument --code"),
        (["--year", "2019..2017"], "'2019..2017' is a reversed span; write 2017..2019"),
    ],
)
def test_conditions_that_contradict_each_other_are_wrong_usage(
    args: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["papers", *args])
    assert said in capsys.readouterr().err


def test_an_empty_library_is_named_with_its_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["--data", "none", "papers"]) == 1
    assert f"in the library '{tmp_path}/none' yet" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "n"),
    [([], 169), (["--year", "2021"], 3), (["--year", "..2019"], 7), (["--affiliation", "pku"], 2)],
)
def test_papers_lists_exactly_what_meets_the_conditions(
    args: list[str], n: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["papers", *args, "--json"]) == 0
    assert len(records(capsys.readouterr().out)) == n


def test_conditions_of_papers_are_joined_by_and(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["papers", "--page", "Shiming Ge", "--category", "LG", "--code"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "3 of 169 papers"


def test_papers_says_what_it_read_and_what_would_have_matched(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["papers", "--author", "qianyu zhuo", "--json"]) == 0
    found = capsys.readouterr()
    assert (len(records(found.out)), "Qianyu Zhou" in found.err) == (3, True)
    assert main(["papers", "--year", "1990..1995"]) == 0
    found = capsys.readouterr()
    assert found.out == "0 of 169 papers\n"
    assert "2017" in found.err


def test_paper_is_found_by_id_and_by_place(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["paper", "001_a5f9dfde50f3564c.txt:12", "--json"]) == 0
    (by_place,) = records(capsys.readouterr().out)
    assert main(["paper", str(by_place["paper"]), "--json"]) == 0
    assert records(capsys.readouterr().out) == [by_place]


def test_a_paper_that_is_not_there_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["paper", "nothing-like-it"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("paperfolk: ")
    assert err.count("\n") == 1


# --- keeping --------------------------------------------------------------------------------


def test_a_folder_that_cannot_be_written_is_asked_and_told_of_once(
    library_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["papers", "--text", "DuetFace"]
    assert main(asked) == 0  # and now all modules are loaded
    expected = capsys.readouterr().out
    with readonly_copy(library_data) as folder:
        assert main(["--data", str(folder), *asked]) == 0
    out, err = capsys.readouterr()
    assert out == expected
    (said,) = err.splitlines()
    assert said.endswith("its papers are read as they stand, and nothing is kept there")


def test_a_dry_run_prints_the_plan_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    papers = tmp_path / "mine.jsonl"
    papers.write_text('{"title": "On Owls", "abstract": "Owls fly silently."}\n', encoding="utf-8")
    folder = tmp_path / "data"
    assert main(["--data", str(folder), "ingest", "--dry-run", "--json", str(papers)]) == 0
    (plan,) = records(capsys.readouterr().out)
    assert (plan["new"], plan["dry_run"]) == (1, True)
    assert main(["papers", "--data", str(folder), "--json"]) == 1
    assert capsys.readouterr().out == ""


def test_a_document_that_cannot_be_read_is_bad_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"\x00\x01\x02")
    assert main(["--data", str(tmp_path / "data"), "ingest", str(broken)]) == 2
    assert "broken.pdf" in capsys.readouterr().err


def test_a_folder_names_what_was_not_read_and_reads_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    papers = tmp_path / "papers"
    papers.mkdir()
    ingest = ["--data", str(tmp_path / "data"), "ingest", "--dry-run", str(papers)]
    for n in range(22):
        (papers / f"{n:02}.bin").write_bytes(b"PK\3\4\0")
    assert main(ingest) == 2
    (papers / "one.jsonl").write_text('{"title": "Zebra gait"}\n', encoding="utf-8")
    capsys.readouterr()
    assert main(ingest) == 0
    *named, more = capsys.readouterr().err.splitlines()
    assert len(named) == 20
    assert named[0].startswith("paperfolk: passed over: 00.bin: file '00.bin' is binary")
    assert more == "paperfolk: passed over: and 2 more files"
    (papers / "two.pdf").write_bytes(b"")
    assert main(ingest) == 1
    assert "paperfolk: two.pdf: file 'two.pdf' is empty" in capsys.readouterr().err


def test_a_paper_in_two_places_explains_the_number_of_papers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    twice = tmp_path / "twice.jsonl"
    twice.write_text('{"title": "Zebra gait"}\n' * 2 + '{"title": "Owl"}\n', encoding="utf-8")
    assert main(["--data", str(tmp_path / "data"), "ingest", str(twice)]) == 0
    said = capsys.readouterr().out
    assert "3 new; the library holds 2 papers, 1 of which stands in more than one place" in said


def test_a_missing_document_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ingest", str(tmp_path / "gone.txt")]) == 2
    assert "gone.txt' does not exist" in capsys.readouterr().err


def test_doctor_masks_the_key(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-secret")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    assert main(["doctor", "--json"]) == 1  # nobody is at that address
    out = capsys.readouterr().out
    assert records(out)
    assert "sk-secret" not in out


def test_doctor_says_what_is_wrong_first_and_ends_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "library.db").write_bytes(b"no library" * 999)
    assert main(["--data", str(tmp_path), "doctor", "--json"]) == 1
    (found,) = records(capsys.readouterr().out)
    assert next(iter(found)) == "wrong"
    assert main(["--data", str(tmp_path), "doctor"]) == 1
    assert capsys.readouterr().out.startswith("✗ library: the library file")
    assert main(["doctor", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["wrong"] == []


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_what_is_closed_is_no_traceback(closed: str) -> None:
    command = f'exec "$0" -m rag papers --year 2022 {closed}'
    done = subprocess.run(["bash", "-c", command, sys.executable], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(("limit", "told"), [("-v 700000", "MB of memory"), ("-n 20", "20 files")])
def test_thin_resources_are_told_and_harm_nothing(data: Path, limit: str, told: str) -> None:
    before = sorted(str(path) for path in (data / "index").iterdir())
    command = f'ulimit {limit}; exec "$0" -m rag ask "What is DuetFace?"'
    done = subprocess.run(
        ["bash", "-c", command, sys.executable], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1
    assert told in done.stderr and "ulimit" in done.stderr
    assert sorted(str(path) for path in (data / "index").iterdir()) == before


# --- talking --------------------------------------------------------------------------------


def test_chat_answers_line_by_line_and_opens_sources() -> None:
    done = outside("chat", stdin="What is DuetFace?\n/open 1\n/open 99\n/quit\nnever asked\n")
    assert done.returncode == 0 and done.stderr.count("\n") == 1
    assert "DuetFace" in done.stdout
    assert "no such source" in done.stderr
    assert "never asked" not in done.stdout


def test_chat_is_left_by_the_bare_word_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("thanks a lot\nquit\nnever asked\n"))
    assert main(["chat"]) == 0
    out, err = capsys.readouterr()
    assert "You are welcome" in out and "never asked" not in out and err == ""


def test_another_reading_that_fails_leaves_the_first_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PAPERFOLK_MODEL_PATH", str(tmp_path))
    asked = "How many papers have code?\n/as content\n/as catalogue\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO(asked))
    assert main(["chat"]) == 0
    out, err = capsys.readouterr()
    assert "model_path" in err
    assert "nothing was asked" not in out


def test_an_interrupt_ends_the_answer_and_not_the_conversation() -> None:
    asked = threading.Event()

    def waits(server: OpenAIServer, handler: Any, body: dict[str, Any]) -> None:
        asked.set()
        misbehaviour.never_answers(server, handler, body)

    with OpenAIServer() as server:
        server.replies.append(Reply(act=waits))
        environ = {"OPENAI_BASE_URL": server.url, "PAPERFOLK_CHAT_MODEL": MODEL}
        with subprocess.Popen(
            [sys.executable, "-m", "rag", "chat", "--no-cache"], env={**os.environ, **environ},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        ) as chat:  # fmt: skip
            assert chat.stdin is not None
            chat.stdin.write("What is DuetFace?\n")
            chat.stdin.flush()
            assert asked.wait(60)
            chat.send_signal(signal.SIGINT)
            out, err = chat.communicate("hello\n/quit\n", timeout=60)
    assert (chat.returncode, err) == (0, "\npaperfolk: stopped\n")
    assert "Hello" in out


# --- manners --------------------------------------------------------------------------------


def test_help_and_a_wrong_command_load_nothing_heavy() -> None:
    code = (
        "import sys; from rag.cli.main import build_parser; build_parser().format_help();"
        "print([m for m in sys.argv[1:] if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *HEAVY], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    "args",
    [
        ["fly"],
        ["who"],
        ["who", "x", "-k", "0"],
        ["who", "x", "-k", "many"],
        ["papers", "--year", "soon"],
    ],
)
def test_wrong_usage_is_status_two(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(args)
    assert ended.value.code == 2
    err = capsys.readouterr().err
    assert "usage: paperfolk" in err
    assert " _" not in err, "it names no function of ours"


def test_an_unknown_setting_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PAPERFOLK_COLOUR", "blue")
    assert main(["papers"]) == 2
    assert "unknown setting 'colour'" in capsys.readouterr().err


def test_a_reader_that_stops_early_is_no_error() -> None:
    done = subprocess.run(
        f"{sys.executable} -m rag papers | head -n 1; exit ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 1


# --- serving --------------------------------------------------------------------------------


def test_the_server_listens_on_loopback_and_reports_to_nobody() -> None:
    command = build_streamlit_command(load(environ={}), open_browser=False)
    assert "--server.address=127.0.0.1" in command
    assert "--browser.gatherUsageStats=false" in command
    assert "--server.headless=true" in command


def test_the_server_gets_the_data_folder_whole() -> None:
    found = build_environment(load(environ={}, data=Path("elsewhere")), {"HOME": "/root"})
    assert found["PAPERFOLK_DATA"] == os.path.abspath("elsewhere")
    assert found["HOME"] == "/root"


def test_a_taken_port_is_refused_with_its_number() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"127.0.0.1:{port}.*--port"):
            check_port_free("127.0.0.1", port)


def test_an_account_is_made_from_a_password_that_is_not_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse\n"))
    assert main(["account", "ada"]) == 0
    line = capsys.readouterr().out.strip()
    assert "correct" not in line
    assert Accounts([SecretStr(line)], tmp_path).check_password("ada", "correct horse")


# --- typed queries --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["--first-author", "Yuxi Mi"], 'papers where first_author = "Yuxi Mi"'),
        (["--n-authors", "1..2"], "papers where n_authors = 1..2"),
        (["--date", "2023-05-01..2023-07-31"], "papers where date = 2023-05-01..2023-07-31"),
        (["--score", "80.."], "papers where score = 80.."),
        (["--title", "DuetFace"], 'papers where title contains "DuetFace"'),
        (["--no-complete-authors", "--month", "5"], "papers where not complete_authors and month = 5"),
        (["--venue", "CVPR"], 'papers where venue contains "CVPR"'),
        (["--keyword", "rain"], 'papers where keyword = "rain"'),
        (["--role", "problem"], 'papers where role = "problem"'),
    ],
)  # fmt: skip
def test_each_option_of_papers_says_what_the_query_says(
    args: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["papers", *args, "--json"]) == 0
    listed = [row["source"] for row in records(capsys.readouterr().out)]
    assert main(["query", line, "--json"]) == 0
    (answer,) = records(capsys.readouterr().out)
    assert answer["value"] == listed or (answer["value"] == [] and not listed)
    assert (answer["query"], answer["reading"]["by"]) == (line, "program")


def test_each_field_of_papers_that_is_offered_has_its_option(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["papers", "--help"])
    said = capsys.readouterr().out
    offered = [f for f in FIELDS.values() if f.flag and f.of == "paper"]
    assert len(offered) > 15
    assert all(f"--{field.flag} " in said for field in offered)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("papers where colour = red", "there is no field 'colour'; there are year, month"),
        ("papers where h_index > 3", "figure of people"),
        ("papers where year contains 20", "cannot be compared with 'contains'"),
    ],
)
def test_a_query_that_cannot_be_is_wrong_usage_and_says_what_there_is(
    line: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["query", line]) == 2
    assert said in capsys.readouterr().err
