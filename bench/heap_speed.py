"""Times `goknot heap` as a whole process against `grf` on the same cores, and the stop of a live process.

    python bench/heap_speed.py [1 10] [--shuffled | --in-order] [--rounds N] [--grf-rounds N] [--live] [--first-run]

The program tests/go/heap_big makes millions of objects with two pointers each; its cores go to bench/.data. grf
(cloudwego/goref, Apache-2.0) finds no rings, dominators or verdicts: it adds up what is reachable by way of what. It is
built once into bench/.data if Go can fetch it. Times and peak memory (largest resident set, of which the second number
is anonymous: no part of the core) are medians and maxima; kernels are compiled before the clock runs, and goknot has
its bytecode, as it has where pip installed it.
"""

# ruff: noqa: PLC0415  (what the tests have is found by the path set here)

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).resolve().parent / ".data"
BYTECODE = DATA / "bytecode"
PROJECT = DATA.parent.parent
sys.path[:0] = [str(PROJECT / "tests"), str(PROJECT / "src")]
GO_VERSION = "1.26.6"


@dataclass(frozen=True, slots=True)
class Run:
    """One whole process."""

    seconds: float
    cpu_seconds: float
    peak_mib: float
    anonymous_mib: float
    output: str


def main() -> None:
    """Parses arguments and compares."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("millions", type=float, nargs="*", default=[1, 10])
    parser.add_argument("--shuffled", action="store_true", help="only shuffled in memory")
    parser.add_argument("--in-order", action="store_true", help="only in order")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--grf-rounds", type=int, default=1, help="0: not at all")
    parser.add_argument("--live", action="store_true", help="also how long a live process is stopped")
    parser.add_argument("--first-run", action="store_true", help="also a run that has to compile the kernels")
    parser.add_argument("--max-memory", metavar="SIZE", help="handed on to goknot")
    parser.add_argument("--keep", action="store_true", help="keep the cores")
    chosen = parser.parse_args()

    from goknot import kernels

    began = time.perf_counter()
    kernels.ready(lambda: print("compiling kernels", flush=True))
    print(f"kernels were ready after {time.perf_counter() - began:.2f} s")
    grf = _grf() if chosen.grf_rounds else None
    for millions in chosen.millions:
        for shuffled in (False, True):
            if not (chosen.in_order if shuffled else chosen.shuffled):
                _compare(int(millions * 1e6), shuffled, grf, chosen)


def _compare(n: int, shuffled: bool, grf: Path | None, chosen: argparse.Namespace) -> None:
    core = DATA / f"heap-{n}{'-shuffled' if shuffled else ''}.core"
    exe = _make(n, shuffled, core, chosen.live)
    extra = ["--max-memory", chosen.max_memory] if chosen.max_memory else []
    command = [*_goknot(str(core)), "--exe", str(exe), *extra]
    if not BYTECODE.exists():
        _run(command)
    runs = [_run(command) for _ in range(chosen.rounds)]
    stats = json.loads(runs[0].output)["stats"]["heap"]
    print(
        f"{stats['objects']:,} objects, {stats['edges']:,} pointers, {'shuffled' if shuffled else 'in order'}, core of "
        f"{core.stat().st_blocks * 512 / 2**20:,.0f} MiB"
    )
    _print("goknot heap", runs)
    if chosen.first_run:
        with tempfile.TemporaryDirectory(dir=DATA) as empty:
            first = _run(command, {"NUMBA_CACHE_DIR": empty})
        more, busy = (first.seconds - _median(runs, "seconds"), first.cpu_seconds - _median(runs, "cpu_seconds"))
        print(f"  the first run ever takes {more:.2f} s more, {busy:.2f} s of processor time")
    if grf is not None:
        with tempfile.TemporaryDirectory() as scratch:
            out = ["-o", str(Path(scratch) / "grf.out")]
            others = [_run([str(grf), "core", str(exe), str(core), *out]) for _ in range(chosen.grf_rounds)]
        _print("grf core", others)
        ours, theirs = (_median(each, "seconds") for each in (runs, others))
        busy, their_busy = (_median(each, "cpu_seconds") for each in (runs, others))
        print(f"  {theirs / ours:.1f} times as fast, {their_busy / busy:.1f} times less processor time")
    if not chosen.keep:
        core.unlink()


def _goknot(target: str) -> list[str]:
    return [sys.executable, "-m", "goknot", "heap", target, "--format", "json"]


def _median(runs: list[Run], figure: str) -> float:
    return statistics.median(getattr(run, figure) for run in runs)


def _print(name: str, runs: list[Run]) -> None:
    seconds = [run.seconds for run in runs]
    print(
        f"  {name:12} {statistics.median(seconds):7.2f} s ({min(seconds):.2f} to {max(seconds):.2f}), processor "
        f"{_median(runs, 'cpu_seconds'):.2f} s (from {min(run.cpu_seconds for run in runs):.2f})   peak "
        f"{max(run.peak_mib for run in runs):7,.0f} MiB, anonymous {max(run.anonymous_mib for run in runs):7,.0f} MiB",
        flush=True,
    )


def _run(command: list[str], more: dict[str, str] | None = None) -> Run:
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env |= {"PYTHONPATH": str(PROJECT / "src"), "PYTHONPYCACHEPREFIX": str(BYTECODE), **(more or {})}
    began, used = time.perf_counter(), _cpu_of_children()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env) as process:
        peaks = {"VmHWM": 0, "RssAnon": 0}
        watcher = threading.Thread(target=_watch, args=(process.pid, peaks))
        watcher.start()
        output, errors = process.communicate()
        seconds = time.perf_counter() - began
        watcher.join()
    if process.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)}: {errors[-2000:]}")
    return Run(seconds, _cpu_of_children() - used, peaks["VmHWM"] / 1024, peaks["RssAnon"] / 1024, output)


def _cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _watch(pid: int, peaks: dict[str, int]) -> None:
    status = Path(f"/proc/{pid}/status")
    while True:
        try:
            text = status.read_text()
        except (FileNotFoundError, ProcessLookupError):
            return
        found = {name: int(value) for name, value in re.findall(r"^(VmHWM|RssAnon):\s+(\d+)", text, re.MULTILINE)}
        if not found:  # it has ended
            return
        for name, value in found.items():
            peaks[name] = max(peaks[name], value)
        time.sleep(0.02)


def _make(n: int, shuffled: bool, core: Path, live: bool) -> Path:
    """Runs the program and writes its core; with `live`, goknot reads it while it runs."""
    from support.builds import build
    from support.core_writer import write_core

    DATA.mkdir(exist_ok=True)
    exe = build("heap_big", GO_VERSION)
    if core.exists() and not live:
        return exe
    command = [str(exe), "-n", str(n), *(["-shuffled"] if shuffled else [])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        assert program.stdin
        assert program.stdout
        program.stdout.readline()
        if live:
            resident = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{program.pid}/status").read_text())
            run = _run(_goknot(str(program.pid)))
            stopped = json.loads(run.output)["inputs"][0].get("stopped_ms", 0)
            gib = int(resident[1]) / 2**20 if resident else 0
            print(f"live process of {gib:.2f} GiB: stopped {stopped} ms, {stopped / 1000 / gib:.2f} s for each GiB")
        write_core(program.pid, core)
        program.stdin.close()
    return exe


def _grf() -> Path | None:
    """Another tool, built once."""
    built = DATA / "bin" / "grf"
    if not built.exists():
        if shutil.which("go") is None:
            print("grf is left out: there is no go to build it")
            return None
        env = os.environ | {"GOBIN": str(built.parent)}
        command = ["go", "install", "github.com/cloudwego/goref/cmd/grf@latest"]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"grf is left out: {done.stderr.strip()[-300:]}")
            return None
    return built


if __name__ == "__main__":
    main()
