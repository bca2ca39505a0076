"""Independent fits side by side, one process each: they share what is in memory already."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

_Result = TypeVar("_Result")
_tasks: Sequence[Callable[[], Any]] = ()


def run_forked(tasks: Sequence[Callable[[], _Result]]) -> list[_Result]:
    """The results of the tasks, in order; one after the other where processes cannot be forked."""
    global _tasks
    n_processes = min(len(tasks), os.cpu_count() or 1)
    if n_processes < 2 or "fork" not in multiprocessing.get_all_start_methods():
        return [task() for task in tasks]
    _tasks = tasks
    try:
        with multiprocessing.get_context("fork").Pool(n_processes) as pool:
            return pool.map(_run, range(len(tasks)), chunksize=1)
    finally:
        _tasks = ()


def _run(at: int) -> Any:
    return _tasks[at]()
