"""A cell shows the words of its quote that tell; the quote stands behind the marker."""

from __future__ import annotations

import pytest

from ui.views.cell_values import shorten_quote
from ui.views.markdown_html import label_cells, render_markdown


@pytest.mark.parametrize(
    ("quote", "value"),
    [
        (
            "we introduce GazeForensics, an innovative DeepFake detection method that utilizes gaze",
            "DeepFake detection method that utilizes gaze",
        ),
        (
            "Extensive experiments on three popular benchmarks demonstrate that our approach outperforms others.",
            "Our approach outperforms others",
        ),
        (
            "we propose Adv-Diffusion that can generate adversarial identity perturbations in the latent "
            "space of a model but not the raw pixel space of it",
            "Adv-Diffusion that can generate adversarial identity perturbations …",
        ),
        (
            "A thorough experimental evaluation of 50 trackers demonstrates that none follows small birds.",
            "None follows small birds",
        ),
        ("It runs at 14", "“It runs at 14”"),
        (
            "Our experiments do not show that the method scales to more faces.",
            "Our experiments do not show that the method scales to more faces",
        ),
        (
            "its b c d e f g h i j k l m n o p q r s",
            "Its b c d e f g h i j k l m n …",
        ),
    ],
)
def test_the_words_that_tell_are_shown(quote: str, value: str) -> None:
    assert shorten_quote(quote) == value


def test_the_cells_of_a_table_are_short_and_other_quotes_are_whole() -> None:
    quote = "“we propose a novel network for faces <in> the dark and in the rain, of the night and the day, too, at any hour”"
    html = label_cells(
        render_markdown(f"{quote}\n\n| Paper | Idea |\n|---|---|\n| X | {quote} [1] |", {1: "X"})
    )
    text, cell = html.split("<table>")
    assert "we propose a novel network" in text and "we propose" not in cell
    assert "Network for faces &lt;in&gt; the dark and in the rain …&nbsp;<span" in cell
