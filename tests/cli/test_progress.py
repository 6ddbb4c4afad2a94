from __future__ import annotations

import sys

import pytest

from goknot.cli.progress import phases


@pytest.mark.parametrize("terminal", [False, True])
def test_phases_are_shown_on_a_terminal_only(
    terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    monkeypatch.setenv("TERM", "xterm")
    with phases("reading") as step:
        step("objects")
    said = capsys.readouterr()
    assert said.out == ""
    assert ("reading" in said.err) == terminal
