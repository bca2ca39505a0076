"""Questions in German, French, Spanish and Chinese, read word by word as English."""

from rag.languages.questions import in_english
from rag.languages.rendering import Rendering, render

__all__ = ["Rendering", "in_english", "render"]
