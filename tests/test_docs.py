"""The README: its commands run, its answers are what the program says now, and nothing is left out."""

from __future__ import annotations

import argparse
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from eval import __main__ as evaluation
from rag.cli.main import build_parser, main
from rag.config.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
README = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
"""The README and the pages behind it, as one text."""
FENCES = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)

NOT_RUN = (
    "make chat", "make test", "make install", "make eval", "make check", "paperfolk ui",
    ".venv/bin/paperfolk ui", "paperfolk serve", "paperfolk mcp", "paperfolk eval", "python -m eval", "python -m venv",
)  # fmt: skip
"""Commands that stay, that run these tests, or that take minutes; each has tests of its own."""


def commands() -> list[str]:
    """Whole lines of shell without their comments; those of the overview have placeholders."""
    lines = [line for kind, block in FENCES if kind == "sh" for line in block.splitlines()]
    found = [re.sub(r"\s+#.*", "", line).strip() for line in lines]
    return [line for line in found if line and not line.startswith("#")]


def is_usage(line: str) -> bool:
    return bool(re.search(r"\[|\b[A-Z]{2,}\b(?!.*\")", line))


def shown() -> list[tuple[str, str]]:
    """Each command that is followed by what it prints."""
    pattern = r"^```sh\n([^\n]+)\n```\n+```text\n(.*?)^```$"
    return re.findall(pattern, README, re.MULTILINE | re.DOTALL)


def runnable() -> list[str]:
    """Each command once, but for those whose answer is compared."""
    compared = [re.sub(r"\s+#.*", "", line) for line, _ in shown()]
    found = [c for c in commands() if not is_usage(c) and not c.startswith(NOT_RUN)]
    return [c for c in dict.fromkeys(found) if c not in compared]


def subcommands() -> dict[str, argparse.ArgumentParser]:
    (found,) = [a for a in build_parser()._actions if isinstance(a, argparse._SubParsersAction)]
    return dict(found.choices)


def get_arguments(line: str) -> list[str]:
    program, *rest = shlex.split(line)
    assert Path(program).name == "paperfolk", f"{line!r} is not run here: say so in NOT_RUN"
    return rest


def get_environment(data: Path) -> dict[str, str]:
    """Of a program of ours, over a library of the seeds."""
    return {
        "PAPERFOLK_DATA": str(data),
        "PAPERFOLK_MODEL_PATH": str(ROOT / "data" / "models" / "all-MiniLM-L6-v2"),
        "PYTHONPATH": str(ROOT),
    }


def test_there_is_something_to_run_and_to_compare() -> None:
    assert len(runnable()) >= 2
    assert [kind for kind, _ in FENCES].count("text") >= 1


@pytest.mark.parametrize("line", runnable())
def test_a_command_of_the_readme_runs(
    line: str,
    library_data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = library_data
    if "ingest" in line:
        mine = tmp_path / "my-papers"
        mine.mkdir()
        (mine / "one.jsonl").write_text('{"title": "Zebra gait"}\n', encoding="utf-8")
        data = tmp_path / "data"
    for name, value in get_environment(data).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdin", io.StringIO("What is DuetFace?\n"))
    monkeypatch.chdir(tmp_path)
    try:
        status = main(get_arguments(line))
    except SystemExit as ended:  # as of --version
        status = ended.code
    printed = capsys.readouterr()
    assert not status, printed.err
    assert printed.out.strip()


@pytest.mark.parametrize(("line", "printed"), shown())
def test_an_answer_in_the_readme_is_what_the_program_prints(
    line: str, printed: str, library_data: Path
) -> None:
    arguments = get_arguments(re.sub(r"\s+#.*", "", line))
    done = subprocess.run(
        [sys.executable, "-m", "rag", *arguments],
        cwd=ROOT, env=os.environ | get_environment(library_data), capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == printed.strip()


def test_the_readme_shows_an_answer_with_its_citation() -> None:
    assert any(" ask " in line and "[1]" in printed for line, printed in shown())


def test_every_command_is_documented_and_every_documented_one_is_there() -> None:
    told = {m[1] for line in commands() if (m := re.search(r"\bpaperfolk ([a-z]+)", line))}
    assert told == set(subcommands())


def test_every_documented_option_is_there() -> None:
    known = subcommands()
    for line in commands():
        match = re.search(r"\bpaperfolk ([a-z]+)(.*)", line)
        for option in re.findall(r"(?<![\w-])(--?[a-z][a-z-]*)", match[2] if match else ""):
            assert match and option in known[match[1]]._option_string_actions, line


def test_every_documented_command_of_the_evaluation_is_understood() -> None:
    expected = (ROOT / "eval" / "report" / "expected.yaml").read_text(encoding="utf-8")
    told = re.findall(r"python -m eval( [^`#,}\n]*)?(?=[`#,}\n])", f"{README}\n{expected}")
    assert len(told) > 8
    for words in told:
        typed = words.split()
        evaluation.build_parser().parse_args(typed or ["run"])


def test_every_setting_is_documented_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", README, re.MULTILINE))
    assert set(rows) == set(Settings.model_fields)
    for name, told in rows.items():
        default = getattr(Settings(), name)
        if name in ("seeds", "prompts"):
            assert told == f"the checkout's `{default.relative_to(ROOT)}/`"
        elif default in (None, "", ()):
            assert told == "not set", name
        elif isinstance(default, float):
            assert told == f"`{default:g}`", name
        else:
            assert told == f"`{default}`", name


def test_every_path_that_the_readme_names_exists() -> None:
    named = re.findall(r"`((?:rag|ui|eval|prompts|seeds|tests)/[\w./-]*)`", README)
    assert named and [path for path in named if not (ROOT / path).exists()] == []


def test_every_link_of_a_page_leads_somewhere() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        links = re.findall(r"\]\((?!https?:)([^)#]+)|(?:src|srcset)=\"([^\"]+)\"", text)
        missing = [
            one for pair in links for one in pair if one and not (page.parent / one).exists()
        ]
        assert missing == [], page.name


def test_the_readme_is_short_and_the_rest_is_linked_from_it() -> None:
    text = PAGES[0].read_text(encoding="utf-8")
    assert len(text.splitlines()) < 120
    for page in PAGES[1:]:
        assert f"docs/{page.name}" in text, page.name


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    assert set(re.findall(r"\bmake ([a-z]+)\b", " ".join(commands()))) <= targets


def test_the_program_of_the_readme_runs(library_data: Path, tmp_path: Path) -> None:
    (program,) = [block for kind, block in FENCES if kind == "python"]
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=os.environ | get_environment(library_data),
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("[1]") >= 2
