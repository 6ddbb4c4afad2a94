"""How quickly Chromium shows a large report: 10,000 knots with 10 members each, 100,000 nodes in all.

Usage: python bench/html_speed.py [KNOTS [MEMBERS]]

Prints the size of the file, the time from asking for it to the first rows of the table, and the time from the last key
of a search to the rows that fit it (the page waits 40 ms for further keys; that is included), medians of five.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from selenium import webdriver

from goknot.model.knot import Evidence, HeapSize, HeapStep, Knot, KnotEdge, KnotNode, Place
from goknot.model.report import Report, ReportInput
from goknot.model.verdict import Confidence, Level, Verdict
from goknot.reports import render

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run")
SEARCHED = ("pkg77", "type-ring", "service/pkg1 Node", "nothing-at-all", "f3")
# the time until the status says something else: read in the page, so that the driver's own time is left out
SEARCH = """
const [word, done] = arguments, input = document.getElementById('search'), status = document.getElementById('status');
const start = performance.now();
new MutationObserver((_, o) => { o.disconnect(); requestAnimationFrame(() => done(performance.now() - start)); })
  .observe(status, { childList: true });
input.value = word; input.dispatchEvent(new Event('input'));
"""


def ring(number: int, n: int) -> Knot:
    name = f"example.com/service/pkg{number % 400}"
    nodes = tuple(KnotNode(f"{name}.Node{number}x{at}", "object", f"{name}.T{number}.{at}") for at in range(n))
    edges = tuple(
        KnotEdge(
            at,
            (at + 1) % n,
            "pointer",
            field=f"f{at}",
            offset=8 * at,
            evidence=(Evidence(f"pkg{number % 400}/a.go", 10 + at, 2, f"n.f{at} = m"),),
        )
        for at in range(n)
    )
    steps = tuple(HeapStep(node.name, "object", 0xC000000000 + 64 * at, f"f{at}", 8) for at, node in enumerate(nodes))
    return Knot(
        id=f"{number:012x}",
        level=Level.HEAP,
        kind="heap-ring" if number % 3 else "type-ring",
        verdict=list(Verdict)[number % len(Verdict)],
        confidence=Confidence.CERTAIN,
        reason="Held by a variable.",
        title=f"{nodes[0].name} and {n - 1} others: {number} rings",
        nodes=nodes,
        edges=edges,
        cycles=(tuple(range(n)),),
        heap=HeapSize(number, number * n, number * 64, number * 640, steps, steps[:3]),
        where=Place(f"pkg{number % 400}/a.go", 10, 2),
    )


def main() -> None:
    n_knots, n_members = (int(one) for one in [*sys.argv[1:], "10000", "10"][:2])
    knots = tuple(ring(number, n_members) for number in range(1, n_knots + 1))
    report = Report("1", (ReportInput("core", "core.1", {"go": "go1.27"}),), knots, stats={"knots": n_knots})
    with tempfile.TemporaryDirectory() as scratch:
        page = Path(scratch) / "report.html"
        page.write_text(render(report, "html"), encoding="utf-8")
        print(f"{n_knots:,} knots, {n_knots * n_members:,} nodes: {page.stat().st_size / 1e6:.1f} MB")
        chrome = browser(Path(scratch) / "profile")
        try:
            measure(chrome, page)
        finally:
            chrome.quit()


def browser(profile: Path) -> Any:
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or "chromium"
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))


def measure(chrome: Any, page: Path) -> None:
    # first contentful view of rows, by the page's own clock
    watch = """
    const done = arguments[0];
    const shown = () => document.querySelector('.rows .body .row');
    const look = () => shown() ? done(performance.now()) : requestAnimationFrame(look);
    look();
    """
    views = []
    for _ in range(5):
        chrome.get("about:blank")
        chrome.get(page.as_uri())
        views.append(chrome.execute_async_script(watch))
    print(f"first rows after {median(views):.0f} ms ({json.dumps([round(one) for one in views])})")
    searches = {word: [chrome.execute_async_script(SEARCH, word) for _ in range(5)] for word in SEARCHED}
    for word, times in searches.items():
        print(f"search {word!r}: {median(times):.0f} ms")


if __name__ == "__main__":
    main()
