"""What Go's own tools and binutils say of a binary."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from support.toolchains import go_env, toolchain


def go_tool(version: str, *arguments: object) -> str:
    """What `go ARGUMENTS` prints."""
    go = toolchain(version)
    command = [str(go), *map(str, arguments)]
    return subprocess.run(command, env=go_env(go), capture_output=True, text=True, check=True).stdout


def nm_functions(version: str, path: Path) -> set[tuple[int, str]]:
    """(address, name) of all text symbols, without the marks of calling conventions and of plugins' own copies."""
    rows = [line.split(None, 2) for line in go_tool(version, "tool", "nm", path).splitlines()]
    named = [(int(row[0], 16), row[2]) for row in rows if len(row) == 3 and row[1] in "tT"]
    return {(addr, plain_name(name)) for addr, name in named}


def plain_name(name: str) -> str:
    """A function's name as the table of functions has it."""
    name = name.removesuffix(".abi0").removesuffix(".abiinternal").removeprefix("local.")
    # plugins' symbols have hashes in place of types' names (cmd/link/internal/ld/ld.go, `typeSymbolMangle`)
    return "type:." if name.startswith("type:.") else name


def version_m(version: str, path: Path) -> tuple[str, list[list[str]]]:
    """`go version -m`: (Go version, rows)."""
    first, *rows = go_tool(version, "version", "-m", path).splitlines()
    return first.rpartition(": ")[2], [row.strip().split("\t") for row in rows]


def objdump(version: str, path: Path, pattern: str) -> dict[str, list[tuple[int, str]]]:
    """`go tool objdump -s PATTERN`: function -> (address, `file:line`, the file without its folder) of instructions."""
    found: dict[str, list[tuple[int, str]]] = {}
    current: list[tuple[int, str]] = []
    for line in go_tool(version, "tool", "objdump", "-s", pattern, path).splitlines():
        if head := re.match(r"TEXT (.+?)\(SB\)", line):
            current = found.setdefault(head[1], [])
        elif row := re.match(r"\s+(\S+:-?\d+)\s+0x([0-9a-f]+)\s", line):
            current.append((int(row[2], 16), row[1]))
    return found


def readelf_symbols(path: Path) -> list[tuple[str, bool]]:
    """(name with version, whether it is defined) of the dynamic symbols that have names."""
    printed = subprocess.run(
        ["readelf", "-W", "--dyn-syms", path], capture_output=True, text=True, check=True, env={"LC_ALL": "C"}
    ).stdout
    rows = [line.split(None, 7) for line in printed.splitlines() if re.match(r"\s+\d+: ", line)]
    named = [(row[7].split(" (")[0], row[6] != "UND") for row in rows if len(row) == 8]
    return sorted((name.replace("@@", "@"), defined) for name, defined in named)


def readelf_relocations(path: Path) -> dict[str, int]:
    """Kind of relocation -> how many."""
    printed = subprocess.run(
        ["readelf", "-W", "-r", path], capture_output=True, text=True, check=True, env={"LC_ALL": "C"}
    ).stdout
    found: dict[str, int] = {}
    for line in printed.splitlines():
        if row := re.match(r"[0-9a-f]{16}\s+[0-9a-f]+\s+(R_\S+)", line):
            found[row[1]] = found.get(row[1], 0) + 1
    return found
