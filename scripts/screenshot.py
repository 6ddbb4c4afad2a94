"""Draws the README's picture: what `goknot scan examples/tangle` prints, as SVG.

Usage: python scripts/screenshot.py docs/images/scan.svg
"""

from __future__ import annotations

import io
import os
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from goknot.app.scan import ScanRequest, scan
from goknot.app.settings import parse_settings
from goknot.inputs.source import SourceOptions
from goknot.reports import render

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 100


def main() -> None:
    os.chdir(ROOT)
    path = Path("examples/tangle")
    settings = parse_settings((path / "goknot.toml").read_bytes(), "goknot.toml")
    options = SourceOptions.from_environment(goos="linux", goarch="amd64")
    report = scan(ScanRequest(path=path, options=options, settings=settings)).report
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi("$ goknot scan examples/tangle\n" + render(report, "text", width=WIDTH, color=True)))
    svg = console.export_svg(title="goknot", theme=MONOKAI, unique_id="goknot")
    # no fonts from elsewhere: the picture loads nothing
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    Path(sys.argv[1]).write_text(svg.replace("Fira Code", "Menlo, Consolas, DejaVu Sans Mono"), encoding="utf-8")


if __name__ == "__main__":
    main()
