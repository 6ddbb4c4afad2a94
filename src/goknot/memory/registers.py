"""Registers of the threads of a stopped process, by ptrace; the process stays stopped and notices nothing.

A thread that SIGSTOP has stopped already turns into a traced one when it is seized (PTRACE_SEIZE), and back when it is
let go of (ptrace(2), "Attaching and detaching"). Only running goroutines have pointers that stand in registers alone.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Sequence

from goknot.formats.corenotes import REGISTERS

_SEIZE, _GETREGSET, _DETACH = 0x4206, 0x4204, 17
_NT_PRSTATUS = 1
_WAIT_SECONDS = 0.2  # for a thread to change from stopped to traced


class _Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("n_bytes", ctypes.c_size_t))


def read_registers(tids: Sequence[int], arch: str) -> dict[int, tuple[int, ...]]:
    """Thread -> its general registers, in the order of the kernel's `user_regs_struct`; those that refuse are left out.

    Args:
        tids: Threads that SIGSTOP has stopped; of one that runs nothing is read.
        arch: `amd64` or `arm64`.
    """
    call = getattr(ctypes.CDLL(None, use_errno=True), "ptrace", None)
    if call is None:
        return {}
    call.restype = ctypes.c_long
    call.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
    found = {}
    for tid in tids:
        if call(_SEIZE, tid, None, None) == 0:
            try:
                registers = _read(call, tid, REGISTERS[arch][0])
            finally:
                call(_DETACH, tid, None, None)
            if registers:
                found[tid] = registers
    return found


def _read(call: ctypes._NamedFuncPointer, tid: int, n_registers: int) -> tuple[int, ...]:
    values = (ctypes.c_uint64 * n_registers)()
    vector = _Vector(ctypes.addressof(values), ctypes.sizeof(values))
    deadline = time.monotonic() + _WAIT_SECONDS
    while call(_GETREGSET, tid, _NT_PRSTATUS, ctypes.addressof(vector)) != 0:
        if time.monotonic() > deadline:
            return ()
        time.sleep(0.0002)
    return tuple(values) if vector.n_bytes == ctypes.sizeof(values) else ()
