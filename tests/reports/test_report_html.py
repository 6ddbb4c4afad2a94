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
from pathlib import Path

import pytest
from page_samples import HOSTILE, SAMPLE, report, ring

from goknot.reports import render

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
        ("folders", "3 folders, 3 dependencies"),
        ("folders", HOSTILE),
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
