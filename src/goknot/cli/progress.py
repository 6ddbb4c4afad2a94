"""Progress of long work, on stderr, and only on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Gives a function to call with (done, all)."""
    if not sys.stderr.isatty():
        yield lambda done, n_all: None
        return
    from rich.console import Console  # noqa: PLC0415 (only a terminal needs it)
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, n_all: bar.update(task, completed=done, total=n_all)


@contextmanager
def phases(what: str) -> Iterator[Callable[[str], None]]:
    """Gives a function to call with the name of each phase of long work as it begins."""
    if not sys.stderr.isatty():
        yield lambda phase: None
        return
    from rich.console import Console  # noqa: PLC0415 (only a terminal needs it)

    with Console(stderr=True).status(what) as shown:
        yield lambda phase: shown.update(f"{what}: {phase}")


@contextmanager
def working(what: str) -> Iterator[None]:
    """Shows that something of unknown length is under way."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console  # noqa: PLC0415 (only a terminal needs it)

    with Console(stderr=True).status(what):
        yield
