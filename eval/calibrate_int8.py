"""Find the values that the int8 graph has to treat apart; writes rag/adapters/minilm_outliers.py.

    python -m eval.calibrate_int8 CORPUS.jsonl

CORPUS is a BEIR corpus (``title``, ``text``), read from its beginning. The shipped module came from
the first 100 abstracts of SciFact, which the product is not about; no labels are used.
"""

from __future__ import annotations

import argparse
import itertools
import json
import textwrap
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.adapters import minilm_outliers
from rag.adapters.minilm import WINDOW, MiniLM, marked, session
from rag.adapters.minilm_graph import N_LAYERS, build_fp32, read_safetensors, with_product_inputs
from rag.adapters.minilm_int8 import LIMIT
from rag.adapters.weights import locate
from rag.config import load

MODULE = Path(minilm_outliers.__file__)
N_UNITS = 16
Ranges = list[NDArray[np.float32]]

TEMPLATE = '''"""Values of the embedded model that reach far beyond the others; made, not written.

    python -m eval.calibrate_int8 CORPUS.jsonl
"""

from __future__ import annotations

_CHANNELS = """
{channels}
"""
"""Channels behind a norm whose largest magnitude exceeds {limit:g}: layer, what reads them, ``channel:low:high``."""

_UNITS = """
{units}
"""
"""The 16 feed-forward units of each layer that reach highest."""


def channel_ranges() -> dict[tuple[int, str], dict[int, tuple[float, float]]]:
    """By layer and reader (``attention``, ``feed-forward``): a channel's lowest and highest value."""
    found: dict[tuple[int, str], dict[int, tuple[float, float]]] = {{}}
    for line in _CHANNELS.split(";"):
        layer, reader, *entries = line.split()
        fields = (entry.split(":") for entry in entries)
        found[int(layer), reader] = {{int(c): (float(low), float(high)) for c, low, high in fields}}
    return found


def hidden_units() -> tuple[tuple[int, ...], ...]:
    """Of each layer."""
    return tuple(tuple(int(unit) for unit in line.split()) for line in _UNITS.split(";"))
'''


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--texts", type=int, default=100)
    args = parser.parse_args()
    with args.corpus.open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in itertools.islice(lines, args.texts)]
    lows, highs = measure(f"{r['title']}. {r['text']}" for r in records)
    made = TEMPLATE.format(limit=LIMIT, channels=_channels(lows, highs), units=_units(highs))
    MODULE.write_text(made, encoding="utf-8")
    print(f"wrote {MODULE}; raise GRAPH_VERSION in minilm_graph if it changed")


def measure(texts: Iterable[str]) -> tuple[Ranges, Ranges]:
    """Lowest and highest value of each input of a product, in the order of the 24 products."""
    settings = load()
    tensors = read_safetensors(locate(settings).safetensors)
    model, names = with_product_inputs(build_fp32(tensors))
    runner, tokens = session(model), MiniLM(settings, precision="fp32").tokens
    runs = [runner.run(names, {"ids": marked(tokens(text)[0][:WINDOW])}) for text in texts]
    by_product = list(zip(*runs, strict=True))
    lows = [np.min([x.min(axis=(0, 1)) for x in found], axis=0) for found in by_product]
    return lows, [np.max([x.max(axis=(0, 1)) for x in found], axis=0) for found in by_product]


def _channels(lows: Ranges, highs: Ranges) -> str:
    lines = []
    for layer in range(N_LAYERS):
        for reader, place in (("attention", 4 * layer), ("feed-forward", 4 * layer + 2)):
            low, high = lows[place], highs[place]
            large = np.flatnonzero(np.maximum(-low, high) > LIMIT)
            entries = " ".join(f"{c}:{low[c]:.1f}:{high[c]:.1f}" for c in large)
            lines.append(_wrap(f"{layer} {reader} {entries}"))
    return ";\n".join(lines)


def _units(highs: Ranges) -> str:
    layers = (np.sort(np.argsort(-highs[4 * n + 3])[:N_UNITS]) for n in range(N_LAYERS))
    return ";\n".join(" ".join(str(unit) for unit in units) for units in layers)


def _wrap(line: str) -> str:
    return textwrap.fill(line, 98, break_on_hyphens=False)


if __name__ == "__main__":
    main()
