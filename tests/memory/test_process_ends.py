"""A process that ends while it is read: at every step it is said so; once its memory is copied, nothing is missed."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from support.builds import build
from support.programs import running
from support.toolchains import QUICK_VERSIONS

from goknot.errors import InputError
from goknot.memory import process

if TYPE_CHECKING:
    from pathlib import Path

STEPS = ("ElfFile", "_auxv", "_opened", "ProcessCopy", "_chosen", "_stopped", "read_mappings", "_threads", "FileLayers")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("reaped", [True, False])
def test_killed_before_each_step(step: str, reaped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also as a zombie, whose folder in /proc is still there."""
    real = getattr(process, step)
    with running(build("heap_shapes", QUICK_VERSIONS[-1]), ["-n", "1"], folder=tmp_path) as program:

        def killing(*arguments: object, **options: object) -> object:
            program.process.kill()
            if reaped:
                program.process.wait()
            else:
                _wait_for_zombie(program.process)
            return real(*arguments, **options)

        monkeypatch.setattr(process, step, killing)
        if step == "FileLayers" or (step == "_threads" and not reaped):  # all its memory was copied
            source, _ = process.open_live(program.process.pid, stop=True)
            assert source.executable is not None
            assert all(problem.startswith("registers of") for problem in source.problems)
            assert bool(source.problems) == (step == "_threads")
        else:
            with pytest.raises(InputError, match="ended while it was read"):
                process.open_live(program.process.pid, stop=True)


def _wait_for_zombie(child: subprocess.Popen[str]) -> None:
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
