"""Who may know whom, as a table; who may use which vendor; and that the project is all there."""

from __future__ import annotations

import ast
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("rag", "ui", "eval")

RULES = {
    "rag.types.*": "rag.types.*",
    "rag.text.*": "rag.types.* rag.text.*",
    "rag.config.*": "rag.types.* rag.config.*",
    "rag.readers.*": "rag.types.* rag.text.* rag.readers.*",
    "rag.library.*": "rag.types.* rag.text.* rag.library.*",
    "rag.adapters.*": (
        "rag.types.* rag.text.* rag.config.* rag.library.* rag.adapters.* type:rag.app.assistant"
    ),
    "rag.ingest.*": "rag.types.* rag.text.* rag.readers.* rag.library.* rag.ingest.*",
    "rag.search.*": "rag.types.* rag.text.* rag.library.* rag.search.*",
    "rag.understanding.*": (
        "rag.types.* rag.text.* rag.library.* rag.search.* rag.understanding.*"
    ),
    "rag.answers.*": (
        "rag.types.* rag.text.* rag.library.* rag.search.* rag.understanding.* rag.answers.*"
    ),
    "rag.generation.*": (
        "rag.types.* rag.text.* rag.config.* rag.library.* rag.adapters.* rag.search.*"
        " rag.answers.* rag.generation.*"
    ),
    "rag.app.*": "rag.* not rag rag.__main__ rag.serve.* rag.cli.*",
    "rag.serve.*": (
        "rag.types.* rag.text.* rag.config.* rag.library.* rag.generation.evidence rag.app.*"
        " rag.serve.*"
    ),
    "rag.cli.*": "rag.* eval.__main__",
    "rag rag.__main__": "rag.*",
    "ui.*": "ui.* rag.types.* rag.text.* rag.config.* rag.library.* rag.answers.* rag.ingest.* rag.app.* rag.cli.*",
    "eval.train.turn_sets": "eval.* rag.* tests.*",  # the tests' worked examples are learned from
    "eval.*": "eval.* rag.*",
}
"""Rooms -> the rooms they may import, one row each, from the ground up; the first row that names a module holds.

``type:`` marks what may be named in annotations alone; what follows ``not`` is taken out again.
"""

VENDORS = {
    "chromadb httpx2 onnx onnxruntime openai opentelemetry tantivy tokenizers": "rag.adapters.*",
    "psycopg": "tests.*",  # SQLAlchemy brings it in
    "sqlalchemy": "rag.library.* rag.generation.response_cache rag.app.*",
    "langchain_chroma": "eval.benchmarks.speed_worker",  # the other system, which ours is compared with
    "langchain langchain_*": "rag.adapters.*",
    "xllamacpp": "eval.benchmarks.tiny_model",  # a person installs it to try the path with real tokens
    "streamlit": "ui.*",
    "starlette": "ui.* rag.serve.*",
    "fastapi mcp mcp_types uvicorn": "rag.serve.*",
}
"""Packages -> the modules that may import them; the first row that names a package holds."""

ENVIRONMENT = {
    "rag.config.settings": "the settings",
    "rag.app.web_server": "is handed on to the server's process; says whether there is a display",
    "rag.cli.main": "keeps NumPy to one thread, before it is loaded",
    "rag.cli.format": "NO_COLOR and TERM, which every program of a terminal heeds",
    "rag.cli.paging": "PAGER, LESS and TERM, likewise",
    "eval.benchmarks.speed": "is handed on to the measured processes, without our settings",
    "eval.benchmarks.browser": "is handed on to the measured chat, without our settings",
}
"""The modules that may look at the environment, and what for."""


# --- what is imported ---------------------------------------------------------------------------


@cache
def trees() -> dict[str, ast.Module]:
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


@cache
def imported(module: str) -> tuple[tuple[str, bool], ...]:
    """Whatever a module imports anywhere, and whether for annotations alone."""
    return tuple(find_imports(module))


def find_imports(module: str) -> Iterator[tuple[str, bool]]:
    tree = trees()[module]
    typing = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        assert not isinstance(node, ast.ImportFrom) or node.level == 0, f"{module}: relative import"
        for name in list_imported_modules(node):
            yield name, id(node) in typing


def rule(module: str) -> str:
    return next(may for who, may in RULES.items() if matches(module, who))


def matches(name: str, patterns: str) -> bool:
    """Whether one of the patterns fits; ``rag.readers.*`` is the package and all that is in it."""
    return any(fnmatch(n, pattern) for pattern in patterns.split() for n in (name, f"{name}."))


def allowed(name: str, for_types: bool, may: str) -> bool:
    known, _, barred = may.partition(" not ")
    named = f"type:{name}" if for_types and matches(f"type:{name}", known) else name
    return matches(named, known) and not matches(name, barred)


def outside(module: str, may: str) -> list[str]:
    own = [(n, t) for n, t in imported(module) if n.split(".")[0] in (*PACKAGES, "tests")]
    return sorted({name for name, typed in own if not allowed(name, typed, may)})


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Nor for annotations; what a function imports when it is called does not count."""
    first = {
        module: {
            name
            for node in walk_outside_functions(tree)
            for name in list_imported_modules(node)
            if name in trees() and name != module
        }
        for module, tree in trees().items()
    }
    assert len(tuple(TopologicalSorter(first).static_order())) == len(trees())


def walk_outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for inner in ast.iter_child_nodes(node):
        if not isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from walk_outside_functions(inner)


def list_imported_modules(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        inner = [f"{node.module}.{alias.name}" for alias in node.names]
        return [name if name in trees() else str(node.module) for name in inner]
    return []


def test_a_module_knows_only_what_it_may() -> None:
    assert {m: found for m in trees() if (found := outside(m, rule(m)))} == {}


def test_the_table_tells_right_from_wrong() -> None:
    assert outside("rag.app.assistant", RULES["rag.types.*"]) != []
    assert not allowed("rag.app.assistant", False, RULES["rag.adapters.*"])
    assert allowed("rag.app.assistant", True, RULES["rag.adapters.*"])
    assert not allowed("rag.cli.main", False, RULES["rag.app.*"])
    assert not allowed("eval.run.runs", False, RULES["ui.*"])
    assert not allowed("ui.views.answer_html", False, RULES["eval.*"])
    assert not allowed("tests.shelf", False, RULES["eval.*"])


def test_rooms_are_listed_from_the_ground_up() -> None:
    rows = [who for who in RULES if who.startswith("rag.") and who.endswith(".*")]
    for at, who in enumerate(rows):
        may = RULES[who].partition(" not ")[0].split()
        above = [room for room in rows[at + 1 :] if room in may]
        assert not above, f"{who} may import {above}, which stand above it"


def test_nothing_lies_loose() -> None:
    loose = {path.name for path in (ROOT / "rag").glob("*.py")}
    assert loose == {"__init__.py", "__main__.py"}
    assert {path.name for path in (ROOT / "eval").glob("*.py")} == {"__init__.py", "__main__.py"}
    assert {path.name for path in (ROOT / "ui").glob("*.py")} == {"__init__.py", "app.py"}


def test_every_row_of_the_table_is_about_something() -> None:
    rows = {next(who for who in RULES if matches(module, who)) for module in trees()}
    assert rows == set(RULES)


def test_a_vendor_is_used_only_where_it_may_be() -> None:
    used = {(m, name.split(".")[0]) for m in trees() for name, _ in imported(m)}
    places = {
        name: next((where for who, where in VENDORS.items() if matches(name, who)), "*")
        for _, name in used
    }
    assert [(m, name) for m, name in sorted(used) if not matches(m, places[name])] == []


def test_the_environment_is_read_where_it_may_be() -> None:
    readers = {
        module
        for module, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in ("environ", "getenv")
        and ast.unparse(node.value) == "os"
    }
    assert readers <= set(ENVIRONMENT)
    assert "rag.config.settings" in readers
    for module in trees():
        assert not {name for name, _ in imported(module)} & {"os.environ", "dotenv"}


# --- what is loaded -----------------------------------------------------------------------------

_LOADED = """
import sys
{first}
print(*sorted(set(name.split(".")[0] for name in sys.modules)))
"""


@pytest.mark.parametrize(
    "first",
    [
        "import rag",
        "import rag.types, rag.types.errors",
        "import rag.cli.main\ntry: rag.cli.main.main(['--help'])\nexcept SystemExit: pass",
        "import rag.app.assistant",
        "import rag.adapters.embedders",
    ],
)
def test_a_light_start_loads_no_vendor(first: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LOADED.format(first=first)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = set(done.stdout.splitlines()[-1].split())
    heavy = f"{' '.join(VENDORS)} numpy"
    if first == "import rag.app.assistant":  # which reads the library at once
        heavy = heavy.replace(" sqlalchemy", "")
    if first == "import rag.adapters.embedders":  # which every question reads by
        heavy = "langchain* chromadb"
    assert "rag" in loaded and not [name for name in loaded if matches(name, heavy)]


# --- the project --------------------------------------------------------------------------------


def test_no_tensor_framework_is_installed_for_users_or_tests() -> None:
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    names = {re.split(r"[=<>!~\[; ]", line.lower())[0] for line in pinned}
    assert len(names) > 50
    barred = ("torch*", "nvidia*", "triton", "tensorflow*", "jax*", "sentence?transformers")
    assert not [name for name in names if matches(name, " ".join(barred))]


def test_continuous_integration_runs_the_tests_by_their_one_command() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    lines = script.read_text(encoding="utf-8").splitlines()
    assert "make -j2 test check" in lines and "set -euo pipefail" in lines
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert {"chat", "test", "check", "install"} <= set(targets)


def test_the_seed_documents_are_those_of_the_manifest() -> None:
    manifest = (ROOT / "seeds" / "MANIFEST.sha256").read_text(encoding="utf-8")
    told = dict(line.split()[::-1] for line in manifest.splitlines())
    here = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (ROOT / "seeds").iterdir()
        if path.suffix == ".txt"
    }
    assert told == here and len(here) == 5
