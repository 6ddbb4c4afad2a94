"""Registers by ptrace, against what /proc tells of the same threads."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from support.builds import build
from support.programs import running
from support.toolchains import QUICK_VERSIONS

from goknot.formats.corenotes import REGISTERS
from goknot.formats.elf import ElfFile
from goknot.memory.registers import read_registers


def state(task: Path) -> str:
    return (task / "stat").read_text().rpartition(")")[2].split()[0]


def wait_until_stopped(tasks: list[Path]) -> None:
    deadline = time.monotonic() + 20
    while any(state(task) != "T" for task in tasks):
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_registers_are_those_of_the_stopped_threads(tmp_path: Path) -> None:
    exe = build("heap_inlined", QUICK_VERSIONS[-1])
    arch = ElfFile(str(exe)).arch
    _, sp, pc, _ = REGISTERS[arch]
    with running(exe, folder=tmp_path) as program:
        os.kill(program.pid, signal.SIGSTOP)
        tasks = sorted(Path(f"/proc/{program.pid}/task").iterdir())
        wait_until_stopped(tasks)
        tids = [int(task.name) for task in tasks]
        try:
            said = {int(task.name): (task / "syscall").read_text().split() for task in tasks}
        except PermissionError:
            pytest.skip("/proc/PID/syscall is not readable here")
        found = read_registers(tids, arch)
        if not found:
            pytest.skip("ptrace is denied here")
        assert set(found) == set(tids)
        for tid, fields in said.items():
            assert (found[tid][sp], found[tid][pc]) == (int(fields[-2], 16), int(fields[-1], 16))
        wait_until_stopped(tasks)  # on its way back a thread counts as running, but runs nothing of its own
        time.sleep(0.05)
        assert {state(task) for task in tasks} == {"T"}
        os.kill(program.pid, signal.SIGCONT)
        program.process.stdin.write("\n")
        program.process.stdin.flush()
        assert program.process.wait(20) == 0  # and goes on as if nothing had been


def test_a_running_thread_is_left_alone() -> None:
    assert read_registers([os.getpid()], "amd64") == {}
