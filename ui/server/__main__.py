"""Runs Streamlit's server with our application; Ctrl-C ends it silently."""

from __future__ import annotations

import sys
from pathlib import Path

from click import Abort
from streamlit.web import cli

APPLICATION = Path(__file__).with_name("application.py")


def main() -> int:
    """Serve until the process is told to end; options are Streamlit's own."""
    try:
        cli.main(["run", str(APPLICATION), *sys.argv[1:]], standalone_mode=False)
    except (Abort, KeyboardInterrupt):
        return 0
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
