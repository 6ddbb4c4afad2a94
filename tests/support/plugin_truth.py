"""What goknot says of opening plugins, and what a host that opens them says; twins of files."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from goknot.analyses.plugins.checking import check
from goknot.inputs.plugins import Reader
from goknot.model.plugins import PluginOutcome

DEADLY = ("fatal", "crash", "hang")
_LAST_WORDS = re.compile(r"(?:==\d+==)?((?:fatal error|SIGBUS|ASan runtime|panic: ).*)")


@dataclass(frozen=True)
class Lived:
    """A run of a host.

    Attributes:
        opens: What became of each open, as goknot words it: (outcome, text).
        ended: Whether the host lived to work with what it opened, and ended well.
        stderr: What it said at its death.
    """

    opens: tuple[tuple[str, str], ...]
    ended: bool
    stderr: str


def told(host: Path, files: list[str], **options: object) -> tuple[PluginOutcome, ...]:
    """goknot's word on each plugin up to the one that ends the host."""
    outcomes = check(Reader(**options).read(str(host), files))  # type: ignore[arg-type]
    last = next((index for index, o in enumerate(outcomes) if o.outcome in DEADLY), len(outcomes))
    return outcomes[: last + 1]


def lived(host: Path, files: list[str], **env: str) -> Lived:
    """Opens the plugins for real."""
    done = subprocess.run(
        [str(host), *files],
        env={k: v for k, v in os.environ.items() if k != "LD_LIBRARY_PATH"} | env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    rows = [line.partition(" ") for line in done.stdout.splitlines()]
    opens = [("crash", f"panic: {text}") if kind == "panic" else (kind, text)
             for kind, _, text in rows if kind in ("opens", "error", "panic")]  # fmt: skip
    if done.returncode and len(opens) < len(files) and not (opens and opens[-1][0] == "crash"):
        words = next((m[1] for line in done.stderr.splitlines() if (m := _LAST_WORDS.match(line))), done.stderr)
        opens.append(("fatal" if "runtime:" in words or words.startswith("ASan") else "crash", words))
    ended = not done.returncode and rows[-1:] == [("end", "", "")]
    return Lived(tuple(opens), ended, done.stderr)


def stripped(file: Path, folder: Path) -> Path:
    """The file without symbol table and debugging information (strip -s)."""
    twin = folder / f"stripped-{file.parent.name}" / file.name
    if not twin.exists():
        twin.parent.mkdir(exist_ok=True)
        subprocess.run(["strip", "-s", "-o", str(twin), str(file)], check=True)
    return twin


def bare(file: Path, folder: Path) -> Path:
    """The file with a header that knows of no section headers."""
    twin = folder / f"bare-{file.parent.name}" / file.name
    if not twin.exists():
        data = file.read_bytes()
        twin.parent.mkdir(exist_ok=True)
        twin.write_bytes(data[:40] + bytes(8) + data[48:58] + bytes(6) + data[64:])
        shutil.copymode(file, twin)
    return twin
