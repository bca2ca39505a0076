"""The embedded embedder: the published model's vectors, for texts and for tokens."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from langchain_core.embeddings import Embeddings
from langchain_tests.integration_tests import EmbeddingsIntegrationTests
from langchain_tests.unit_tests import EmbeddingsUnitTests

import rag.adapters.langchain  # noqa: F401 - registers the embedders
from rag.adapters.graph_files import ensure_graph_file
from rag.adapters.minilm import GIST_WORDS, MAX_TOKENS, MiniLM
from rag.adapters.minilm_graph import get_weight_bits, read_safetensors
from rag.adapters.minilm_int8 import convert_to_int8
from rag.adapters.weights import SAFETENSORS, TOKENIZER, find_weights
from rag.config.settings import Settings

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "recorded" / "minilm_reference.json").read_text(encoding="utf-8")
)


@pytest.fixture(scope="module", autouse=True)
def texts_embedded_each_time() -> Iterator[None]:
    """What other tests keep is made anew in these."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("_compute_vector", "_encode"):
            patch.setattr(MiniLM, name, getattr(MiniLM, name).__wrapped__)
        yield


@pytest.fixture(scope="module")
def int8(weights: Path) -> MiniLM:
    return MiniLM(Settings(model_path=weights))


@pytest.fixture(scope="module")
def fp32(weights: Path) -> MiniLM:
    return MiniLM(Settings(model_path=weights), precision="fp32")


@pytest.fixture(params=["int8", "fp32"])
def minilm(request: pytest.FixtureRequest) -> MiniLM:
    model: MiniLM = request.getfixturevalue(request.param)
    return model


def cosine(a: Any, b: Any) -> float:
    return float(np.dot(a, b) / np.linalg.norm(a) / np.linalg.norm(b))


# --- the published model --------------------------------------------------------------------


@pytest.mark.parametrize("case", REFERENCE["vectors"], ids=lambda case: repr(case["text"][:20]))
def test_vectors_are_the_published_models(case: Any, int8: MiniLM, fp32: MiniLM) -> None:
    assert cosine(fp32.embed_query(case["text"]), case["vector"]) > 0.99999
    assert cosine(int8.embed_query(case["text"]), case["vector"]) > 0.995


def test_token_vectors_join_two_layers_of_the_published_model(int8: MiniLM, fp32: MiniLM) -> None:
    token = REFERENCE["token"]
    layers = [np.array(token[name]) for name in ("layer_4", "layer_6")]
    expected = sum(layer / np.linalg.norm(layer) for layer in layers)
    for model, least in ((fp32, 0.99999), (int8, 0.99)):
        found = model.encode_query(token["text"]).tokens[token["at"]]
        assert cosine(found, expected) > least
        assert np.linalg.norm(found) == pytest.approx(1, abs=1e-5)


def test_seven_bit_weights_stay_near_the_published_model(int8: MiniLM, weights: Path) -> None:
    from rag.adapters.minilm import WINDOW, add_special_tokens, open_session
    from rag.adapters.minilm_int8 import build_int8

    model = build_int8(read_safetensors(weights / SAFETENSORS), bits=7)
    runner = open_session(model.SerializeToString())
    for case in REFERENCE["vectors"]:
        ids = add_special_tokens(int8.tokens(case["text"])[0][:WINDOW])
        assert cosine(runner.run(["vector"], {"ids": ids})[0][0], case["vector"]) > 0.99


# --- texts ----------------------------------------------------------------------------------


def test_a_text_has_the_same_vector_whatever_stands_beside_it(minilm: MiniLM) -> None:
    texts = ["a graph", "word " * 300, "", "what is federated learning?", "a graph"]
    together = minilm.embed_documents(texts)
    assert together == [minilm.embed_query(text) for text in texts]
    assert together == minilm.embed_documents(texts[::-1])[::-1]
    assert [e.vector.tolist() for e in minilm.encode(texts)] == together


def test_one_core_and_many_give_the_same(weights: Path) -> None:
    texts = ["word " * n for n in (1, 40, 260, 7)]
    one, many = (MiniLM(Settings(model_path=weights, threads=n)) for n in (1, 3))
    assert one.embed_documents(texts) == many.embed_documents(texts)


def test_many_threads_may_use_one_embedder(weights: Path) -> None:
    model = MiniLM(Settings(model_path=weights))
    texts = [f"question number {n}" for n in range(16)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(model.embed_query, texts))
    assert found == model.embed_documents(texts)


def test_nothing_to_embed_gives_nothing(int8: MiniLM) -> None:
    assert int8.embed_documents([]) == []
    assert int8.encode([]) == []


@pytest.mark.parametrize("text", ["", "  \n\t", "\x00"])
def test_an_empty_text_has_a_vector_and_no_tokens(text: str, minilm: MiniLM) -> None:
    encoding = minilm.encode_query(text)
    assert len(encoding) == 0
    assert encoding.tokens.shape == (0, 384)
    assert encoding.spans.shape == (0, 2)
    assert encoding.vector.tolist() == minilm.embed_query("")
    assert np.linalg.norm(encoding.vector) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("n", [1, 253, 254, 255, 318, 319, 443, 444, 445, 509, 510, 511, 700])
def test_every_token_up_to_the_limit_has_a_vector(n: int, int8: MiniLM) -> None:
    text = "cat " * n
    encoding = int8.encode_query(text)
    kept = min(n, MAX_TOKENS)
    assert len(encoding) == kept
    assert encoding.tokens.shape == (kept, 384)
    assert encoding.tokens.dtype == encoding.vector.dtype == np.float32
    assert np.isfinite(encoding.tokens).all()
    assert encoding.ids.tolist() == [4937] * kept
    assert [text[start:end] for start, end in encoding.spans] == ["cat"] * kept


def test_the_vector_reads_254_tokens_and_no_more(minilm: MiniLM) -> None:
    base = "cat " * 253
    assert minilm.embed_query(base + "dog") == minilm.embed_query(base + "dog house " * 50)
    assert minilm.embed_query(base + "dog") != minilm.embed_query(base + "cat")


def test_tokens_of_a_further_window_are_read_in_their_context(fp32: MiniLM) -> None:
    start = "the river bank was flooded after the rain . " * 32
    assert len(fp32.encode_query(start)) > 254
    river = fp32.encode_query(start + "the bank").tokens[-1]
    money = fp32.encode_query("the bank lent money to the firm . " * 34 + "the bank").tokens[-1]
    alone = fp32.encode_query("the river bank was flooded after the rain . the bank").tokens[-1]
    assert cosine(river, alone) > cosine(money, alone)


@hypothesis_settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_embedded_and_its_tokens_stand_in_it(text: str) -> None:
    encoding = MODEL.encode_query(text)
    assert np.linalg.norm(encoding.vector) == pytest.approx(1, abs=1e-5)
    for start, end in encoding.spans:
        assert 0 <= start < end <= len(text)


def test_half_a_character_does_not_stop_the_rest(int8: MiniLM) -> None:
    encoding = int8.encode_query("face \ud800 recognition")
    spans = [encoding.spans[0], encoding.spans[-1]]
    assert ["face \ud800 recognition"[a:b] for a, b in spans] == ["face", "recognition"]


MODEL = MiniLM(
    Settings(model_path=Path(__file__).parents[2] / "data" / "models" / "all-MiniLM-L6-v2")
)


# --- the graph ------------------------------------------------------------------------------

BUILD = """
import sys
from pathlib import Path
from rag.adapters.minilm import MiniLM
from rag.config.settings import Settings
model = MiniLM(Settings(model_path=Path(sys.argv[1])))
sys.stdout.write(str(model.embed_query("one text")[:4]))
"""


def test_two_processes_may_build_the_graph_at_once(weights: Path, tmp_path: Path) -> None:
    for name in (SAFETENSORS, TOKENIZER):
        (tmp_path / name).symlink_to(weights / name)
    command = [sys.executable, "-c", BUILD, str(tmp_path)]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
        for _ in range(2)
    ]
    said = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert said[0] == said[1]
    made = {p.name for p in tmp_path.iterdir()} - {SAFETENSORS, TOKENIZER, "verified.json"}
    assert len(made) == 1


def test_the_graph_is_built_once(weights: Path) -> None:
    found = find_weights(Settings(model_path=weights))
    path = ensure_graph_file(found, "int8")
    before = path.stat().st_mtime_ns
    assert ensure_graph_file(found, "int8") == path
    assert path.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("machine", "flags", "bits"),
    [
        ("x86_64", "fpu avx2 avx512f avx512_vnni", 8),
        ("AMD64", "fpu avx2 avx_vnni", 8),
        ("x86_64", "fpu avx2 avx512f", 7),
        ("x86_64", None, 7),
        ("aarch64", None, 8),
        ("arm64", None, 8),
    ],
)
def test_weights_have_seven_bits_where_eight_could_overflow(
    machine: str, flags: str | None, bits: int, tmp_path: Path
) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    if flags is not None:
        cpuinfo.write_text(f"processor : 0\nflags\t\t: {flags}\n", encoding="utf-8")
    assert get_weight_bits(machine, cpuinfo) == bits


@pytest.mark.parametrize("bits", [7, 8])
def test_quantised_weights_are_within_half_a_step(bits: int) -> None:
    weight = np.random.default_rng(0).normal(size=(50, 7)).astype(np.float32)
    weight[:, 3] = 0
    values, scale = convert_to_int8(weight, bits)
    assert np.abs(values.astype(int)).max() == 2 ** (bits - 1) - 1
    assert (np.abs(values * scale - weight) <= scale * 0.501).all()


# --- LangChain's own tests ------------------------------------------------------------------

for _test in (
    EmbeddingsIntegrationTests.test_aembed_query,
    EmbeddingsIntegrationTests.test_aembed_documents,
):
    pytest.mark.asyncio(_test)


class _Standard:
    @property
    def embeddings_class(self) -> type[Embeddings]:
        return cast("type[Embeddings]", MiniLM)

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"settings": MODEL._settings}

    @property
    def init_from_env_params(self) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
        return {"PAPERFOLK_THREADS": "1"}, {"precision": "fp32"}, {"name": "minilm-l6-v2/fp32"}


class TestMiniLMUnit(_Standard, EmbeddingsUnitTests):
    pass


class TestMiniLMIntegration(_Standard, EmbeddingsIntegrationTests):
    pass


def test_a_gist_is_the_vector_of_the_rarest_words_each_once(minilm: MiniLM) -> None:
    few = " ".join(map(str, range(1840, 1870)))  # a wordpiece each
    (vector,) = minilm.encode([few])
    once, twice = minilm.encode_gist([few, f"{few} {few}"])
    assert cosine(once.vector, vector.vector) > 0.9999 < cosine(twice.vector, vector.vector)
    assert len(twice) == 2 * len(once) == 60
    assert once.tokens.shape == (30, minilm.dimension) and np.array_equal(once.spans, vector.spans)
    assert (once.tokens * vector.tokens).sum(axis=1).mean() > 0.5  # foretold by word and text


def test_frequent_words_add_nothing_to_a_gist(minilm: MiniLM) -> None:
    many = " ".join(map(str, range(1790, 1890)))
    assert len(set(minilm.tokens(many)[0].tolist())) > GIST_WORDS
    spoken = f"the of and {many} in to was he is"
    first, second = minilm.encode_gist([many, spoken])
    assert cosine(first.vector, second.vector) > 0.9999
    whole = minilm.encode([many, spoken])
    assert cosine(whole[0].vector, whole[1].vector) < 0.9999
