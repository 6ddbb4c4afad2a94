"""`goknot heap --tui`: a walk through a heap at a terminal, by textual (an extra)."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING

from goknot.errors import UsageError

if TYPE_CHECKING:
    from goknot.app.heap.walk import Walk


def check() -> None:
    """Whether there is what it takes.

    Raises:
        UsageError: No terminal, or no textual.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("--tui needs a terminal", "Without one, --top, --dominators, --goroutines, --path-to answer.")
    if importlib.util.find_spec("textual") is None:
        raise UsageError("--tui needs textual", 'Install it: pip install "goknot[tui]".')


def run(walk: Walk) -> None:
    """Shows the walk until it is left."""
    from goknot.cli.heap_tui.screen import HeapWalk  # noqa: PLC0415 (an extra)

    HeapWalk(walk).run()
