"""Who binds to whom: goknot's own binding, and its reading of the loader's log, against the loader."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.plugin_lab import lab
from support.plugin_matrix import HOSTS, PLUGINS
from support.plugin_truth import bare, stripped

from goknot.analyses.plugins.opening import Opening
from goknot.app.plugin_ldlog import read_ldlog
from goknot.errors import InputError
from goknot.inputs.plugins import Reader


def log_of(host: Path, plugins: list[Path], to: Path, what: str = "libs,symbols,bindings,versions") -> Path:
    env = {**os.environ, "LD_DEBUG": what}
    with to.open("wb") as log:
        subprocess.run([host, *plugins], env=env, stdout=subprocess.DEVNULL, stderr=log, check=False)
    return to


def same_bindings(host: Path, plugins: list[Path], to: Path) -> int:
    """How many bindings are the loader's; fails at the first that is not."""
    text = log_of(host, plugins, to, "bindings").read_text("utf-8", "replace")
    said: dict[tuple[str, str], str] = {}
    for source, target, name in re.findall(r"binding file (\S+) \[0\] to (\S+) \[0\]: normal symbol `(.*)'", text):
        said.setdefault((source, name), target)
    files = Reader().read(str(host), list(map(str, plugins)))
    opening = Opening.of(files)
    n = 0
    for plugin in files.plugins:
        opening.open(plugin)
        for wanted in opening.process.image(plugin.library).wanted:
            bound = opening.process.bind(plugin.library, wanted.name)
            target = said.get((plugin.real, wanted.name.decode()))
            if target is not None:
                assert bound is not None, wanted
                assert os.path.realpath(target) == os.path.realpath(files.libraries[bound[0]].path), wanted
                n += 1
    return n


def test_bindings_are_the_loaders(tmp_path: Path) -> None:
    """Every symbol of every plugin, a failed one among them."""
    plugins = [lab("greet", "-modfile=newer.mod"), lab("keep1", "-modfile=newer.mod"), lab("keep2"), lab("clash1"),
               lab("clash2")]  # fmt: skip
    assert same_bindings(lab("host"), plugins, tmp_path / "log") > 7000


@pytest.mark.slow
@pytest.mark.parametrize(
    ("host", "plugins"),
    [
        ("race", "one-struct-race two-race one-race cdef"),
        ("pie", "one-untrimmed one two cdef cuse"),
        ("1.24", "one-struct-1.24 one-1.24 two-1.24"),
        ("1.27", "one-struct-1.27 one-1.27 two-1.27"),
        ("proxied", "quotes-text quotes-sampler newquotes quotes"),
    ],
)
def test_bindings_of_the_matrix(host: str, plugins: str, tmp_path: Path) -> None:
    files = [bare(stripped(PLUGINS[name](), tmp_path), tmp_path) for name in plugins.split()]
    assert same_bindings(HOSTS[host](), files, tmp_path / "log") > 500


def test_a_log_says_who_is_bound_to_whom(tmp_path: Path) -> None:
    host, one, two = lab("host"), lab("clash1"), lab("clash2")
    path = log_of(host, [one, two], tmp_path / "log")
    log = read_ldlog(str(path), ["goknot_*"])
    assert log.program == str(host)
    assert log.opened == (str(one), str(two))
    assert [(i.source, i.target, i.functions) for i in log.interpositions] == [(str(two), str(one), ("goknot_clash",))]
    assert {(k.wanted_by, k.found_in) for k in log.lookups} == {(str(one), str(one)), (str(two), str(one))}
    assert all(k.looked_in[0] == str(host) for k in log.lookups)
    lines = path.read_text("utf-8", "replace").splitlines()
    assert sum(log.bindings.values()) == sum("\tbinding file" in line for line in lines)
    assert log.n_lines == len(lines)


def test_a_log_says_what_is_missing(tmp_path: Path) -> None:
    host, csym, cneed = lab("host"), lab("csym"), lab("cneed")
    log = read_ldlog(str(log_of(host, [cneed, csym, lab("greet")], tmp_path / "log")))
    assert set(log.missing) == {"libgoknotlab.so"}
    assert log.missing["libgoknotlab.so"][-1].endswith("/libgoknotlab.so")
    unresolved = {lookup.symbol: lookup.looked_in for lookup in log.unresolved}
    assert str(csym) in unresolved["goknot_nobody_defines_this"]
    assert (str(csym), "symbol lookup error: undefined symbol: goknot_nobody_defines_this") in log.errors


def test_the_command(tmp_path: Path) -> None:
    path = log_of(lab("host"), [lab("greet")], tmp_path / "log")
    command = [sys.executable, "-m", "goknot", "plugin", "ldlog"]
    by_file = subprocess.run([*command, path, "-f", "json"], capture_output=True, check=False)
    with path.open("rb") as log:
        by_pipe = subprocess.run([*command, "-", "-f", "json"], stdin=log, capture_output=True, check=False)
    assert (by_file.returncode, by_file.stdout) == (0, by_pipe.stdout)
    assert json.loads(by_file.stdout)["schema"] == "goknot.ldlog/1"
    text = subprocess.run([*command, path], capture_output=True, text=True, check=False)
    assert text.stdout.splitlines()[-1].endswith("lines read")


@pytest.mark.parametrize("data", [b"", b"hello\n" * 10, b"\0" * 300_000, b"  12: not a tab\n"])
def test_what_is_no_log(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "log").write_bytes(data)
    with pytest.raises(InputError, match="holds no line of the dynamic loader"):
        read_ldlog(str(tmp_path / "log"))


def test_damaged_lines(tmp_path: Path) -> None:
    path = log_of(lab("host"), [lab("greet")], tmp_path / "log")
    lines = path.read_bytes().splitlines(keepends=True)
    whole = read_ldlog(str(path))
    damaged = b"".join(line for good in lines for line in (good, b"\xff\xfe of the program\n"))
    path.write_bytes(damaged + b"      7:\tbinding file a [0] to\n" + b"      7:\tsymbol=" + b"x" * 500_000)
    again = read_ldlog(str(path))
    assert again.bindings == whole.bindings
    assert again.n_other >= len(lines) + 2
