"""The wheel: built, installed in an environment of its own, and asked from another folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import urllib.request
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from eval.benchmarks.chat_process import start_chat_process

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@dataclass(frozen=True)
class Installation:
    """An environment with the wheel, and a folder that is not the checkout."""

    python: Path
    folder: Path
    environ: Mapping[str, str]

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            [str(self.python.with_name("paperfolk")), *arguments],
            cwd=self.folder, env=self.environ, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def installation(
    tmp_path_factory: pytest.TempPathFactory, weights: Path, library_data: Path
) -> Installation:
    """The wheel alone in a new environment; what it depends on is looked up in the present one.

    Nothing is fetched: the build back end is installed for development, and the packages named in
    the wheel are those that the tests run with, as `constraints.txt` pins them. The seeds have been
    read into its data folder by the checkout.
    """
    folder = tmp_path_factory.mktemp("wheel")
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "PIP_NO_INDEX": "1"}
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "-w", str(folder), str(ROOT)], env=environ, check=True)
    (wheel,) = folder.glob("paperfolk-*.whl")
    venv.create(folder / "env")
    python = folder / "env" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python)]
    install = [*pip, "install", "--quiet", "--no-deps", str(wheel)]
    subprocess.run(install, env=environ, check=True)
    scheme = {"base": str(folder / "env"), "platbase": str(folder / "env")}
    site = Path(sysconfig.get_path("purelib", vars=scheme))
    (site / "dependencies.pth").write_text(
        "\n".join(path for path in sys.path if path.endswith("site-packages")), encoding="utf-8"
    )
    elsewhere = folder / "elsewhere"
    shutil.copytree(library_data, elsewhere / "data")
    return Installation(python, elsewhere, {**environ, "PAPERFOLK_MODEL_PATH": str(weights)})


def test_what_runs_is_the_wheel_and_not_the_checkout(installation: Installation) -> None:
    code = "import rag, ui, eval; print(*(m.__file__ for m in (rag, ui, eval)), sep='\\n')"
    places = subprocess.run(
        [str(installation.python), "-c", code],
        cwd=installation.folder, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    assert len(places) == 3
    assert all(str(installation.folder.parent) in place for place in places)
    assert installation.run("--version") == f"paperfolk {PROJECT['version']}\n"


ROUTES = {
    "content": "What does DuetFace split?",
    "experts": "Who works on face anti-spoofing?",
    "person": "Who is Shiming Ge?",
    "catalogue": "How many papers are from 2023?",
    "smalltalk": "Hello",
}


def test_the_seeds_of_the_wheel_are_those_of_the_checkout_and_other_papers_are_read(
    installation: Installation,
) -> None:
    assert "170 unchanged" in installation.run("ingest")
    own = installation.folder / "own.jsonl"
    own.write_text('{"title": "Zebra gait", "abstract": "Zebras trot."}\n', encoding="utf-8")
    assert "1 new" in installation.run("ingest", str(own))


def test_a_question_of_each_kind_is_answered(installation: Installation) -> None:
    asked, told = (installation.folder / name for name in ("in.jsonl", "out.jsonl"))
    lines = [json.dumps({"id": route, "question": text}) for route, text in ROUTES.items()]
    asked.write_text("\n".join(lines), encoding="utf-8")
    installation.run("ask", "--batch", str(asked), "--out", str(told))
    answers = [json.loads(line) for line in told.read_text(encoding="utf-8").splitlines()]
    assert [answer["id"] for answer in answers] == list(ROUTES)
    for answer in answers:
        assert answer["route"] == answer["id"] and answer["text"]
        assert answer["status"] in ("answered", "abstained")


def test_the_chat_opens_with_its_theme(installation: Installation) -> None:
    with start_chat_process(
        installation.folder, installation.environ, installation.python
    ) as address:
        with urllib.request.urlopen(address, timeout=10) as page:
            assert b"Paperfolk" in page.read()


def test_an_evaluation_runs(installation: Installation) -> None:
    question = {
        "id": "w-1", "kind": "fact", "question": "What does DuetFace split?",
        "papers": ["004_a12025aa8030061e.txt:1"], "facts": [],
    }  # fmt: skip
    asked = installation.folder / "asked.jsonl"
    asked.write_text(json.dumps(question) + "\n", encoding="utf-8")
    installation.run("eval", "--set", str(asked))
    assert list(installation.folder.rglob("summary.json"))


def test_every_dependency_has_a_lower_bound_that_the_pinned_version_meets() -> None:
    pins = dict(
        line.split("==")
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line
    )
    known = {name.lower().replace("_", "-") for name in pins}
    extras = [name for extra in PROJECT["optional-dependencies"].values() for name in extra]
    for requirement in (*PROJECT["dependencies"], *extras):
        assert ">=" in requirement, f"{requirement!r} has no lower bound"
        bare = requirement.partition(">=")[0].partition("[")[0].strip().lower().replace("_", "-")
        assert bare in known, f"{requirement!r} is not pinned in constraints.txt"


def test_pip_is_a_dependency_as_it_brings_the_embedded_model() -> None:
    """An environment made by `uv tool install` or `uvx` has no pip of its own."""
    assert any(requirement.startswith("pip>=") for requirement in PROJECT["dependencies"])
