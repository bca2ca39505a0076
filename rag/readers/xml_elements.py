"""What stands at a path of an XML element: its markup, or its words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

XmlRecord = dict[str, object]


def get_markup_at(element: Element, path: str) -> str:
    """The markup within the first element at a path; empty where there is none."""
    child = element.find(path)
    return get_markup(child) if child is not None else ""


def get_markup(element: Element) -> str:
    from lxml import etree

    markup = etree.tostring(element, encoding="unicode", with_tail=False)
    start, end = markup.find(">") + 1, markup.rfind("</")
    return "" if end < start else re.sub(r'\sxmlns(?::\w+)?="[^"]*"', "", markup[start:end]).strip()


def list_markup(element: Element, path: str) -> list[str]:
    return [text for child in element.findall(path) if (text := get_markup(child))]


def get_text_at(element: Element, path: str) -> str:
    child = element.find(path)
    return get_text(child) if child is not None else ""


def get_text(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())
