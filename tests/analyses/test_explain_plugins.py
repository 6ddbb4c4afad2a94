"""The pages of `goknot explain` about plugins."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import goknot.analyses.plugins.ring_knots
import goknot.app.plugins
from goknot.analyses.explain import kinds, text

IN_SOURCE = {"plugin-global"}  # of `goknot leaks`: test_explain_leaks.py
PLUGIN_KINDS = tuple(kind for kind in kinds() if kind.startswith("plugin-") and kind not in IN_SOURCE)


def test_every_kind_that_check_reports_has_a_page() -> None:
    modules = (goknot.app.plugins, goknot.analyses.plugins.ring_knots)
    reported = {kind for m in modules for kind in re.findall(r'"(plugin-[a-z-]+)"', Path(str(m.__file__)).read_text())}
    assert {"plugin-mismatch", "plugin-lost-root"} <= reported
    assert reported == set(PLUGIN_KINDS)


@pytest.mark.parametrize("kind", PLUGIN_KINDS)
def test_form(kind: str) -> None:
    page = text(kind)
    lines = page.splitlines()
    assert lines[0].startswith(f"# {kind}: ")
    assert [line for line in lines if line.startswith("## ")] == ["## What Go says", "## How to mend it", "## Find it"]
    assert "Does it leak? " in page
    assert all(len(line) <= 125 and line == line.rstrip() for line in lines)
