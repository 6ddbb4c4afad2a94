"""Live processes, wrong and damaged cores: what is read, what is refused, and that nothing stays stopped."""

from __future__ import annotations

import random
import shutil
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from support.builds import build
from support.cores import take_core
from support.programs import running
from support.toolchains import QUICK_VERSIONS, VERSIONS

from goknot.errors import GoknotError, InputError
from goknot.goruntime.opening import open_core, open_process
from goknot.memory import copying

if TYPE_CHECKING:
    from support.images import ImageMaker

MATRIX = [v if v in QUICK_VERSIONS else pytest.param(v, marks=pytest.mark.slow) for v in VERSIONS]
NEWEST = QUICK_VERSIONS[-1]


def _state_now(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def _state(pid: int) -> str:
    """The state of a process once it has taken up SIGCONT, which a busy machine delays; `T` if it never does."""
    for _ in range(100):
        if (state := _state_now(pid)) in "SR":
            return state
        time.sleep(0.05)
    return _state_now(pid)


@pytest.mark.parametrize("version", MATRIX)
def test_a_live_process_reads_as_its_core_does(version: str, tmp_path: Path) -> None:
    exe = build("heap_shapes", version)
    with running(exe, [], folder=tmp_path) as program:
        live = open_process(program.pid)
        assert _state(program.pid) == "S"
        core = open_core(str(take_core(program, tmp_path / "core.image", "own")), str(exe))
    assert 0 < live.stopped_ms < 60_000
    assert len(np.setxor1d(live.object_addr, core.object_addr)) <= 8
    assert abs(live.n_edges - core.n_edges) <= 8
    planted = [int(thing["addr"], 16) for plant in program.said["plants"] for thing in plant["objects"]]
    at, there = (image.resolve(np.array(planted, np.uint64)) for image in (live, core))
    assert (at >= 0).all()
    for one, other in zip(at.tolist(), there.tolist(), strict=True):
        ours = live.object_addr[live.edge_target[live.edge_start[one] : live.edge_start[one + 1]]]
        theirs = core.object_addr[core.edge_target[core.edge_start[other] : core.edge_start[other + 1]]]
        assert ours.tolist() == theirs.tolist()
    assert [g.goid for g in live.goroutines] == [g.goid for g in core.goroutines]
    assert {r.name for r in core.roots.roots if r.name.startswith("main.")} == {
        r.name for r in live.roots.roots if r.name.startswith("main.")
    }


def test_a_process_runs_on_after_an_error_and_after_ctrl_c(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError(5, "disk on fire")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with running(build("heap_shapes", NEWEST), ["-n", "1"], folder=tmp_path) as program:
        monkeypatch.setattr(copying.ProcessCopy, "take", broken)
        with pytest.raises(InputError):
            open_process(program.pid)
        monkeypatch.setattr(copying.ProcessCopy, "take", interrupted)
        with pytest.raises(KeyboardInterrupt):
            open_process(program.pid)
        deadline = time.monotonic() + 10
        while _state(program.pid) != "S" and time.monotonic() < deadline:
            time.sleep(0.01)
        assert _state(program.pid) == "S"
        assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()


def test_a_stopped_process_stays_stopped_and_no_stop_stops_nothing(tmp_path: Path) -> None:
    with running(build("heap_shapes", NEWEST), ["-n", "1"], folder=tmp_path) as program:
        loose = open_process(program.pid, stop=False)
        assert loose.stopped_ms == 0
        assert any("ran while it was read" in problem for problem in loose.problems)
        program.process.send_signal(signal.SIGSTOP)
        while _state_now(program.pid) != "T":
            time.sleep(0.01)
        held = open_process(program.pid)
        assert any("stopped already" in problem for problem in held.problems)
        assert _state_now(program.pid) == "T"


def test_a_running_executable_that_was_deleted(tmp_path: Path) -> None:
    exe = tmp_path / "gone"
    shutil.copy(build("heap_shapes", NEWEST), exe)
    with running(exe, ["-n", "1"], folder=tmp_path) as program:
        exe.unlink()
        assert open_process(program.pid).n_objects > 1000


def test_what_is_no_go_process() -> None:
    with pytest.raises(InputError, match="is not there"):
        open_process(2**22 - 3)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        try:
            with pytest.raises(InputError, match="holds no Go program"):
                open_process(other.pid)
            assert _state(other.pid) in "SR"
        finally:
            other.kill()


def test_another_build_is_refused(heap_image: ImageMaker) -> None:
    taken = heap_image(NEWEST)
    with pytest.raises(InputError, match="another build"):
        open_core(str(taken.core), str(build("heap_shapes", QUICK_VERSIONS[0])))
    with pytest.raises(InputError, match="is not a core"):
        open_core(str(taken.exe))
    with pytest.raises(InputError, match="not an ELF file"):
        open_core(str(taken.dump))


def test_truncated_cores(heap_image: ImageMaker, tmp_path: Path) -> None:
    taken = heap_image(NEWEST)
    data = taken.core.read_bytes()
    cut = tmp_path / "cut"
    for n_bytes in (0, 3, 63, 64, 200, 4096, len(data) // 2, len(data) - 4096):
        cut.write_bytes(data[:n_bytes])
        with pytest.raises(InputError):
            open_core(str(cut), str(taken.exe))


def test_a_core_without_the_heap(heap_image: ImageMaker, tmp_path: Path) -> None:
    """As coredump_filter leaves it: anonymous memory has no bytes in the file."""
    taken = heap_image(NEWEST)
    data = bytearray(taken.core.read_bytes())
    phoff, count = struct.unpack_from("<Q", data, 32)[0], struct.unpack_from("<H", data, 56)[0]
    image = open_core(str(taken.core), str(taken.exe))
    heap_addr = int(image.object_addr[0])
    for index in range(count):
        kind, _, _, addr, _, n_file, n_bytes, _ = struct.unpack_from("<IIQQQQQQ", data, phoff + 56 * index)
        if kind == 1 and addr <= heap_addr < addr + n_bytes and n_file:
            struct.pack_into("<Q", data, phoff + 56 * index + 32, 0)
    lean = tmp_path / "lean"
    lean.write_bytes(data)
    with pytest.raises(InputError, match=r"heap|goroutines"):
        open_core(str(lean), str(taken.exe))


@pytest.mark.parametrize("version", QUICK_VERSIONS)
def test_damaged_cores_end_in_errors_or_problems(version: str, heap_image: ImageMaker, tmp_path: Path) -> None:
    """Random words all over the writable memory and the headers: no traceback, ever."""
    taken = heap_image(version)
    data, chance = taken.core.read_bytes(), random.Random(7)
    used = [at for at in range(0, len(data) - 8, 8) if data[at : at + 8] != bytes(8)]
    n_read = 0
    for round_number in range(12):
        broken = bytearray(data)
        for _ in range(4 ** (round_number % 6 + 1)):
            at = chance.choice(used) if chance.random() < 0.98 else chance.randrange(0, 4096, 8)
            word = chance.choice([0, 1, 2**63, 2**64 - 1, chance.getrandbits(64), chance.getrandbits(20)])
            struct.pack_into("<Q", broken, at, word)
        core = tmp_path / "broken"
        core.write_bytes(broken)
        try:
            n_read += open_core(str(core), str(taken.exe)).n_objects > 0
        except GoknotError as said:
            assert said.what
    assert n_read >= 3
