"""How fast `goknot leaks` is: MB of Go source that is no test, and user time of the whole process, start included.

    python bench/leaks_speed.py github.com/prometheus/prometheus@v0.311.3 /usr/local/go ...

Modules (path@version) come through `go mod download`; folders are taken as they are. Three figures each: a cold run
(--no-cache), a first run that keeps its answer, and a run of the unchanged tree. The answers must be the same bytes.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from projects import DATA, download

DEFAULT = (
    "github.com/prometheus/prometheus@v0.311.3",
    "k8s.io/kubernetes@v1.34.1",
    "github.com/docker/docker@v28.4.0+incompatible",
    "github.com/nats-io/nats-server/v2@v2.10.18",
)
_SKIPPED = {"testdata", "vendor"}


def n_bytes(folder: Path) -> int:
    """Bytes of .go files that are no tests, in folders that Go looks into."""
    total = 0
    for here, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in _SKIPPED and not name.startswith((".", "_"))]
        names = (name for name in files if name.endswith(".go") and not name.endswith("_test.go"))
        total += sum((Path(here) / name).stat().st_size for name in names)
    return total


def run(folder: Path, cache: str, *more: str) -> tuple[float, bytes]:
    """User seconds of a run, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    command = [sys.executable, "-m", "goknot", "leaks", str(folder), "--format", "json", *more]
    done = subprocess.run(command, capture_output=True, env={**os.environ, "XDG_CACHE_HOME": cache}, check=False)
    if done.returncode not in {0, 1, 3}:
        sys.exit(done.stderr.decode())
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before, done.stdout


def main() -> None:
    names = sys.argv[1:] or list(DEFAULT)
    DATA.mkdir(parents=True, exist_ok=True)
    modules = [name for name in names if "@" in name and not Path(name).is_dir()]
    fetched = download(modules) if modules else {}
    print(f"{'tree':44} {'MB':>7} {'cold s':>8} {'MB/s':>6} {'first s':>8} {'again s':>8}")
    for name in names:
        folder = fetched.get(name, Path(name))
        size = n_bytes(folder) / 1e6
        with tempfile.TemporaryDirectory() as cache:
            cold, fresh = run(folder, cache, "--no-cache")
            first, kept = run(folder, cache)
            again, told = run(folder, cache)
        if not fresh == kept == told:
            sys.exit(f"{name}: the kept answer is another")
        short = name.rpartition("/")[2] if len(name) > 44 else name
        print(f"{short:44} {size:7.1f} {cold:8.2f} {size / cold:6.1f} {first:8.2f} {again:8.2f}", flush=True)


if __name__ == "__main__":
    main()
