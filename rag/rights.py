"""What this process may do with a folder."""

from __future__ import annotations

import os
from pathlib import Path


def is_readonly(folder: Path) -> bool:
    """Whether the folder is there and nothing can be made in it."""
    effective = os.access in os.supports_effective_ids
    return folder.is_dir() and not os.access(folder, os.W_OK, effective_ids=effective)
