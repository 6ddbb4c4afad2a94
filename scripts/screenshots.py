"""Draws the pictures of the HTML report in the docs: `python scripts/screenshots.py` (needs Chromium and Go).

The report is that of `goknot demo`; written are docs/images/report.png and docs/images/report-knot.png. With a
folder of Go source as argument, docs/images/report-folders.png shows that.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from goknot.app.demo import run_demo
from goknot.app.scan import ScanRequest, scan
from goknot.inputs.source import SourceOptions
from goknot.reports import render

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--virtual-time-budget=5000",
]


def main() -> int:
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        print("needs Chromium", file=sys.stderr)
        return 2
    report = run_demo(lambda what: print(what, file=sys.stderr))
    knot = next(one for one in report.knots if one.heap is not None and one.kind == "finalizer-in-ring")
    pictures = [("report", report, "", 760), ("report-knot", report, f"#/knot/{knot.id}", 1180)]
    if len(sys.argv) > 1:
        found = scan(ScanRequest(Path(sys.argv[1]), SourceOptions.from_environment())).with_matrix().report
        pictures.append(("report-folders", found, "#/folders", 1060))
    with tempfile.TemporaryDirectory() as scratch:
        for name, shown, route, height in pictures:
            page = Path(scratch) / f"{name}.html"
            page.write_text(render(shown, "html"), encoding="utf-8")
            command = [browser, *FLAGS, f"--user-data-dir={scratch}/profile", f"--window-size=1120,{height}"]
            target = IMAGES / f"{name}.png"
            subprocess.run(
                [*command, f"--screenshot={target}", f"file://{page}{route}"], check=True, capture_output=True
            )
            print(target.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
