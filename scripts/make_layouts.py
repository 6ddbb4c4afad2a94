"""Writes src/goknot/layouts/tables/goX.Y-ARCH.json from the DWARF of a small program built by each toolchain given.

Usage: make_layouts.py GOROOT... (folders with bin/go). Needs no network and no cross compiler.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from goknot.formats.dwarf import Dwarf
from goknot.formats.elf import ElfFile
from goknot.layouts.layout import STRUCTS

# Whether a release has them (internal/abi/type.go): how interfaces hold pointers, how masks of types are kept
ABI_NAMES = ("TFlagDirectIface", "TFlagGCMaskOnDemand", "KindGCProg")
TABLES = Path(__file__).resolve().parent.parent / "src/goknot/layouts/tables"
MAIN = """package main
import ("fmt"; "os"; "runtime"; "runtime/debug"; "time"; "sync")
var m sync.Map
func main() {
	p := new([4]int)
	runtime.SetFinalizer(p, func(*[4]int) {})
	use(p)
	time.AfterFunc(time.Hour, func() {})
	c := make(chan int, 1)
	select { case c <- 1: case <-time.After(1): }
	defer func() { recover() }()
	mm := map[string]int{"a": len(os.Args)}
	m.Store("x", mm)
	debug.WriteHeapDump(2)
	fmt.Println(mm, debug.SetGCPercent(10))
}
"""
USE = "//go:build !go1.24\n\npackage main\nfunc use(p *[4]int) {}\n"
USE_124 = """//go:build go1.24

package main
import ("runtime"; "weak"; "unique")
func use(p *[4]int) { runtime.AddCleanup(p, func(int) {}, 1); println(weak.Make(p).Value(), unique.Make("a").Value()) }
"""


def wait_reasons(source: str) -> list[str]:
    """runtime2.go: the names of `waitReason` in order, and the text of each."""
    block = re.search(r"waitReasonZero\s+waitReason = iota.*?\n\)", source, re.S)
    texts = dict(re.findall(r'^\s*(waitReason\w+):\s*"(.*?)",', source, re.M))
    assert block
    return [texts.get(name, "") for name in re.findall(r"^\s*(waitReason\w+)", block[0], re.M)]


def make(goroot: Path, arch: str) -> None:
    version = (goroot / "VERSION").read_text().split()[0]
    minor = ".".join(version.removeprefix("go").split(".")[:2])
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        (work / "go.mod").write_text(f"module shapes\n\ngo {minor}\n")
        for name, text in (("main.go", MAIN), ("use.go", USE), ("use124.go", USE_124)):
            (work / name).write_text(text)
        env = os.environ | {
            "GOROOT": str(goroot), "GOTOOLCHAIN": "local", "GOARCH": arch, "GOOS": "linux", "CGO_ENABLED": "0",
            "GOPROXY": "off", "GOWORK": "off", "GOFLAGS": "",
        }  # fmt: skip
        subprocess.run([goroot / "bin/go", "build", "-o", "hello", "."], cwd=work, env=env, check=True)
        structs = Dwarf(ElfFile(str(work / "hello"))).structs(set(STRUCTS))
    runtime = goroot / "src/runtime"
    constants = {
        name: int(value)
        for name, value in re.findall(r"^\s*(_KindSpecial\w+)\s*= (\d+)", (runtime / "mheap.go").read_text(), re.M)
    }
    abi = (goroot / "src/internal/abi/type.go").read_text()
    constants |= {name: int(re.search(rf"\b{name}\b", abi) is not None) for name in ABI_NAMES}
    table = {
        "go": minor,
        "arch": arch,
        "made_from": version,
        "constants": constants,
        "wait_reasons": wait_reasons((runtime / "runtime2.go").read_text()),
        "structs": {
            name: [
                found.n_bytes,
                {m: [member.off, member.n_bytes] for m, member in sorted(found.members.items()) if m != "_"},
            ]
            for name, found in sorted(structs.items())
        },
    }
    TABLES.mkdir(exist_ok=True)
    target = TABLES / f"go{minor}-{arch}.json"
    target.write_text(json.dumps(table, sort_keys=True, separators=(",", ":")) + "\n")
    print(target.name, len(structs), "structs; missing:", sorted(set(STRUCTS) - set(structs)))


def main() -> None:
    for goroot in sys.argv[1:]:
        for arch in ("amd64", "arm64"):
            make(Path(goroot).resolve(), arch)


if __name__ == "__main__":
    main()
