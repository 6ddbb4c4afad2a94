"""The failure matrix: deliberate cases, really built and really opened, against what goknot says beforehand."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.plugin_matrix import CASES, HOSTS, PLUGINS, Case
from support.plugin_truth import Lived, bare, lived, stripped, told

from goknot.model.plugins import PluginOutcome

_QUICK = 10  # the first so many of the matrix run each time
_DIFFERENT = "plugin was built with a different version of package "
_TWINS: dict[str, Callable[[Path, Path], Path]] = {
    "as built": lambda file, _: file, "stripped": stripped, "bare": bare
}  # fmt: skip
# What no file tells: initialisers that panic. Their opens are left out of random sequences; so is what hangs.
_UNKNOWABLE = {"bomb", "lone-pluginpath"}


def agree(said: tuple[PluginOutcome, ...], real: Lived, what: object) -> None:
    """Outcome, text and package of every open; and a crash later on is never without a hazard."""
    assert [(o.outcome, o.text) for o in said] == list(real.opens), what
    for outcome in said:
        if _DIFFERENT in outcome.text:
            assert outcome.package == outcome.text.rpartition(_DIFFERENT)[2], what
        assert bool(outcome.why) is (outcome.outcome != "opens"), what
        assert bool(outcome.fix) is (outcome.outcome != "opens"), what
    if all(o.outcome not in ("fatal", "crash") for o in said):
        assert real.ended or any(o.hazards for o in said), (what, real.stderr)


def named(case: Case) -> tuple[Path, list[Path]]:
    return HOSTS[case.host](), [PLUGINS[name]() for name in case.plugins.split()]


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, marks=[pytest.mark.slow] if index >= _QUICK else [], id=case.name)
     for index, case in enumerate(CASES)],
)  # fmt: skip
def test_the_matrix(case: Case) -> None:
    host, files = named(case)
    said = told(host, list(map(str, files)))
    agree(said, lived(host, list(map(str, files))), case.name)
    assert [o.outcome for o in said] == case.outcomes.split()
    causes = [outcome for outcome in said if outcome.why]
    assert len(case.causes) == len(causes)
    for (why, fix), outcome in zip(case.causes, causes, strict=True):
        assert re.search(why, outcome.why), (case.name, outcome.why)
        assert re.search(fix, outcome.fix), (case.name, outcome.fix)
    hazards = {(index, hazard.kind) for index, outcome in enumerate(said) for hazard in outcome.hazards}
    assert hazards == set(case.hazards)


def test_the_matrix_is_wide() -> None:
    assert len(CASES) == len({case.name for case in CASES}) == len({(c.host, c.plugins) for c in CASES})
    assert len(CASES) >= 60
    used = {name for case in CASES for name in case.plugins.split()}
    assert used == PLUGINS.keys() - {"bomb"}  # see test_an_initialiser_that_panics


@pytest.mark.slow
@pytest.mark.parametrize("twin", _TWINS)
@pytest.mark.parametrize("host", ["plain", "stripped", "pie"])
def test_twins_of_the_matrix(host: str, twin: str, tmp_path: Path) -> None:
    """Stripped and position independent hosts, stripped plugins, no section headers: the same verdicts, the same Go."""
    for case in CASES:
        if case.host != "plain" or "no-twins" in case.name:
            continue
        program, files = HOSTS[host](), named(case)[1]
        program = _TWINS[twin](program, tmp_path) if twin == "bare" else program
        twins = [str(_TWINS[twin](file, tmp_path)) for file in files]
        said = told(program, twins)
        agree(said, lived(program, twins), (case.name, host, twin))
        assert [o.outcome for o in said] == case.outcomes.split(), (case.name, host, twin)


@pytest.mark.slow
def test_random_sequences_of_the_matrix(tmp_path: Path) -> None:
    """200 sequences of 2 to 7 opens on any host, race hosts among them, of any plugins and their twins."""
    hosts = sorted(HOSTS.keys() - {"without-cgo", "static", "named-main"})
    names = sorted(PLUGINS.keys() - _UNKNOWABLE)
    n_opens, wrong, silent = 0, [], []
    for seed in range(200):
        draw = random.Random(seed)
        host_name = draw.choice(hosts)
        host = draw.choice([HOSTS[host_name](), bare(HOSTS[host_name](), tmp_path)])
        release = next((v for v in ("1.24", "1.27") if host_name == v), "")
        mates = [n for n in names if n.endswith(release)] if release else []
        mates = [n for n in names if n.endswith("race")] if host_name == "race" else mates
        drawn = [draw.choice(mates if mates and draw.random() < 0.6 else names) for _ in range(draw.randint(2, 7))]
        files = [str(_TWINS[draw.choice(sorted(_TWINS))](PLUGINS[name](), tmp_path)) for name in drawn]
        said, real = told(host, files), lived(host, files)
        pairs = [(o.outcome, o.text) for o in said]
        n_opens += max(len(pairs), len(real.opens))
        n_same = sum(one == other for one, other in zip(pairs, real.opens, strict=False))
        if n_same < max(len(pairs), len(real.opens)):
            wrong.append((seed, host_name, drawn, pairs, real.opens))
        fell = not real.ended and all(kind not in ("fatal", "crash") for kind, _ in real.opens)
        if fell and not any(outcome.hazards for outcome in said):
            silent.append((seed, host_name, drawn, real.stderr[:300]))
        sys.stdout.write(
            f"seed {seed}: {host_name}: {' '.join(drawn)}: {n_same} of {max(len(pairs), len(real.opens))}\n"
        )
    assert not silent
    assert len(wrong) <= 0.005 * n_opens, wrong
