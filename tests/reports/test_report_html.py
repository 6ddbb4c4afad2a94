"""The HTML report: self-contained, strict about what may run, and shown by a real browser."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import shutil
import subprocess
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from goknot.model.chain import ChainStep, KnotLink
from goknot.model.cut import Cut
from goknot.model.knot import Evidence, HeapSize, HeapStep, Knot, KnotEdge, KnotNode, Place
from goknot.model.pictures import KeptNode
from goknot.model.report import Problem, Report, ReportInput, TypeSize
from goknot.model.verdict import Confidence, Level, Verdict
from goknot.reports import render

HOSTILE = "</script><img src=x onerror=alert(1)>"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--virtual-time-budget=8000",
    "--dump-dom",
]


def ring(number: int, title: str = "a and b", n: int = 2) -> Knot:
    nodes = tuple(KnotNode(f"example.com/p{number}.T{at}", "type", f"p.T{at}", "p/p.go", at + 1) for at in range(n))
    edges = tuple(
        KnotEdge(
            at, (at + 1) % n, "pointer", field=f"f{at}", offset=8, evidence=(Evidence("p/p.go", at + 1, 2, "next *T"),)
        )
        for at in range(n)
    )
    return Knot(
        id=f"{number:012x}",
        level=Level.TYPE,
        kind="type-ring",
        verdict=Verdict.COLLECTED,
        confidence=Confidence.NOTE,
        reason="Types hold each other.",
        title=title,
        nodes=nodes,
        edges=edges,
        cycles=(tuple(range(n)),),
    )


def live(number: int) -> Knot:
    steps = (HeapStep("main.T", "object", 0xC000010000, "next", 8),)
    return replace(
        ring(number, "main.T: 3 rings"),
        level=Level.HEAP,
        kind="finalizer-in-ring",
        verdict=Verdict.NEVER_FREED,
        confidence=Confidence.CERTAIN,
        heap=HeapSize(3, 6, 96, 4096, steps, (HeapStep("variable main.keep", "root"),)),
        cuts=(Cut(((0, 1),), 1, 1, "finalizer-outside-ring", "Put it outside."),),
        links=(KnotLink(f"{number + 1:012x}", "same types"),),
        chain=(ChainStep("type", "T", "main.go", 12, "type T struct", "3 rings"),),
        where=Place("main.go", 12, 1),
    )


def report(*knots: Knot) -> Report:
    return Report(
        "1.0",
        (ReportInput("core", "core.1", {"go": "1.27"}),),
        knots,
        problems=(Problem("x.go:3", "does not parse", "not seen"),),
        stats={"knots": len(knots)},
        types=(TypeSize("main.T", "runtime", 6, 96, 4096),),
        kept=(KeptNode(-1, "variable main.keep", "root", 0, 0, 96), KeptNode(0, HOSTILE, "object", 6, 96, 96)),
    )


SAMPLE = report(live(1), ring(2), ring(3, HOSTILE, 5), ring(4, "\u202eevil\u0007" + "n" * 10_000, 1))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(render(SAMPLE, "html"), encoding="utf-8")
    return file


def shown(file: Path, route: str = "") -> tuple[str, str]:
    """The document after scripts ran, as (markup, text), by Chromium; any message of the console fails the test."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    command = [browser, *FLAGS, f"--user-data-dir={file.parent / 'profile'}", f"file://{file}{route}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert "CONSOLE" not in done.stderr, done.stderr
    markup = done.stdout[done.stdout.index("<main") : done.stdout.index('<script type="text/plain"')]
    return markup, html.unescape(re.sub(r"<[^>]+>", " ", markup))


def test_same_bytes_and_nothing_from_outside() -> None:
    text = render(SAMPLE, "html")
    assert text == render(SAMPLE, "html")
    assert re.findall(r"https?://[^\"' )]+", text) == ["http://www.w3.org/2000/svg"]  # a name, not an address
    assert not re.search(r"\b(?:src|srcset|href)=\"(?!#)", text)
    for forbidden in ("eval(", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "fetch(", "XMLHttp"):
        assert forbidden not in text


def test_policy_lets_in_the_own_script_and_style_alone() -> None:
    text = render(SAMPLE, "html")
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag, name in (("script", "script-src"), ("style", "style-src")):
        (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{name} 'sha256-{digest}'" in policy


def test_the_data_is_the_json_report() -> None:
    text = render(SAMPLE, "html")
    (packed,) = re.findall(r'<script type="text/plain" id="report">([A-Za-z0-9+/=]+)</script>', text)
    assert json.loads(zlib.decompress(base64.b64decode(packed))) == json.loads(render(SAMPLE, "json"))
    assert HOSTILE not in text


def test_overview(page: Path) -> None:
    markup, text = shown(page)
    assert "4 knots of 4" in text
    assert '#/knot/000000000001"' in markup
    assert markup.count('role="row"') == 5
    assert "core.1" in text


@pytest.mark.parametrize(("query", "n"), [("q=main.t", 1), ("q=type-ring", 3), ("verdict=never-freed", 1), ("q=zz", 0)])
def test_search(page: Path, query: str, n: int) -> None:
    _, text = shown(page, f"#/?{query}")
    assert f"{n} knot{'' if n == 1 else 's'} of 4" in text


def test_a_knot_with_everything(page: Path) -> None:
    markup, text = shown(page, "#/knot/000000000001")
    for part in (
        "never-freed",
        "f0 @8",
        "0xc000010000",
        "variable main.keep",
        "minimal: proven",
        "type T struct",
        "4,096 bytes",
    ):
        assert part in text, part
    assert '#/knot/000000000002"' in markup
    assert re.search(r'<svg[^>]+role="img" aria-label="Ring: [^"]+"', markup)


def test_hostile_names_are_text(page: Path) -> None:
    markup, text = shown(page, "#/knot/000000000003")
    assert HOSTILE in text
    assert "<img" not in markup
    markup, text = shown(page, "#/knot/000000000004")
    assert "\\u202eevil\\u0007nnn" in text
    assert "\u202e" not in text
    assert len(text) < 5_000


@pytest.mark.parametrize(
    ("route", "part"),
    [
        ("types", "main.T"),
        ("kept", "variable main.keep"),
        ("kept", HOSTILE),
        ("problems", "does not parse"),
        ("knot/none", "No such knot"),
    ],
)
def test_other_pages(page: Path, route: str, part: str) -> None:
    assert part in shown(page, f"#/{route}")[1]


def test_ten_thousand_knots(tmp_path: Path) -> None:
    file = tmp_path / "large.html"
    file.write_text(render(report(*(ring(n, f"ring {n}", 10) for n in range(1, 10_001))), "html"), encoding="utf-8")
    assert file.stat().st_size < 30 << 20
    markup, text = shown(file, "#/?q=p9999.t3")
    assert "1 knot of 10,000" in text
    markup, text = shown(file)
    assert "10,000 knots of 10,000" in text
    assert markup.count('role="row"') < 200
