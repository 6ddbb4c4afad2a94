"""Plugins for lura, KrakenD's engine: what plugin.Open says, what goknot said before, what KrakenD's check-plugin says.

    python bench/lura_plugins.py FOLDER      # builds everything below FOLDER (an empty one), then prints the tables

Needs `go` on PATH, gcc and Go's module proxy. The rule of check-plugin (krakend/krakend-cobra, plugin/analyzer.go): of
each module that the host's build information lists, the highest version in the plugin's go.sum must be the host's; so
must the names of Go and libc that the user types. It is applied here with Go and libc typed right.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from goknot.formats import semver

SOURCES = Path(__file__).parent / "lura"
LURA = "github.com/luraproject/lura/v2"
BUILD = "go build -trimpath -buildmode=plugin"
OTHER_GO = "go1.26.6"
EXAMPLES = {
    "handler": "transport/http/server/plugin/tests",
    "client": "transport/http/client/plugin/tests",
    "modifier": "proxy/plugin/tests/logger",
    "error": "proxy/plugin/tests/error",
}


@dataclass(frozen=True)
class Plugin:
    """A plugin, the folder whose go.sum it was built with, and the commands that build it there."""

    name: str
    folder: str
    commands: tuple[str, ...]


def plugins() -> tuple[Plugin, ...]:
    """The plugins; those not named after lura's own examples are `own`, changed in one thing each."""
    found = [Plugin(name, "gateway", (f"{BUILD} -o ../{name}.so {LURA}/{at}",)) for name, at in EXAMPLES.items()]
    untrimmed = f"go build -buildmode=plugin -o ../modifier-untrimmed.so {LURA}/{EXAMPLES['modifier']}"
    found.append(Plugin("modifier-untrimmed", "gateway", (untrimmed,)))
    for name, *commands in (
        ("own", f"{BUILD} -o ../own.so ."),
        ("own-text", "go get golang.org/x/text@v0.35.0", f"{BUILD} -o ../own-text.so ."),
        ("own-untrimmed", "go build -buildmode=plugin -o ../own-untrimmed.so ."),
        ("own-race", f"{BUILD} -race -o ../own-race.so ."),
        (
            "own-sum",  # an update that was tried and taken back: go.sum keeps its lines
            "cp go.mod go.mod.before",
            "go get golang.org/x/text@v0.35.0 golang.org/x/net@v0.52.0",
            "mv go.mod.before go.mod",
            f"{BUILD} -o ../own-sum.so .",
        ),
        (
            "own-unlinked",  # go.mod asks for another version of what the plugin does not link
            "go get google.golang.org/protobuf@v1.36.11",
            f"{BUILD} -o ../own-unlinked.so .",
        ),
        (
            "own-edited",  # the version that the host has, with one more method
            "go mod vendor -o vendored",
            "cp -r vendored/golang.org/x/text ../text-edited",
            "printf 'module golang.org/x/text\\n\\ngo 1.24.0\\n' > ../text-edited/go.mod",
            "printf 'package cases\\n\\nfunc (c Caser) Twice(s string) string { return c.String(c.String(s)) }\\n'"
            " > ../text-edited/cases/twice.go",
            "rm -r vendored",
            "go mod edit -replace=golang.org/x/text=../text-edited",
            f"{BUILD} -o ../own-edited.so .",
        ),
        ("own-go", f"GOTOOLCHAIN={OTHER_GO} {BUILD} -o ../own-go.so ."),
    ):
        found.append(Plugin(name, name, tuple(commands)))
    return tuple(found)


def build(folder: Path) -> None:
    """Builds what is not there yet."""
    shutil.copytree(SOURCES / "gateway", folder / "gateway", dirs_exist_ok=True)
    if not (folder / "lura").exists():
        run("go build -trimpath -o ../lura .", folder / "gateway")
    for plugin in plugins():
        home = folder / plugin.folder
        if (folder / f"{plugin.name}.so").exists():
            continue
        if plugin.folder != "gateway":
            shutil.copytree(SOURCES / "own", home)
        for command in plugin.commands:
            run(command, home)


def run(command: str, folder: Path) -> None:
    """Runs a command of a shell and shows it."""
    print(f"# {folder.name}: {command}", file=sys.stderr, flush=True)
    subprocess.run(["sh", "-c", command], cwd=folder, env={**os.environ, "GOFLAGS": "-buildvcs=false"}, check=True)


def opened(folder: Path, names: list[str]) -> list[str]:
    """What plugin.Open says of each, in one process."""
    done = subprocess.run(["./lura", *names], cwd=folder, capture_output=True, text=True, check=False)
    rows = [row for row in done.stdout.splitlines() if row.startswith(("opens", "error "))]  # gin writes there, too
    return [*rows, *(f"fatal {row}" for row in done.stderr.splitlines() if row.startswith("fatal error"))]


def checked(folder: Path, names: list[str]) -> list[dict[str, str]]:
    """What goknot says of each."""
    command = [sys.executable, "-m", "goknot", "plugin", "check", "lura", *names, "--format", "json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    rows: list[dict[str, str]] = json.loads(done.stdout)["plugins"]
    return rows


def krakend(folder: Path, plugin: Plugin, deps: dict[str, str], go: str) -> list[str]:
    """What the rule of check-plugin finds: `name have want`, sorted, Go first."""
    highest: dict[str, str] = {}
    for line in (folder / plugin.folder / "go.sum").read_text().splitlines():
        name, version, *_ = line.split()
        version = version.removesuffix("/go.mod")
        if semver.compare(version, highest.get(name, "")) > 0:
            highest[name] = version
    differ = [f"{n} {highest[n]} {want}" for n, want in sorted(deps.items()) if highest.get(n, want) != want]
    typed = go_of(folder / f"{plugin.name}.so")
    return differ if typed == go else [f"go {typed} {go}", *differ]


def go_of(file: Path) -> str:
    """The Go that built a file."""
    return subprocess.run(["go", "version", file], capture_output=True, text=True, check=True).stdout.split()[1]


def dependencies(file: Path) -> dict[str, str]:
    """Module -> version, as runtime/debug lists them (without replacements)."""
    text = subprocess.run(["go", "version", "-m", file], capture_output=True, text=True, check=True).stdout
    rows = (line.split() for line in text.splitlines())
    return {row[1]: row[2] for row in rows if row and row[0] == "dep"}


def main() -> None:
    """Prints both tables."""
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    build(folder)
    host_go, deps = go_of(folder / "lura"), dependencies(folder / "lura")
    print(f"host: lura with {len(deps)} modules, {host_go}, {platform.libc_ver()[1]}\n")
    print("| plugin | `plugin.Open` | goknot | check-plugin's rule |\n|---|---|---|---|")
    same = right = 0
    for plugin in plugins():
        name = f"{plugin.name}.so"
        real, said, rule = opened(folder, [name]), checked(folder, [name])[0], krakend(folder, plugin, deps, host_go)
        told = f"{said['outcome']} {said.get('text', '')}".strip()
        same += [told] == real
        right += (not rule) == (real == ["opens"])
        short = real[0].replace("plugin was built with a different version of package", "different version of")
        cause = f"the same; {said['why']}; fix: `{said['fix']}`" if "why" in said else "the same"
        verdict = "; ".join(rule[:3]) + (f" and {len(rule) - 3} more" if len(rule) > 3 else "")
        print(f"| {plugin.name} | {short} | {cause if [told] == real else told} | {verdict or 'compatible'} |")
    print(f"\ngoknot: {same} of {len(plugins())}, text included; check-plugin's rule: {right} of {len(plugins())}")
    for names in (list(EXAMPLES), ["modifier-untrimmed", *EXAMPLES], [*EXAMPLES, "own-text", "own-unlinked", "own"]):
        files = [f"{name}.so" for name in names]
        real, rows = opened(folder, files), checked(folder, files)
        told = [f"{row['outcome']} {row.get('text', '')}".strip() for row in rows]
        print(f"\nin order: {' '.join(names)}: {'the same' if told == real else 'NOT the same'}")
        print("\n".join(f"    {line}" for line in real))


if __name__ == "__main__":
    main()
