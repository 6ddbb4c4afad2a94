"""Fixtures for every room. `support` is importable from every test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

if TYPE_CHECKING:
    from support.images import HeapImage, ImageMaker


def _put_go_on_path() -> None:
    """Where the machine has no Go, the one that the `dev` extra brought serves, with its gofmt."""
    beside = Path(sysconfig.get_path("scripts")) / "go"
    if shutil.which("go") is None and beside.exists():
        done = subprocess.run([beside, "env", "GOROOT"], capture_output=True, text=True, check=True)
        os.environ["PATH"] = f"{done.stdout.strip()}/bin{os.pathsep}{os.environ.get('PATH', '')}"


_put_go_on_path()  # before test modules look for it

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.fixture
def tangle(tmp_path: Path) -> Path:
    """A copy of the sample system that may be changed."""
    copy = tmp_path / "tangle"
    shutil.copytree(EXAMPLES / "tangle", copy)
    return copy


@pytest.fixture(scope="session")
def heap_image(tmp_path_factory: pytest.TempPathFactory) -> ImageMaker:
    """heap_image(version, **options): a stopped program's core, dump and words; made once a run (`take_image`)."""
    from support.images import take_image

    made: dict[str, HeapImage] = {}

    def make(version: str, **options: Any) -> HeapImage:
        key = repr((version, sorted(options.items())))
        if key not in made:
            made[key] = take_image(tmp_path_factory.mktemp(f"image-{version}-"), version, **options)
        return made[key]

    return make


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a developer exports must not change what tests see."""
    for name in ("GOOS", "GOARCH", "CGO_ENABLED", "GOWORK", "GOFLAGS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Where GOKNOT_NO_SKIPS is set, as in CI, a skipped test is a failed one: there every test has what it needs."""
    report = yield
    if report.skipped and os.environ.get("GOKNOT_NO_SKIPS") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, though GOKNOT_NO_SKIPS is set: {report.longrepr}"
    return report
