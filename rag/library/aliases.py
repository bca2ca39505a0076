"""The file in which a reader says that several names are one person's."""

from __future__ import annotations

from pathlib import Path

from pydantic import ConfigDict, RootModel, ValidationError

from rag.types.errors import SettingsError

ALIASES_FILE = "aliases.yaml"


class Aliases(RootModel[dict[str, list[str]]]):
    """The contents of ``aliases.yaml``: each name to show with the same person's other names."""

    model_config = ConfigDict(frozen=True)


def load_aliases(file: Path) -> dict[str, str]:
    """Other name -> name to show; empty where there is no such file.

    Raises:
        SettingsError: The file is no mapping from a name to a list of names.
    """
    if not file.is_file():
        return {}
    import yaml

    try:
        aliases = Aliases.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    except (yaml.YAMLError, ValidationError, UnicodeDecodeError) as exc:
        raise SettingsError(
            f"aliases file {str(file)!r} does not fit; "
            "each line is a name, a colon and a list of that person's other names"
        ) from exc
    return {
        other_name: name for name, other_names in aliases.root.items() for other_name in other_names
    }
