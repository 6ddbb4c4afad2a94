"""Draws the pictures of the HTML report in the docs: `python scripts/screenshots.py` (needs Chromium and Go).

The report is that of `goknot demo`; written are docs/images/report.png and docs/images/report-knot.png.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from goknot.app.demo import run_demo
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
    with tempfile.TemporaryDirectory() as scratch:
        page = Path(scratch) / "report.html"
        page.write_text(render(report, "html"), encoding="utf-8")
        for name, route, height in (("report", "", 760), ("report-knot", f"#/knot/{knot.id}", 1180)):
            command = [browser, *FLAGS, f"--user-data-dir={scratch}/profile", f"--window-size=1120,{height}"]
            target = IMAGES / f"{name}.png"
            subprocess.run(
                [*command, f"--screenshot={target}", f"file://{page}{route}"], check=True, capture_output=True
            )
            print(target.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
