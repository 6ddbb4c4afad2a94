"""The report as one HTML file: works offline, fetches nothing, and shows names as text only.

The data is the JSON report itself, deflated; a strict content security policy lets in this file's own script and style
by their hashes and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from importlib.resources import files
from importlib.resources.abc import Traversable

from goknot.model.report import Report
from goknot.reports import json
from goknot.reports.view import View

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>goknot report</title>
<style>{style}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the report</a>
<header><a class="name" href="#/">goknot</a><nav aria-label="Pages"></nav>
<button id="theme" type="button">Light or dark</button></header>
<main id="main" tabindex="-1"><noscript>This report needs JavaScript; it fetches nothing.</noscript></main>
<script type="text/plain" id="report">{data}</script>
<script>{script}</script>
</body>
</html>
"""


_SCRIPTS = ("base.js", "excerpts.js", "overview.js", "knot.js", "heap.js", "folders.js", "plugins.js", "start.js")


def render(report: Report, view: View) -> str:
    """Renders the report as a page."""
    folder = files("goknot.reports") / "page"
    style, script = ("".join(_text(folder / name) for name in names) for names in (["page.css"], _SCRIPTS))
    data = base64.b64encode(zlib.compress(json.render(report, view).encode(), 9)).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{_hash(script)}'; style-src 'sha256-{_hash(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return _PAGE.format(policy=policy, style=style, data=data, script=script)


def _text(file: Traversable) -> str:
    return file.read_text(encoding="utf-8").replace("\r\n", "\n")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
