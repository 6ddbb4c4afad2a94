"""Cores of running programs: written here by default, by the kernel or by gdb where asked or where ptrace is denied.

A program that runs in an emulator gets its core from the emulator: of its own memory and registers, not the emulator's.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from support.core_writer import write_core
from support.programs import Running

CORE_PATTERN = Path("/proc/sys/kernel/core_pattern")


def take_core(program: Running, core: Path, how: str = "any") -> Path:
    """Writes a core of `program` to `core`; skips, with the reason, where the machine does not allow it.

    Args:
        how: `own` (the program lives on), `gdb` (lives on), `kernel`, `emulator` (it dies of both) or `any`: the first
            that works.
    """
    failures = []
    makers = {"own": [_own], "gdb": [_gdb], "kernel": [_kernel], "emulator": [_emulator], "any": [_own, _gdb, _kernel]}
    for maker in makers[how]:
        try:
            return maker(program, core)
        except _Unavailable as unavailable:
            failures.append(str(unavailable))
    pytest.skip("; ".join(failures))


class _Unavailable(Exception):
    """This way of taking a core does not work on this machine."""


def _own(program: Running, core: Path) -> Path:
    try:
        write_core(program.pid, core)
    except PermissionError as denied:
        raise _Unavailable(f"ptrace is denied: {denied}") from denied
    return core


def _gdb(program: Running, core: Path) -> Path:
    if shutil.which("gcore") is None:
        raise _Unavailable("no gcore")
    done = subprocess.run(
        ["gcore", "-o", str(core), str(program.pid)], capture_output=True, text=True, check=False, timeout=120
    )
    written = core.with_name(f"{core.name}.{program.pid}")
    if not written.exists():
        raise _Unavailable(f"gcore: {done.stderr.strip()[-200:]}")
    return written.rename(core)


def _kernel(program: Running, core: Path) -> Path:
    pattern = CORE_PATTERN.read_text().strip()
    if pattern.startswith("|") or "/" in pattern:
        raise _Unavailable(f"the kernel's cores go elsewhere: core_pattern is {pattern!r}")
    return _after_death(program, core, "core*")


def _emulator(program: Running, core: Path) -> Path:
    found = _after_death(program, core, "qemu_*.core")
    for own in program.folder.glob("core*"):  # the kernel's, of the emulator itself
        if own != core:
            own.unlink()
    return found


def _after_death(program: Running, core: Path, written: str) -> Path:
    program.process.send_signal(signal.SIGABRT)
    assert program.process.stderr
    program.process.stderr.read()  # GOTRACEBACK=crash prints more than a pipe holds
    program.process.wait(60)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for found in program.folder.glob(written):
            if found != core:
                return found.rename(core)
        time.sleep(0.05)
    raise _Unavailable("no core was written (RLIMIT_CORE?)")
