"""Rings between plugins: what is predicted from files and source is what a host then does."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from support.ring_lab import SOURCES, ring_lab, run_host

from goknot.app.plugin_rings import find_plugin_rings
from goknot.model.report import Report
from goknot.model.verdict import Confidence, Verdict

VERSIONS = [
    "1.27.3",
    pytest.param("1.24.11", marks=pytest.mark.slow),
    pytest.param("1.26.6", marks=pytest.mark.slow),
]
# plugins -> (kind of the knot predicted, or none; how sure that is), with the source
CASES = {
    ("ping_a", "ping_b"): ("plugin-open-ring", Confidence.LIKELY),
    ("via_a", "via_b"): ("plugin-open-ring", Confidence.LIKELY),
    ("self",): ("plugin-open-ring", Confidence.LIKELY),
    ("if_a", "if_b"): ("plugin-open-ring", Confidence.POSSIBLE),
    ("run_a", "run_b"): ("plugin-mutual-open", Confidence.LIKELY),
    ("later",): ("plugin-mutual-open", Confidence.LIKELY),
    ("c_a", "c_b"): ("plugin-c-ring", Confidence.CERTAIN),
    ("dt_a", "dt_b"): ("plugin-needed-ring", Confidence.CERTAIN),
    ("chain", "plain"): ("", None),
    ("boom",): ("", None),
}
HANG_SECONDS = 3


def rings(lab: Path, names: tuple[str, ...], *sources: Path) -> Report:
    files = [str(lab / "host"), *(str(lab / f"{name}.so") for name in names)]
    return find_plugin_rings(files, [str(source) for source in sources], root="", library_path="")


def happens(lab: Path, names: tuple[str, ...], **env: str) -> str:
    """What a host that opens them does, in the words of the prediction."""
    ran = run_host(lab, *(f"{name}.so" for name in names), seconds=HANG_SECONDS, **env)
    if ran.code is None:
        return "hangs"
    errors = [line for line in ran.lines if line.startswith("error ")]
    if errors and all("undefined symbol" in line for line in errors) and len(errors) == len(names):
        return "all fail to bind"
    if any("plugin already loaded" in line for line in errors):
        return "already loaded"
    return "opens" if not errors and ran.code == 0 else "panics" if "panic:" in ran.errors else "fails"


MEANS = {
    "plugin-open-ring": "hangs",
    "plugin-mutual-open": "opens",
    "plugin-c-ring": "all fail to bind",
    "plugin-needed-ring": "already loaded",
    "": "opens",
}


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_predicted_happens(version: str) -> None:
    lab = ring_lab(version)
    for names, (kind, confidence) in CASES.items():
        report = rings(lab, names, SOURCES)
        found = [k for k in report.knots if {Path(n.file).stem for n in k.nodes if n.file.endswith(".so")} == {*names}]
        assert [(k.kind, k.confidence) for k in found] == ([(kind, confidence)] if kind else []), names
        env = {"GOKNOT_RING": "1"} if names[0] == "if_a" else {}
        expected = "panics" if names == ("boom",) else MEANS[kind]
        assert happens(lab, names, **env) == expected, names


@pytest.mark.parametrize("version", VERSIONS)
def test_a_ring_behind_an_if_only_may_hang(version: str) -> None:
    assert happens(ring_lab(version), ("if_a", "if_b")) == "opens"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("stripped", [False, True])
def test_machine_code_alone(version: str, stripped: bool, tmp_path: Path) -> None:
    lab = ring_lab(version)
    if stripped:
        for file in (lab / "host", *lab.glob("*.so")):
            shutil.copy(file, tmp_path)
            subprocess.run(["strip", "-s", str(tmp_path / file.name)], check=True)
        lab = tmp_path
    names = tuple(sorted({name for names in CASES for name in names}))
    report = rings(lab, names)
    found = {tuple(sorted(Path(n.file).stem for n in k.nodes)): (k.kind, k.confidence) for k in report.knots}
    expected = {names: said for names, said in CASES.items() if said[0] and names[0] != "if_a"}
    assert found == expected  # filepath.Join is no constant in machine code
    assert [p.what.split()[0] for p in report.problems] == ["example.com/rings/if_a.init.0"]
    assert not report.complete


def test_each_ring_has_a_proven_cut_that_undoes_it() -> None:
    lab = ring_lab("1.27.3")
    report = rings(lab, ("ping_a", "ping_b", "run_a", "run_b", "c_a", "c_b", "dt_a", "dt_b", "self"))
    moves = {
        k.kind: {k.cuts[0].move for k in report.knots} and k.cuts[0].move for k in report.knots if len(k.nodes) > 1
    }
    assert moves == {
        "plugin-open-ring": "host-registry",
        "plugin-mutual-open": "interface-layer",
        "plugin-c-ring": "shared-c-library",
        "plugin-needed-ring": "unlink",
    }
    assert all(k.cuts[0].cost == k.cuts[0].lower_bound == 1 for k in report.knots)
    verdicts = {k.kind: k.verdict for k in report.knots}
    assert verdicts["plugin-mutual-open"] is Verdict.COUPLES
    assert verdicts["plugin-open-ring"] is Verdict.BREAKS_LOAD


def test_lookups_are_seen_in_machine_code() -> None:
    report = rings(ring_lab("1.27.3"), ("run_a", "run_b"))
    assert [edge.symbols for edge in report.knots[0].edges] == [("Name",), ("Name",)]


@pytest.mark.slow
def test_a_member_that_does_not_open_makes_a_ring_doubtful(tmp_path: Path) -> None:
    lab = ring_lab("1.27.3")
    for name in ("host", "ping_a.so"):
        shutil.copy(lab / name, tmp_path)
    shutil.copy(ring_lab("1.24.11") / "ping_b.so", tmp_path)
    report = rings(tmp_path, ("ping_a", "ping_b"))
    assert [k.confidence for k in report.knots] == [Confidence.POSSIBLE]
    assert "does not open at all" in report.knots[0].reason


def test_bad_files_are_named_and_the_others_looked_at(tmp_path: Path) -> None:
    lab = ring_lab("1.27.3")
    script, short, library = tmp_path / "script.so", tmp_path / "short.so", tmp_path / "c.so"
    script.write_text("#!/bin/sh\nexit 0\n")
    short.write_bytes((lab / "plain.so").read_bytes()[:70000])
    subprocess.run(["gcc", "-shared", "-o", str(library), "-x", "c", "/dev/null"], check=True)
    files = [lab / "host", script, lab / "self.so", short, tmp_path / "none.so", library]
    report = find_plugin_rings([str(f) for f in files], [], root="", library_path="")
    assert [k.kind for k in report.knots] == ["plugin-open-ring"]
    assert {Path(p.where).name for p in report.problems} == {"script.so", "short.so", "none.so", "c.so"}
    assert not report.complete
