"""Where a plugin's constructor puts its module data: read from the code that `.init_array` runs.

Source: cmd/link/internal/ld/symtab.go and cmd/link/internal/amd64/asm.go (`gentext`), arm64/asm.go; runtime/asm_*.s
(`addmoduledata`).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from goknot.errors import InputError

if TYPE_CHECKING:
    from goknot.formats.elfdynamic import DynamicFile

AMD64 = 62
LEA_RDI = b"\x48\x8d\x3d"  # lea disp32(%rip), %rdi
STORE_NEXT = b"\x48\x89\xb8"  # mov %rdi, disp32(%rax)


@dataclass(frozen=True, slots=True)
class ModuleEntry:
    """A module that enters itself into the runtime's list when the file is loaded.

    Attributes:
        addr: Of its moduledata, as linked.
        next_off: Where in the last module its code writes that address; -1 where the code is not understood.
    """

    addr: int
    next_off: int


def module_entries(file: DynamicFile) -> tuple[ModuleEntry, ...]:
    """The modules that the file's constructors enter, in order; empty for what is no Go plugin."""
    if file.elf.machine != AMD64:
        return ()
    found = []
    for function in file.init_array:
        try:
            code = file.bytes_at(function, 12)
        except InputError:
            continue
        if code[:3] == LEA_RDI and code[7] == 0xE8:
            moduledata = function + 7 + struct.unpack_from("<i", code, 3)[0]
            callee = function + 12 + struct.unpack_from("<i", code, 8)[0]
            found.append(ModuleEntry(moduledata, _next_off(file, callee)))
    return tuple(found)


def _next_off(file: DynamicFile, callee: int) -> int:
    for n_bytes in (64, 32):  # the function may lie at the very end of its segment
        try:
            code = file.bytes_at(callee, n_bytes)
        except InputError:
            continue
        at = code.find(STORE_NEXT)
        return struct.unpack_from("<i", code, at + 3)[0] if 0 <= at <= len(code) - 7 else -1
    return -1
