"""`goknot heap` on what it cannot read: one clear sentence and exit code 2, within seconds, never a traceback."""

from __future__ import annotations

import os
import random
import resource
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from support.builds import build
from support.programs import running
from support.toolchains import QUICK_VERSIONS

if TYPE_CHECKING:
    from support.images import ImageMaker

NEWEST = QUICK_VERSIONS[-1]
MAX_BYTES = 6 << 30  # of address space: what a hostile length asks for must not be granted
# Many inputs in one process: the command itself, without starting Python anew each time. A row may begin with
# `@PLACE:BYTES`: what stands in its file for that call only.
MANY = """
import sys
from goknot.cli.main import main
def put(path, at, new):
    with open(path, "r+b") as file:
        file.seek(at)
        old = file.read(len(new))
        file.seek(at)
        file.write(new)
    return old
for line in open(sys.argv[1]):
    row = line.rstrip("\\n").split("\\t")
    patch = row.pop(0)[1:].split(":") if row[0].startswith("@") else None
    old = put(row[0], int(patch[0]), bytes.fromhex(patch[1])) if patch else b""
    sys.argv = ["goknot", "heap", *row]
    try:
        main()
    except SystemExit as stop:
        sys.stdout.flush()
        print(f"== {stop.code}", file=sys.stderr, flush=True)
    if patch:
        put(row[0], int(patch[0]), old)
"""
# The command, as a user who owns nothing here: everything is imported before the rights are dropped.
AS_NOBODY = """
import os, sys
import goknot.app.heap.report, goknot.inputs.process, goknot.inputs.heapdump
from goknot import kernels
from goknot.cli.main import main
if os.geteuid() == 0:
    kernels.ready = lambda say: None  # they are in root's own folder
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
main()
"""
UNDUMPABLE = "import ctypes; ctypes.CDLL(None).prctl(4, 0, 0, 0, 0); print(flush=True); input()"  # PR_SET_DUMPABLE


def _small() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MAX_BYTES, MAX_BYTES))


def heap(*arguments: str, code: str = "", seconds: float = 60) -> subprocess.CompletedProcess[str]:
    start = ["-c", code] if code else ["-m", "goknot"]
    command = [sys.executable, *start, "heap", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=seconds, preexec_fn=_small if not code else None
    )


def refused(*arguments: str, code: str = "") -> str:
    """What is said of an input that cannot be read."""
    done = heap(*arguments, code=code)
    assert done.returncode == 2, done
    assert done.stdout == ""
    assert done.stderr.startswith("goknot: ")
    assert "Traceback" not in done.stderr
    return done.stderr


def many(folder: Path, rows: list[list[str]]) -> list[tuple[int, str]]:
    """(exit code, what was said) of many calls."""
    listed = folder / "calls"
    listed.write_text("".join("\t".join(row) + "\n" for row in rows))
    command = [sys.executable, "-c", MANY, str(listed)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600, preexec_fn=_small)
    assert "Traceback" not in done.stderr, done.stderr[-3000:]
    found, said = [], []
    for line in done.stderr.splitlines():
        if line.startswith("== "):
            found.append((int(line[3:]), "\n".join(said)))
            said = []
        else:
            said.append(line)
    assert len(found) == len(rows), done.stderr[-3000:]
    return found


def test_what_is_no_file_of_a_heap(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("core\n")
    (tmp_path / "head").write_bytes(b"go1.7 heap dump\n")
    (tmp_path / "elf").write_bytes(b"\x7fELF" + bytes(3))
    wide = bytearray(b"\x7fELF\x01\x01\x01" + bytes(57))
    (tmp_path / "elf32").write_bytes(wide)
    wide[4:6] = b"\2\2"
    (tmp_path / "big-endian").write_bytes(wide)
    cases = {
        "pipe": "no regular file",
        ".": "a directory",
        "empty": "is empty",
        "text": "not an ELF file",
        "none": "No such file",
        "head": "is cut short",
        "elf": "not an ELF file",
        "elf32": "not a 64-bit little-endian ELF file",
        "big-endian": "not a 64-bit little-endian ELF file",
    }
    found = many(tmp_path, [[str(tmp_path / name)] for name in cases] + [["/dev/zero"], ["/dev/null"]])
    for (code, said), wanted in zip(found, [*cases.values(), "no regular file", "no regular file"], strict=True):
        assert (code, wanted in said) == (2, True), (wanted, said)


def test_wrong_executables(heap_image: ImageMaker, tmp_path: Path) -> None:
    taken = heap_image(NEWEST)
    core, dump = str(taken.core), str(taken.dump)
    os.mkfifo(tmp_path / "pipe")
    other = str(build("heap_shapes", QUICK_VERSIONS[0]))
    rows = {
        (core, other): "another build",
        (core, core): "core",
        (core, str(tmp_path / "none")): "No such file",
        (core, str(tmp_path)): "a directory",
        (core, str(tmp_path / "pipe")): "no regular file",
        (core, sys.executable): "another build",
        (dump, other): "was built by go",
        (dump, core): "another build",
        (dump, str(tmp_path / "none")): "No such file",
        (str(taken.exe), core): "not a core",
    }
    found = many(tmp_path, [[target, "--exe", exe] for target, exe in rows])
    for (row, wanted), (code, said) in zip(rows.items(), found, strict=True):
        assert (code, wanted in said) == (2, True), (row, wanted, said)


def test_a_missing_executable(heap_image: ImageMaker, tmp_path: Path) -> None:
    """The core knows where it was; what is not there any more is named, and what to do."""
    home = tmp_path / "home"
    home.mkdir()
    exe = home / "gone"
    shutil.copy(build("heap_shapes", NEWEST), exe)
    from support.cores import take_core

    with running(exe, ["-n", "1"], folder=tmp_path) as program:
        core = take_core(program, tmp_path / "core.image", "own")
    exe.unlink()
    said = refused(str(core))
    assert str(exe) in said
    assert "--exe" in said
    assert heap(str(core), "--exe", str(build("heap_shapes", NEWEST)), "--format", "json").returncode == 1


def test_truncated_cores_and_dumps(heap_image: ImageMaker, tmp_path: Path) -> None:
    taken = heap_image(NEWEST)
    core, dump, chance = taken.core.read_bytes(), taken.dump.read_bytes(), random.Random(3)
    rows = []
    for name, data in (("core", core), ("dump", dump)):
        cuts = [1, 16, 63, 64, 100, 4095, 4096, len(data) - 1] + [chance.randrange(len(data)) for _ in range(12)]
        for n_bytes in cuts:
            cut = tmp_path / f"{name}-{n_bytes}"
            cut.write_bytes(data[:n_bytes])
            rows.append([str(cut), "--exe", str(taken.exe)])
    for (code, said), row in zip(many(tmp_path, rows), rows, strict=True):
        assert code == 2, (row, said)
        assert said.startswith("goknot: "), said


def _loads(data: bytes) -> Iterator[tuple[int, int, int, int, int]]:
    """(place of its header, flags, address, bytes in the file, bytes in memory) of every PT_LOAD."""
    phoff, count = struct.unpack_from("<Q", data, 32)[0], struct.unpack_from("<H", data, 56)[0]
    for index in range(count):
        at = phoff + 56 * index
        kind, flags, _, addr, _, n_file, n_bytes, _ = struct.unpack_from("<IIQQQQQQ", data, at)
        if kind == 1:
            yield at, flags, addr, n_file, n_bytes


def _without(data: bytes, leave_out: Callable[[int, int], bool]) -> bytes:
    """As coredump_filter would: some segments have no bytes in the file."""
    lean = bytearray(data)
    for at, flags, addr, _, _ in _loads(data):
        if leave_out(flags, addr):
            struct.pack_into("<Q", lean, at + 32, 0)
    return bytes(lean)


def test_cores_without_what_is_needed(heap_image: ImageMaker, tmp_path: Path) -> None:
    taken = heap_image(NEWEST)
    data = taken.core.read_bytes()
    arena = int(taken.said["plants"][0]["objects"][0]["addr"], 16) >> 26 << 26
    lean = {
        "no anonymous memory": _without(data, lambda flags, addr: bool(flags & 2) and addr > 1 << 32),
        "no writable memory": _without(data, lambda flags, _: bool(flags & 2)),
        "no heap": _without(data, lambda _, addr: arena <= addr < arena + (64 << 20)),
        "no variables": _without(data, lambda flags, addr: bool(flags & 2) and addr < 1 << 32),
        "nothing": _without(data, lambda *_: True),
    }
    rows = []
    for name, content in lean.items():
        (tmp_path / name).write_bytes(content)
        rows.append([str(tmp_path / name), "--exe", str(taken.exe), "--format", "json", "-o", str(tmp_path / "out")])
    for (code, said), name in zip(many(tmp_path, rows), lean, strict=True):
        assert code == 2, (name, said)
        assert any(word in said for word in ("heap", "goroutines", "coredump_filter", "memory", "runtime")), (
            name,
            said,
        )


def test_other_architectures(heap_image: ImageMaker, tmp_path: Path) -> None:
    taken = heap_image(NEWEST)
    data = bytearray(taken.core.read_bytes())
    for name, machine in (("arm64", 183), ("riscv", 243), ("386", 3)):
        struct.pack_into("<H", data, 18, machine)
        (tmp_path / name).write_bytes(data)
    found = many(tmp_path, [[str(tmp_path / name), "--exe", str(taken.exe)] for name in ("arm64", "riscv", "386")])
    assert [code for code, _ in found] == [2, 2, 2], found
    assert "arm64" in found[0][1]
    assert "ELF machine 243" in found[1][1]
    assert "amd64 and arm64 are supported" in found[2][1]


def test_hostile_headers(heap_image: ImageMaker, tmp_path: Path) -> None:
    """Lengths, offsets and counts of the headers and notes, one at a time, take absurd values."""
    taken = heap_image(NEWEST)
    data, chance = taken.core.read_bytes(), random.Random(5)
    notes = next(
        struct.unpack_from("<Q", data, at + 8)[0]
        for at in range(struct.unpack_from("<Q", data, 32)[0], 4096, 56)
        if struct.unpack_from("<I", data, at)[0] == 4
    )
    loads = [at for at, *_ in _loads(data)]
    places = [(32, 8), (40, 8), (54, 2), (56, 2), (58, 2), (60, 2), (62, 2), (notes, 4), (notes + 4, 4), (notes + 8, 4)]
    places += [(at + off, 8) for at in (loads[0], loads[-1], chance.choice(loads)) for off in (8, 16, 32, 40)]
    core = tmp_path / "core"
    shutil.copy(taken.core, core)
    rows = []
    for at, n_bytes in places:
        for value in ((1 << 8 * n_bytes) - 1, 1 << (8 * n_bytes - 1)):
            patch = f"@{at}:{value.to_bytes(n_bytes, 'little').hex()}"
            rows.append([patch, str(core), "--exe", str(taken.exe), "--format", "json", "-o", str(tmp_path / "out")])
    found = many(tmp_path, rows)
    assert {code for code, _ in found} <= {1, 2, 3}
    assert sum(code == 2 for code, _ in found) > 10


def test_a_c_program(tmp_path: Path) -> None:
    with _undumpable("pass; print(flush=True); input()") as other:
        assert "holds no Go program" in refused(str(other.pid))


@contextmanager
def _undumpable(code: str = UNDUMPABLE) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout
            process.stdout.readline()
            yield process
        finally:
            process.kill()


def test_a_core_of_a_c_program(tmp_path: Path) -> None:
    from support.core_writer import write_core

    with _undumpable("print(flush=True); input()") as other:
        write_core(other.pid, tmp_path / "core")
    assert "Go program" in refused(str(tmp_path / "core"), "--exe", sys.executable)


def test_a_process_that_may_not_be_read() -> None:
    with _undumpable() as other:
        said = refused(str(other.pid), code=AS_NOBODY)
        assert "may not be read" in said
        assert "CAP_SYS_PTRACE" in said
        assert "ptrace_scope" in said
        assert other.poll() is None


def test_processes_that_are_not_there(tmp_path: Path) -> None:
    found = many(tmp_path, [[str(2**22 - 3)], ["9" * 30], ["0"]])
    assert [code for code, _ in found] == [2, 2, 2]
    assert all("is not there" in said for _, said in found), found


def test_a_process_that_ends_while_it_is_read(tmp_path: Path) -> None:
    """Killed at many moments: either all was copied, or it is said that it ended."""
    exe, said = build("heap_shapes", NEWEST), []
    for delay in (0.0, 0.6, 0.8, 1.0):
        with running(exe, ["-n", "1"], folder=tmp_path) as program:
            command = [sys.executable, "-m", "goknot", "heap", str(program.pid), "--format", "json"]
            reader = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            time.sleep(delay)
            program.process.kill()
            program.process.wait()
            _, errors = reader.communicate(timeout=60)
        assert "Traceback" not in errors
        assert reader.returncode in (1, 2)
        assert reader.returncode == 1 or "ended" in errors, errors
        said.append(reader.returncode)
    assert said[0] == 2


def test_deleted_and_replaced_executables(tmp_path: Path) -> None:
    exe = tmp_path / "program"
    shutil.copy(build("heap_shapes", NEWEST), exe)
    with running(exe, ["-n", "1"], folder=tmp_path) as program:
        exe.unlink()
        assert heap(str(program.pid), "--format", "json").returncode == 1
        shutil.copy(build("heap_shapes", QUICK_VERSIONS[0]), exe)  # another program under its name
        done = heap(str(program.pid), "--format", "json")
        assert done.returncode == 1, done.stderr
        assert f'"go": "go{NEWEST}"' in done.stdout.replace('":"', '": "')
