"""What the dynamic loader refuses of a file by its header, and its words (glibc's elf/dl-load.c, `open_verify`)."""

from __future__ import annotations

import struct

from goknot.formats.elf import ET_DYN, ET_EXEC


def loader_refuses(data: memoryview, machine: int) -> str:
    """What glibc says instead of loading a file, without the path before it; empty where it maps the file.

    Args:
        data: The whole file.
        machine: The host's ELF machine.
    """
    head = bytes(data[:64])
    if len(head) < 64:
        return "file too short"
    if head[:4] != b"\x7fELF":
        return "invalid ELF header"
    if head[4] != 2:
        return "wrong ELF class: ELFCLASS32" if head[4] == 1 else "invalid ELF header"
    return _refused_header(data, head, machine)


def is_passed_over(data: memoryview, machine: int) -> bool:
    """Whether a search for a library goes on behind a file: it is of another class or machine (`open_verify`)."""
    head = bytes(data[:20])
    if len(head) < 20 or head[:4] != b"\x7fELF":
        return False
    return head[4] == 1 or (head[4] == 2 and struct.unpack_from("<H", head, 18)[0] != machine)


def _refused_header(data: memoryview, head: bytes, machine: int) -> str:
    kind, its_machine, version, _, phoff, _, _, _, phentsize, phnum = struct.unpack_from("<HHIQQQIHHH", head, 16)
    refused = (
        (head[5] != 1, "ELF file data encoding not little-endian"),
        (head[6] != 1, "ELF file version ident does not match current one"),
        (head[7] not in (0, 3), "ELF file OS ABI invalid"),
        (head[8] != 0 and head[7] != 3, "ELF file ABI version invalid"),
        (any(head[9:16]), "nonzero padding in e_ident"),
        (version != 1, "ELF file version does not match current one"),
        (its_machine != machine, "cannot open shared object file: No such file or directory"),
        (kind not in (ET_DYN, ET_EXEC), "only ET_DYN and ET_EXEC can be loaded"),
        (phentsize != 56, "ELF file's phentsize not the expected size"),
        (phoff + phnum * 56 > len(data), "cannot read file data"),
        (kind == ET_EXEC, "cannot dynamically load executable"),
    )
    return next((text for is_so, text in refused if is_so), "")
