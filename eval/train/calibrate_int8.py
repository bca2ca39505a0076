"""Finds the outlier values for the int8 graph; writes rag/adapters/minilm_outliers.py.

    python -m eval.train.calibrate_int8 CORPUS.jsonl

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
from rag.adapters.minilm import WINDOW, MiniLM, add_special_tokens, open_session
from rag.adapters.minilm_graph import N_LAYERS, build_fp32, extract_product_inputs, read_safetensors
from rag.adapters.minilm_int8 import LIMIT
from rag.adapters.weights import find_weights
from rag.config.settings import load

MODULE = Path(minilm_outliers.__file__)
N_UNITS = 16
Ranges = list[NDArray[np.float32]]

TEMPLATE = '''"""Values of the embedded model that reach far beyond the others; made, not written.

    python -m eval.train.calibrate_int8 CORPUS.jsonl
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
    lows, highs = compute_ranges(f"{r['title']}. {r['text']}" for r in records)
    module_text = TEMPLATE.format(
        limit=LIMIT, channels=_format_channels(lows, highs), units=_format_units(highs)
    )
    MODULE.write_text(module_text, encoding="utf-8")
    print(f"wrote {MODULE}; raise GRAPH_VERSION in minilm_graph if it changed")


def compute_ranges(texts: Iterable[str]) -> tuple[Ranges, Ranges]:
    """Lowest and highest value of each input of a product, in the order of the 24 products."""
    settings = load()
    tensors = read_safetensors(find_weights(settings).safetensors)
    model, names = extract_product_inputs(build_fp32(tensors))
    runner, tokens = open_session(model), MiniLM(settings, precision="fp32").tokens
    runs = [
        runner.run(names, {"ids": add_special_tokens(tokens(text)[0][:WINDOW])}) for text in texts
    ]
    by_product = list(zip(*runs, strict=True))
    lows = [
        np.min([x.min(axis=(0, 1)) for x in product_inputs], axis=0)
        for product_inputs in by_product
    ]
    return lows, [
        np.max([x.max(axis=(0, 1)) for x in product_inputs], axis=0)
        for product_inputs in by_product
    ]


def _format_channels(lows: Ranges, highs: Ranges) -> str:
    lines = []
    for layer in range(N_LAYERS):
        for reader, place in (("attention", 4 * layer), ("feed-forward", 4 * layer + 2)):
            low, high = lows[place], highs[place]
            large = np.flatnonzero(np.maximum(-low, high) > LIMIT)
            entries = " ".join(f"{c}:{low[c]:.1f}:{high[c]:.1f}" for c in large)
            lines.append(_split_line(f"{layer} {reader} {entries}"))
    return ";\n".join(lines)


def _format_units(highs: Ranges) -> str:
    layers = (np.sort(np.argsort(-highs[4 * n + 3])[:N_UNITS]) for n in range(N_LAYERS))
    return ";\n".join(" ".join(str(unit) for unit in units) for units in layers)


def _split_line(line: str) -> str:
    return textwrap.fill(line, 98, break_on_hyphens=False)


if __name__ == "__main__":
    main()
