"""Fixtures for every room."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.fixture
def tangle(tmp_path: Path) -> Path:
    """A copy of the sample system that may be changed."""
    copy = tmp_path / "tangle"
    shutil.copytree(EXAMPLES / "tangle", copy)
    return copy


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a developer exports must not change what tests see."""
    for name in ("GOOS", "GOARCH", "CGO_ENABLED", "GOWORK", "GOFLAGS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
