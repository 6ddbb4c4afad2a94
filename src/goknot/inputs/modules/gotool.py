"""Asks Go itself for the module graph."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Mapping
from pathlib import Path

from goknot.errors import ToolError
from goknot.formats.modgraph import ModGraph, parse_modgraph

_HINT = "Without --go the graph is read from the module cache; go mod download fills that."


def graph_from_go(folder: Path, environment: Mapping[str, str]) -> ModGraph:
    """What `go mod graph` prints in a folder.

    Raises:
        ToolError: There is no Go, or it refuses.
    """
    try:
        done = subprocess.run(
            ["go", "mod", "graph"], cwd=folder, env=dict(environment), capture_output=True, check=False
        )
    except FileNotFoundError as error:
        raise ToolError("go", "not found on PATH", _HINT) from error
    except OSError as error:
        raise ToolError("go", error.strerror or str(error), _HINT) from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().removeprefix("go: ")
        raise ToolError("go", f"go mod graph failed: {said or done.returncode}", _HINT)
    return parse_modgraph(io.BytesIO(done.stdout), "go mod graph")
