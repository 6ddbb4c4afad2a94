"""Times goknot's import graph side by side with `go list` and `goda graph`: whole processes, paired, warm.

    python bench/imports_speed.py [--rounds N] [PROJECT|FOLDER...]

Each round runs every command once, in turn, so that a busy machine slows all alike; medians and their ratios are
printed, and the peak memory of each command's largest process. goda is built once into bench/.data if Go can fetch it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from projects import DATA, ENVIRONMENT, fetch

DEFAULT = ("hugo", "istio", "kubernetes", "kubernetes-workspace")


def main() -> None:
    arguments = sys.argv[1:]
    rounds = int(arguments.pop(1)) if arguments[:1] == ["--rounds"] else 7
    arguments = [a for a in arguments if a != "--rounds"]
    goda = _goda()
    for name in arguments or DEFAULT:
        folder = (Path(name) if Path(name).is_dir() else fetch(name)).resolve()
        _compare(name, folder, _commands(folder, goda), rounds)


def _commands(folder: Path, goda: Path | None) -> dict[str, list[str]]:
    patterns = ["./..."]
    if (folder / "go.work").is_file():
        uses = subprocess.check_output(["go", "list", "-m", "-f", "{{.Dir}}"], cwd=folder, text=True).split()
        patterns = [f"./{os.path.relpath(use, folder)}/..." for use in uses]
    commands = {
        # prints for each package what go list prints of it: like for like
        "goknot packages": [sys.executable, "-m", "goknot", "imports", str(folder), "--packages"],
        # and on top of it rings, symbols used over their edges, cuts and proofs
        "goknot imports": [sys.executable, "-m", "goknot", "imports", str(folder), "--format", "json"],
        "go list -json": ["go", "list", "-e", "-json", *patterns],
        "go list -json=4": ["go", "list", "-e", "-json=ImportPath,Imports,TestImports,XTestImports", *patterns],
    }
    if goda:
        commands["goda graph"] = [str(goda), "graph", "+".join(patterns)]
    return commands


def _compare(name: str, folder: Path, commands: dict[str, list[str]], rounds: int) -> None:
    seconds: dict[str, list[float]] = {label: [] for label in commands}
    peaks = dict.fromkeys(commands, 0.0)
    for number in range(rounds + 1):
        for label, command in commands.items():
            if label == "goda graph" and number > max(1, rounds // 3):
                continue  # it takes longest and varies least
            took, peak = _run(command, folder)
            if number:  # the first round warms the caches
                seconds[label].append(took)
            peaks[label] = max(peaks[label], peak)
    base = statistics.median(seconds["goknot packages"])
    print(f"{name}: medians of {rounds} rounds")
    for label, values in seconds.items():
        median = statistics.median(values)
        print(f"  {label:16} {median * 1000:8.0f} ms  {median / base:6.1f} x  peak {peaks[label]:5.0f} MB")


def _run(command: list[str], folder: Path) -> tuple[float, float]:
    """(seconds, peak memory in MB) of one run."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    return time.perf_counter() - begin, usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1 << 20)


def _goda() -> Path | None:
    target = DATA / "bin" / "goda"
    if not target.is_file():
        DATA.mkdir(parents=True, exist_ok=True)
        env = {**ENVIRONMENT, "GOBIN": str(DATA / "bin"), "GOFLAGS": ""}
        command = ["go", "install", "github.com/loov/goda@latest"]
        done = subprocess.run(command, cwd=DATA, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"without goda: {done.stderr.strip().splitlines()[-1:]}")
            return None
    return target


if __name__ == "__main__":
    main()
