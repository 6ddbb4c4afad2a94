from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from report_samples import SAMPLES

from goknot.reports import render
from goknot.reports.github import _command
from goknot.reports.words import printable


def read_command(line: str) -> tuple[str, dict[str, str], str]:
    """Reads a workflow command as the runner does: actions/runner, ActionCommand.cs (`TryParseV2`)."""
    assert line.startswith("::")
    end = line.index("::", 2)
    name, _, given = line[2:end].partition(" ")
    properties = {}
    for pair in filter(None, given.split(",")):
        key, _, value = pair.partition("=")
        for escape, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
            value = value.replace(escape, char)
        properties[key] = value
    message = line[end + 2 :]
    for escape, char in (("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        message = message.replace(escape, char)
    return name, properties, message


@given(st.text(st.characters(), max_size=40), st.lists(st.text(st.characters(), max_size=40), min_size=1, max_size=3))
@example("100%, a:b", ["%0A%25", "::error::"])
def test_escapes_are_those_the_runner_undoes(title: str, lines: list[str]) -> None:
    line = _command("error", {"title": title}, lines)
    assert "\n" not in line and "\r" not in line
    name, properties, message = read_command(line)
    assert (name, properties) == ("error", {"title": printable(title)} if title else {})
    assert message == "\n".join(printable(text) for text in lines)


def commands(sample: str) -> list[tuple[str, dict[str, str], str]]:
    text = render(SAMPLES[sample](), "github")
    assert "\r" not in text
    return [read_command(line) for line in text.splitlines()]


def test_a_ring_that_breaks_the_build_is_an_error_at_its_place() -> None:
    [(name, properties, message)] = commands("import_ring")
    assert name == "error"
    assert (properties["file"], properties["line"], properties["col"]) == ("auth/auth.go", "9", "2")
    assert properties["title"] == "breaks-build: auth, log and store import each other (e1fa722dd7bf)"
    assert message.splitlines()[1:4] == [
        "  shop/auth -> shop/store  auth/auth.go:9:2",
        "  shop/store -> shop/log  store/store.go:7:2",
        "  shop/log -> shop/auth  log/log.go:5:2",
    ]


def test_a_coupling_is_a_warning() -> None:
    assert [name for name, _, _ in commands("tangle")] == ["warning"]


def test_known_knots_are_one_notice_and_fixed_ones_nothing() -> None:
    found = commands("baseline")
    assert [name for name, _, _ in found] == ["error", "notice"]
    assert found[1][2] == "2 known knots in goknot-baseline.json not shown."


def test_a_new_knot_is_shown_at_the_import_that_made_it() -> None:
    _, properties, message = commands("baseline")[0]
    assert (properties["file"], properties["line"]) == ("log/log.go", "5")
    assert "New:   shop/log -> shop/auth  log/log.go:5:2" in message


def test_problems_are_warnings() -> None:
    assert [name for name, _, _ in commands("problems")] == ["warning"] * 3


def test_clean_says_nothing() -> None:
    assert render(SAMPLES["clean"](), "github") == ""


def test_hostile_names_stay_inside_their_command() -> None:
    report = SAMPLES["hostile"]()
    found = commands("hostile")
    assert [name for name, _, _ in found] == ["error", "warning"]
    assert set(found[0][1]) == {"file", "line", "col", "title"}
    assert found[0][1]["file"] == printable(report.knots[0].nodes[1].name)


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_line_is_one_command(sample: str) -> None:
    for line in render(SAMPLES[sample](), "github").splitlines():
        assert re.match(r"::(error|warning|notice) [^\r\n]*::", line)
