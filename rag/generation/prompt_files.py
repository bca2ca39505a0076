"""Prompts: one YAML file a model call, checked when loaded, rendered strictly, fingerprinted.

A file declares its variables; a placeholder ``{{name}}`` that is not declared, or a declared one
that is not used, stops at start-up. Rendering replaces placeholders once, so that braces in a
paper or a question stay braces. Text from papers and people is data: `compute_fence` derives marks for one
call that its text cannot know, and `render_fenced` takes whatever looks like a mark or a key out of it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rag.text import remove_hidden
from rag.types.errors import PromptError

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Libyaml's, where there is one, reads the seven files of a model in 2 ms instead of 20."""
_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_EVIDENCE_MARK = re.compile(r"[\[【]\s*([A-Z]\d+)\s*[\]】]")

Message = tuple[str, str]
"""Role (``system`` or ``human``) and text: a message as LangChain's chat models take it."""


class _Part(BaseModel):
    """A part of a prompt that may be repeated, with variables of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    variables: Mapping[str, str]
    text: str = Field(min_length=1)


class _File(BaseModel):
    """The fields of a prompt file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    purpose: str = Field(min_length=1)
    variables: Mapping[str, str]
    output: str = Field(min_length=1)
    system: str = Field(min_length=1)
    user: str = Field(min_length=1)
    parts: Mapping[str, _Part] = Field(default_factory=dict)
    words: Mapping[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prompt:
    """One checked prompt file.

    Attributes:
        name: The file's name without its ending.
        sha256: Of the file's bytes, hex.
        words: Words of the prompt that the code looks for in replies, by name.
    """

    name: str
    purpose: str
    sha256: str
    words: Mapping[str, str]
    _file: _File

    @property
    def system(self) -> str:
        """The system message as it stands in the file: nothing that a reader may see."""
        return self._file.system

    def render(self, values: Mapping[str, str]) -> list[Message]:
        """The two messages of the call.

        Raises:
            PromptError: The values are not exactly the declared variables.
        """
        _match(self.name, "the call", set(values), set(self._file.variables))
        all_values = {**self.words, **values}
        return [
            ("system", _render_template(self._file.system, all_values)),
            ("human", _render_template(self._file.user, all_values)),
        ]

    def render_part(self, name: str, values: Mapping[str, str]) -> str:
        """One of the prompt's parts, filled in.

        Raises:
            PromptError: There is no such part, or the values are not exactly its variables.
        """
        if name not in self._file.parts:
            raise PromptError(f"prompt {self.name!r} has no part {name!r}; add it to the file")
        part = self._file.parts[name]
        _match(self.name, f"part {name!r}", set(values), set(part.variables))
        return _render_template(part.text, {**self.words, **values}).rstrip("\n")


def load_prompt(
    folder: Path, name: str, variables: Iterable[str], parts: Iterable[str] = ()
) -> Prompt:
    """Read and check ``<folder>/<name>.yaml``.

    Args:
        folder: Of the prompt files.
        name: Such as ``answer_question``.
        variables: All that the calling code supplies.
        parts: All the parts that the calling code fills.

    Raises:
        PromptError: The file is missing, is no prompt, or its variables are not those supplied.
    """
    path = folder / f"{name}.yaml"
    try:
        content = path.read_bytes()
        file = _File.model_validate(yaml.load(content.decode("utf-8"), _LOADER))
    except OSError as exc:
        raise PromptError(f"prompt file {str(path)!r} cannot be read: {exc.strerror}") from exc
    except (UnicodeDecodeError, yaml.YAMLError) as exc:
        raise PromptError(f"prompt file {str(path)!r} is not valid YAML in UTF-8: {exc}") from exc
    except ValidationError as exc:
        first = exc.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise PromptError(f"prompt file {str(path)!r}: {where}: {first['msg']}") from exc
    _check_prompt(name, file)
    _match(name, "the code", set(variables), set(file.variables))
    _match(name, "the code's parts", set(parts), set(file.parts))
    return Prompt(name, file.purpose, hashlib.sha256(content).hexdigest(), file.words, file)


def _check_prompt(name: str, file: _File) -> None:
    """Every template uses exactly its variables; the file's ``words`` may stand anywhere."""
    used = _find_placeholders(file.system) | _find_placeholders(file.user)
    _match(name, "its text", used - set(file.words), set(file.variables))
    for key, part in file.parts.items():
        used_here = _find_placeholders(part.text) - set(file.words)
        _match(name, f"the text of part {key!r}", used_here, set(part.variables))


def _match(name: str, where: str, supplied_names: set[str], declared: set[str]) -> None:
    if supplied_names == declared:
        return
    missing, unknown = sorted(declared - supplied_names), sorted(supplied_names - declared)
    faults = [f"{what} {names}" for what, names in (("lacks", missing), ("adds", unknown)) if names]
    raise PromptError(
        f"prompt {name!r}: {where} {' and '.join(faults)}; declare and use the same variables"
    )


def _find_placeholders(template: str) -> set[str]:
    return set(_PLACEHOLDER.findall(template))


def _render_template(template: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)


def compute_fence(*texts: str) -> str:
    """A mark for one call, derived from everything that it fences: no text can hold its own.

    It stands before each of some fifteen passages, and a model reads it as half a dozen tokens.
    """
    digest = hashlib.sha256()
    for text in texts:
        digest.update(f"{len(text)}:".encode())
        digest.update(text.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:8]


def render_fenced(text: str, mark: str) -> str:
    """Text from outside as data: without hidden characters, fence marks or evidence keys."""
    text = remove_hidden(text).replace(mark, "")
    text = text.replace("<<<", "‹‹‹").replace(">>>", "›››")
    return _EVIDENCE_MARK.sub(r"(\1)", text)
