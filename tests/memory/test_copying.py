"""The copy of a running process equals its memory, however it was prepared and by whichever call it is read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from goknot.errors import InputError
from goknot.memory import copying
from goknot.memory.copying import Mapping, ProcessCopy
from goknot.memory.process import read_mappings

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")


@pytest.fixture
def sleeper() -> Iterator[int]:
    """A process that holds still, with some megabytes of memory."""
    code = "kept = [bytes(range(256)) * 4096 for _ in range(9)]; print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        try:
            process.send_signal(signal.SIGSTOP)
            os.waitpid(process.pid, os.WUNTRACED)
            yield process.pid
        finally:
            process.kill()


def _writable(pid: int) -> list[Mapping]:
    return [one for one in read_mappings(Path(f"/proc/{pid}")) if one.perms == "rw-p" and not one.path.startswith("[v")]


@pytest.mark.parametrize("by", ["process_vm_readv", "/proc/PID/mem"])
@pytest.mark.parametrize("before", ["as now", "shorter", "others", "one tiny"])
def test_a_copy_is_what_was_there(sleeper: int, by: str, before: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if by == "/proc/PID/mem":
        monkeypatch.setattr(copying, "_vector_read", lambda pid: lambda target, addr: -1)
    mappings = _writable(sleeper)
    known = {
        "as now": mappings,
        "shorter": [replace(one, end_addr=one.start_addr + copying.PAGE_BYTES) for one in mappings],
        "others": mappings[::2],
        "one tiny": [replace(mappings[0], end_addr=mappings[0].start_addr + copying.PAGE_BYTES)],
    }[before]
    if before == "one tiny":
        monkeypatch.setattr(copying, "MAX_SPARE_BYTES", copying.PAGE_BYTES)  # no room for what came since
    with Path(f"/proc/{sleeper}/mem").open("rb", buffering=0) as memory:
        copy = ProcessCopy(sleeper, memory.fileno(), known)
        copy.prepare()
        assert copy.take(mappings) == 0
        assert [(one.start_addr, one.end_addr) for one in copy.stretches] == [
            (one.start_addr, one.end_addr) for one in mappings
        ]
        for one in copy.stretches:
            memory.seek(one.start_addr)
            n_bytes = one.end_addr - one.start_addr
            assert copy.memory[one.off : one.off + n_bytes].tobytes() == memory.read(n_bytes)
    assert sum(one.end_addr - one.start_addr for one in copy.stretches) > 9 << 20


def test_no_memory_and_too_much(sleeper: int) -> None:
    huge = [replace(one, end_addr=one.start_addr + copying.MAX_COPY_BYTES) for one in _writable(sleeper)]
    for mappings in ([], huge):
        with pytest.raises(InputError, match="bytes of writable memory"):
            ProcessCopy(sleeper, -1, mappings)
