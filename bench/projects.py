"""Fetches the Go projects that the figures in the docs are measured on, through `go mod download`.

    python bench/projects.py            # fetches all, prints their folders

They are copied (writable) to bench/.data, which git ignores. Needs `go` on PATH and its module proxy.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / ".data"
PROJECTS = {
    "etcd-server": "go.etcd.io/etcd/server/v3@v3.6.5",
    "hugo": "github.com/gohugoio/hugo@v0.150.0",
    "prometheus": "github.com/prometheus/prometheus@v0.307.1",
    "istio": "istio.io/istio@v0.0.0-20260827124520-eed52ebb66ad",
    "kubernetes": "k8s.io/kubernetes@v1.34.1",
}
WORKSPACE = "kubernetes-workspace"
STAGING_VERSION = "v0.34.1"
NAMES = (*PROJECTS, WORKSPACE)


def fetch(name: str) -> Path:
    """The folder of a project, fetched if it is not there yet."""
    target = DATA / name
    if target.is_dir():
        return target
    part = DATA / f"{name}.part"
    shutil.rmtree(part, ignore_errors=True)
    DATA.mkdir(parents=True, exist_ok=True)
    if name == WORKSPACE:
        _workspace(part)
    elif name == "kubernetes":
        _kubernetes(part)
    else:
        copy_writable(download([PROJECTS[name]])[PROJECTS[name]], part)
    part.rename(target)
    return target


def download(modules: list[str]) -> dict[str, Path]:
    """Puts modules (path@version) into the module cache; their folders there."""
    command = ["go", "mod", "download", "-json", *modules]
    done = subprocess.run(command, cwd=DATA, capture_output=True, text=True, env=ENVIRONMENT, check=False)
    decoder, text, found = json.JSONDecoder(), done.stdout.strip(), {}
    while text:
        entry, end = decoder.raw_decode(text)
        text = text[end:].strip()
        if entry.get("Error"):
            sys.exit(f"{entry['Path']}: {entry['Error']}")
        found[f"{entry['Path']}@{entry['Version']}"] = Path(entry["Dir"])
    if done.returncode:
        sys.exit(done.stderr)
    return found


ENVIRONMENT = {**os.environ, "GOWORK": "off", "GOFLAGS": "-mod=mod", "GO111MODULE": "on"}


def copy_writable(source: Path, target: Path) -> None:
    """Copies a folder of the module cache, which is read-only."""
    shutil.copytree(source, target, symlinks=True, copy_function=shutil.copyfile)
    for folder, folders, _ in os.walk(target):
        for name in (".", *folders):
            (Path(folder) / name).chmod(0o755)


def _kubernetes(target: Path) -> list[str]:
    """Kubernetes' own module. Its zip has no packages below vendor/ and staging/, which its go.mod points to: vendor/
    and go.work are left out, and the staging modules are required as they were published. Returns their paths."""
    copy_writable(download([PROJECTS["kubernetes"]])[PROJECTS["kubernetes"]], target)
    for name in ("go.work", "go.work.sum"):
        (target / name).unlink(missing_ok=True)
    shutil.rmtree(target / "vendor", ignore_errors=True)
    staging = [replace["Old"]["Path"] for replace in _edited(target)["Replace"]]
    edits = [f"-dropreplace={path}" for path in staging] + [f"-require={path}@{STAGING_VERSION}" for path in staging]
    subprocess.run(["go", "mod", "edit", *edits], cwd=target, check=True, env=ENVIRONMENT)
    return sorted(staging)


def _workspace(target: Path) -> None:
    """Kubernetes as its repository lays it out: the published staging modules copied back below staging/src."""
    staging = _kubernetes(target)
    folders = download([f"{path}@{STAGING_VERSION}" for path in staging])
    for path in staging:
        copy_writable(folders[f"{path}@{STAGING_VERSION}"], target / "staging" / "src" / path)
    uses = "".join(f"\t./staging/src/{path}\n" for path in staging)
    (target / "go.work").write_text(f"go {_edited(target)['Go']}\n\nuse (\n\t.\n{uses})\n")


def _edited(folder: Path) -> dict[str, Any]:
    """A folder's go.mod as JSON."""
    return json.loads(subprocess.check_output(["go", "mod", "edit", "-json"], cwd=folder, text=True, env=ENVIRONMENT))


def main() -> None:
    names = sys.argv[1:] or list(NAMES)
    for name in names:
        print(f"{name}: {fetch(name)}")


if __name__ == "__main__":
    main()
