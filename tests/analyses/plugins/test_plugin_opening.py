"""What goknot says plugin.Open does, against plugin.Open itself: real hosts, real plugins."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.plugin_lab import lab, opened

from goknot.analyses.plugins.opening import Opening
from goknot.inputs.plugins import Reader

UNTRIMMED = "-trimpath=false"
# name -> how it is built
PLUGINS: dict[str, Callable[[], Path]] = {
    "greet": lambda: lab("greet"),
    "count": lambda: lab("count"),
    "newer": lambda: lab("greet", "-modfile=newer.mod"),
    "untrimmed": lambda: lab("greet", UNTRIMMED),
    "elsewhere": lambda: lab("greet", UNTRIMMED, folder="other"),
    "race": lambda: lab("greet", "-race"),
    "noopt": lambda: lab("greet", "-gcflags=all=-N -l"),
    "tagged": lambda: lab("greet", "-tags=extra"),
    "stripped": lambda: lab("greet", "-ldflags=-s -w"),
    "csym": lambda: lab("csym"),
    "cneed": lambda: lab("cneed"),
    "clash1": lambda: lab("clash1"),
    "clash2": lambda: lab("clash2"),
    "badpath": lambda: lab("count", "-ldflags=-pluginpath=elsewhere"),
    "keep1": lambda: lab("keep1"),
    "keep2": lambda: lab("keep2"),
    "keep1-newer": lambda: lab("keep1", "-modfile=newer.mod"),
    "go1.21": lambda: lab("greet", go="1.21.13"),
    "go1.22": lambda: lab("greet", go="1.22.10"),
    "go1.24": lambda: lab("greet", go="1.24.11"),
    "go1.25": lambda: lab("greet", go="1.25.5"),
    "go1.27": lambda: lab("greet", go="1.27.3"),
}
# name -> how it is built
HOSTS: dict[str, Callable[[], Path]] = {
    "plain": lambda: lab("host"),
    "stripped": lambda: lab("host", "-ldflags=-s -w"),
    "pie": lambda: lab("host", "-buildmode=pie"),
    "untrimmed": lambda: lab("host", UNTRIMMED),
    "without-cgo": lambda: lab("host", CGO_ENABLED="0"),
    "static": lambda: lab("host", "-ldflags=-extldflags=-static"),
}
CASES = [
    ("plain", "greet count greet"),
    ("plain", "newer newer greet count"),
    ("plain", "untrimmed greet"),
    ("plain", "elsewhere count"),
    ("plain", "race greet count"),
    ("plain", "noopt greet"),
    ("plain", "tagged greet"),
    ("plain", "greet stripped count"),
    ("plain", "csym greet csym"),
    ("plain", "cneed count cneed"),
    ("plain", "clash1 clash2"),
    ("plain", "go1.21"),
    ("plain", "go1.22"),
    ("plain", "greet go1.22 count"),
    ("plain", "go1.24"),
    ("plain", "go1.27"),
    ("plain", "greet go1.24 count"),
    ("plain", "greet go1.25 greet"),
    ("plain", "count go1.27 greet"),
    ("stripped", "greet newer count"),
    ("pie", "newer greet count"),
    ("pie", "greet go1.22"),
    ("untrimmed", "greet untrimmed"),
    ("untrimmed", "untrimmed elsewhere count"),
    ("without-cgo", "greet"),
    ("static", "greet"),
    ("plain", "badpath"),
    ("plain", "keep1 keep2"),
    ("plain", "keep1-newer keep2"),
]
# hosts of other releases; every combination with plugins of all
OTHERS = ("1.21.13", "1.24.11", "1.27.3")


def predicted(host: Path, plugins: list[str], **options: object) -> list[tuple[str, str]]:
    files = Reader(**options).read(str(host), plugins)  # type: ignore[arg-type]
    opening = Opening.of(files)
    found = []
    for plugin in files.plugins:
        outcome = opening.open(plugin)
        found.append((outcome.outcome, outcome.text))
        if outcome.outcome in ("fatal", "crash", "hang"):
            break
    return found


def really(host: Path, plugins: list[str], **env: str) -> list[tuple[str, str]]:
    said = opened(host, *plugins, **env)
    found = [("crash", f"panic: {text}") if kind == "panic" else (kind, text) for kind, text in said.opens]
    if said.died and not (found and found[-1][0] == "crash"):
        last = next(line for line in said.died.splitlines() if re.match("fatal error|SIGBUS", line))
        found.append(("fatal" if "runtime:" in last else "crash", last))
    return found


@pytest.mark.parametrize(("host", "plugins"), CASES)
def test_as_go_does(host: str, plugins: str) -> None:
    program = HOSTS[host]()
    files = [str(PLUGINS[name]()) for name in plugins.split()]
    assert predicted(program, files) == really(program, files)


def _broken(folder: Path) -> list[str]:
    """Files that are no plugins, by name."""
    good = lab("greet").read_bytes()
    folder.mkdir(exist_ok=True)
    changed = {
        "empty.so": b"",
        "short.so": b"#!/bin/sh\n",
        "script.so": b"#!/bin/sh\n" + b"# a script\n" * 100,
        "half-header.so": good[:63],
        "header.so": good[:64],
        "two-pages.so": good[:8192],
        "truncated.so": good[: len(good) // 2],
        "arm64.so": good[:18] + b"\xb7" + good[19:],
        "i386.so": good[:4] + b"\x01" + good[5:],
        "big-endian.so": good[:5] + b"\x02" + good[6:],
        "relocatable.so": good[:16] + b"\x01" + good[17:],
        "core.so": good[:16] + b"\x04" + good[17:],
        "old-ident.so": good[:6] + b"\x02" + good[7:],
        "solaris.so": good[:7] + b"\x06" + good[8:],
        "abi.so": good[:8] + b"\x05" + good[9:],
        "padding.so": good[:12] + b"\x05" + good[13:],
        "version.so": good[:20] + b"\x02" + good[21:],
        "phentsize.so": good[:54] + b"\x20" + good[55:],
        "no-headers.so": good[:40] + bytes(8) + good[48:58] + bytes(6) + good[64:],
    }
    for name, data in changed.items():
        (folder / name).write_bytes(data)
    (folder / "folder.so").mkdir(exist_ok=True)
    return [*changed, "folder.so", "missing.so"]


def test_files_that_are_no_plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host, good = lab("host"), str(lab("greet"))
    monkeypatch.chdir(tmp_path)
    for name in _broken(tmp_path):
        assert predicted(host, [name, good]) == really(host, [name, good]), name


def test_a_c_library_an_executable_and_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host, good = lab("host"), lab("greet")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.c").write_text("int answer(void) { return 42; }\n")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", "c.so", "c.c"], check=True)
    shutil.copy(good, "copy.so")
    Path("soft.so").symlink_to(good)
    os.link("copy.so", "hard.so")
    for names in (
        ["c.so"],
        [str(good), "c.so", "copy.so"],
        [str(host)],
        ["/bin/true"],
        [str(HOSTS["pie"]())],
        [str(good), "soft.so", "copy.so", "copy.so", str(good)],
        ["copy.so", "hard.so"],
        ["copy.so", "./copy.so", "../" + tmp_path.name + "/copy.so"],
    ):
        assert predicted(host, names) == really(host, names), names


def test_a_needed_library_is_found_where_the_loader_looks(tmp_path: Path) -> None:
    host, plugin = lab("host"), lab("cneed")
    here = str(plugin.parent)
    assert really(host, [str(plugin)], LD_LIBRARY_PATH=here) == [("opens", "")]
    assert predicted(host, [str(plugin)], library_path=(here,)) == [("opens", "")]
    good = (plugin.parent / "libgoknotlab.so").read_bytes()
    for data in (
        b"/* a linker script */\n" * 9,
        b"",
        good[:40],
        good[:4] + b"\x01" + good[5:],
        good[:18] + b"\xb7" + good[19:],
        good[:16] + b"\x01" + good[17:],
    ):
        (tmp_path / "libgoknotlab.so").write_bytes(data)
        for folders in ([str(tmp_path)], [str(tmp_path), here]):
            said = really(host, [str(plugin)], LD_LIBRARY_PATH=":".join(folders))
            assert predicted(host, [str(plugin)], library_path=tuple(folders)) == said, data[:20]


def test_paths_that_realpath_does_not_take(tmp_path: Path) -> None:
    host = lab("host")
    (tmp_path / "loop.so").symlink_to("loop.so")
    for name in ("x" * 300 + ".so", str(tmp_path / "loop.so"), "", str(lab("greet")) + "/more.so"):
        assert predicted(host, [name]) == really(host, [name]), name


def test_versions_of_the_c_library(tmp_path: Path) -> None:
    host, data = lab("host"), lab("greet").read_bytes()
    newer = tmp_path / "newer.so"
    assert data.count(b"\0GLIBC_2.34\0") == 1
    newer.write_bytes(data.replace(b"\0GLIBC_2.34\0", b"\0GLIBC_9.99\0"))
    said = really(host, [str(newer), str(lab("count"))])
    assert "version `GLIBC_9.99' not found" in said[0][1]
    assert predicted(host, [str(newer), str(lab("count"))]) == said


def test_files_without_section_headers(tmp_path: Path) -> None:
    files = {}
    for name, file in (("host", lab("host")), ("newer", PLUGINS["newer"]()), ("greet", lab("greet"))):
        data = file.read_bytes()
        files[name] = tmp_path / name
        files[name].write_bytes(data[:40] + bytes(8) + data[48:58] + bytes(6) + data[64:])
        files[name].chmod(0o755)
    plugins = [str(files["newer"]), str(files["greet"]), str(lab("count"))]
    assert predicted(files["host"], plugins) == really(files["host"], plugins)


def test_a_second_open_of_what_lacks_a_symbol_hangs() -> None:
    host, plugin = lab("host"), str(PLUGINS["badpath"]())
    assert [kind for kind, _ in predicted(host, [plugin, plugin])] == ["error", "hang"]
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run([host, plugin, plugin], capture_output=True, timeout=5, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("go", OTHERS)
@pytest.mark.parametrize("other", [*OTHERS, "1.22.10", "1.25.5", "1.26.6"])
def test_hosts_and_plugins_of_other_releases(go: str, other: str) -> None:
    host, good = lab("host", go=go), str(lab("count", go=go))
    for files in ([str(lab("greet", go=other))], [good, str(lab("greet", go=other)), good]):
        assert predicted(host, files) == really(host, files)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(200))
def test_random_orders(seed: int) -> None:
    draw = random.Random(seed)
    host = HOSTS[draw.choice(["plain", "stripped", "pie", "untrimmed"])]()
    known = sorted(PLUGINS.keys() - {"badpath"})  # its second open hangs
    names = [draw.choice(known) for _ in range(draw.randint(2, 6))]
    files = [str(PLUGINS[name]()) for name in names]
    assert predicted(host, files) == really(host, files), (seed, host.parent.name, names)
