"""The calls of a function against objdump's disassembly and readelf's relocations."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support.builds import build

from goknot.inputs.binary import GoBinary
from goknot.model.binary import CallFacts, FunctionFacts

CALL = re.compile(r"\s+([0-9a-f]+):\t(?:bnd )?call +(.*)")
TARGET = re.compile(r"([0-9a-f]+) <([^>]+)>")
pytestmark = pytest.mark.skipif(shutil.which("objdump") is None, reason="needs binutils")


def disassembled(path: Path, function: FunctionFacts) -> list[tuple[int, int, str]]:
    """(address, target or 0, what objdump calls it) of the calls of a function."""
    command = ["objdump", "-d", "--no-show-raw-insn", f"--start-address={function.entry_addr}"]
    command += [f"--stop-address={function.end_addr}", str(path)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = []
    for row in filter(None, map(CALL.match, printed.splitlines())):
        target = TARGET.match(row[2])
        found.append((int(row[1], 16), int(target[1], 16) if target else 0, target[2] if target else row[2]))
    return found


def check(path: Path, names: tuple[str, ...]) -> list[CallFacts]:
    binary = GoBinary(str(path))
    functions = [one for name in names for one in binary.functions(name) or binary.c_functions(name)]
    assert functions
    found: list[CallFacts] = []
    for function in functions:
        mine = [one for one in binary.calls(function).calls if not one.is_jump]
        theirs = disassembled(path, function)
        assert [one.addr for one in mine] == [addr for addr, _, _ in theirs], function.name
        for one, (_, target, name) in zip(mine, theirs, strict=True):
            if target and one.kind in ("direct", "stub"):
                assert one.target_addr == target
                assert name.partition("@plt")[0].removeprefix("local.").removesuffix(".abi0") == one.target
            elif target:
                pytest.fail(f"{function.name}: {one} calls {name}")
        found += mine
    return found


def test_calls_of_go_functions() -> None:
    calls = check(build("binary_probe", "1.27.3"), ("main.*", "fmt.*", "sort.*"))
    assert len(calls) > 500
    assert {one.kind for one in calls} >= {"direct", "register"}
    assert all(one.frames and one.frames[0][1] for one in calls)
    assert not [one for one in calls if one.kind == "direct" and not one.target]


def test_calls_through_stubs_name_their_relocation() -> None:
    path = build("binary_cexports", "1.26.6", mode="c-shared", cgo=True)
    calls = check(path, ("x_cgo_thread_start", "_cgo_wait_runtime_init_done", "x_cgo_init", "Greet"))
    stubs = [one for one in calls if one.kind == "stub"]
    assert len(stubs) > 5
    printed = subprocess.run(["readelf", "-W", "-r", path], capture_output=True, text=True, check=True).stdout
    slots = {
        int(row[0], 16): (row[2], row[4].partition("@")[0])
        for row in map(str.split, printed.splitlines())
        if len(row) > 4 and row[2].startswith("R_X86_64_JUMP_SLO")
    }
    for one in stubs:
        kind, name = slots[one.slot_addr]
        assert one.relocation == f"R_X86_64_JUMP_SLOT {name}"
        assert kind in one.relocation
        assert one.target == name


@pytest.mark.slow
@pytest.mark.parametrize("version", ["1.21.13", "1.25.5"])
def test_calls_of_a_plugin(version: str) -> None:
    path = build("binary_probe", version, mode="plugin", cgo=True)
    calls = check(path, ("example.com/probe.*", "fmt.*", "x_cgo_thread_start"))
    assert len(calls) > 400
    assert [one for one in calls if one.kind == "stub"]


def test_calls_on_arm64_are_go_tools() -> None:
    """Against `go tool objdump`, since binutils of this machine know only their own."""
    from support.binaries import go_tool

    version = "1.27.3"
    path = build("binary_probe", version, target="linux/arm64")
    binary = GoBinary(str(path))
    printed = go_tool(version, "tool", "objdump", "-s", "^main[.]", path)
    theirs = {int(row[1], 16): row[2] for row in re.finditer(r"0x([0-9a-f]+)\t+[0-9a-f]{8}\t+CALL (\S+)", printed)}
    calls = [one for function in binary.functions("main.*") for one in binary.calls(function).calls]
    mine = {one.addr: one for one in calls if not one.is_jump}
    assert len(theirs) > 30
    assert sorted(mine) == sorted(theirs)
    for addr, text in theirs.items():
        if text.endswith("(SB)"):
            assert mine[addr].target == text.removesuffix("(SB)").removesuffix(".abi0")
        else:
            assert mine[addr].kind == "register"
