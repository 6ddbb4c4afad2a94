"""Programs for another architecture, run by qemu's user mode emulation (Debian: qemu-user)."""

from __future__ import annotations

import platform
import shutil

import pytest

QEMU_BY_ARCH = {"amd64": "x86_64", "arm64": "aarch64"}


def emulator(target: str) -> tuple[str, ...]:
    """What to put before a program built for `target`, e.g. `linux/arm64`; nothing where it runs by itself.

    Skips the test where qemu is not installed.
    """
    machine = QEMU_BY_ARCH[target.rpartition("/")[2]] if target else platform.machine()
    if machine == platform.machine():
        return ()
    found = shutil.which(f"qemu-{machine}") or shutil.which(f"qemu-{machine}-static")
    if found is None:
        pytest.skip(f"a program for {target} needs qemu-{machine} (Debian: qemu-user)")
    return (found,)
