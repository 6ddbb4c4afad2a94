"""Which revisions of a git repository there are; reads history, never touches the work tree."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from goknot.errors import InputError, ToolError, UsageError

_FORMAT = "%H%x09%cd"
_DATE = "format-local:%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Revision:
    """One commit; `date` is ISO 8601 in UTC."""

    commit: str
    label: str
    date: str


def spread(folder: Path, n_points: int, since: str = "") -> tuple[Revision, ...]:
    """At most `n_points` commits, evenly spread over the first-parent history of HEAD, oldest first.

    Raises:
        InputError: Not inside a git work tree, or no commits.
        ToolError: git is missing or failed.
    """
    arguments = ["log", "--first-parent", f"--format={_FORMAT}", *([f"--since={since}"] if since else [])]
    lines = _git(folder, *arguments, "--").splitlines()
    if not lines:
        raise InputError(str(folder), "its history has no commits" + (f" since {since}" if since else ""))
    lines.reverse()
    n_points = min(n_points, len(lines))
    chosen = {round(i * (len(lines) - 1) / max(1, n_points - 1)) for i in range(n_points - 1)} | {len(lines) - 1}
    return tuple(_revision(lines[i]) for i in sorted(chosen))


def tags(folder: Path, pattern: str, n_points: int) -> tuple[Revision, ...]:
    """The newest `n_points` tags that match a glob, oldest first.

    Raises:
        UsageError: No tag matches.
        InputError: Not inside a git work tree.
        ToolError: git is missing or failed.
    """
    names = _git(folder, "tag", "--list", pattern, "--sort=creatordate").splitlines()
    if not names:
        raise UsageError(f"no tag matches {pattern!r}", "git tag --list shows the tags there are.")
    return named(folder, names[-n_points:])


def named(folder: Path, names: list[str]) -> tuple[Revision, ...]:
    """The revisions with these names, in this order.

    Raises:
        UsageError: A name is no revision.
        ToolError: git is missing or failed.
    """
    found = []
    for name in names:
        if name.startswith("-"):
            raise UsageError(f"{name!r} is not a revision")
        line = _git(folder, "log", "-1", f"--format={_FORMAT}", f"{name}^{{commit}}", "--").strip()
        found.append(_revision(line, name))
    return tuple(found)


def _revision(line: str, label: str = "") -> Revision:
    commit, date = line.split("\t")
    return Revision(commit, label or commit[:10], date)


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), "-c", "log.showSignature=false", "-c", f"log.date={_DATE}", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, check=False, env={**os.environ, "TZ": "UTC", "LC_ALL": "C"})
    except FileNotFoundError as error:
        raise ToolError("git", "not found", "Install git; goknot reads history through it.") from error
    if done.returncode:
        message = done.stderr.decode("utf-8", "replace").strip().splitlines()
        if any("not a git repository" in line for line in message):
            raise InputError(str(folder), "not inside a git repository")
        raise UsageError(f"git: {message[-1] if message else 'failed'}")
    return done.stdout.decode("utf-8", "surrogateescape")
