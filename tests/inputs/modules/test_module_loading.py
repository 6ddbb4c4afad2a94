"""The graph from go.mod files alone, against `go mod graph` and `go list -m all`."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from caches import Sandbox, needs_go, requires

from goknot.inputs.modules.cache import ModuleCache
from goknot.inputs.modules.goenv import read_goenv
from goknot.inputs.modules.loading import load_requirements
from goknot.inputs.modules.main_modules import find_main_modules
from goknot.inputs.modules.summaries import Summaries


def load(sandbox, start=None):
    problems = []
    goenv = read_goenv(sandbox.env)
    mains = find_main_modules(start or sandbox.main, goenv, lambda *problem: problems.append(problem))
    summaries = Summaries(mains, ModuleCache(goenv.modcache), lambda *problem: problems.append(problem))
    graph = load_requirements(summaries)
    lines = {f"{module} {required}" for module, all_ in graph.walk() for required in all_}
    return lines, graph, summaries, problems


def check(sandbox, start=None):
    said = sandbox.go("mod", "graph", cwd=start)
    lines, _, summaries, problems = load(sandbox, start)
    if said is None:
        assert summaries.n_failed or problems, sandbox.error
        return False
    assert lines == set(said.splitlines())
    assert not summaries.n_failed
    return True


def simple(sandbox):
    sandbox.add("ex.com/a", "v1.0.0", "go 1.17\n" + requires("ex.com/b v1.1.0", "ex.com/c v1.0.0"))
    sandbox.add("ex.com/b", "v1.0.0", "go 1.17\n")
    sandbox.add("ex.com/b", "v1.1.0", "go 1.17\n" + requires("ex.com/d v1.0.0"))
    sandbox.add("ex.com/c", "v1.0.0", requires("ex.com/e v1.0.0"))
    sandbox.add("ex.com/d", "v1.0.0", "go 1.17\n")
    sandbox.add("ex.com/e", "v1.0.0", requires("ex.com/f v1.0.0"))
    sandbox.add("ex.com/f", "v1.0.0", requires("ex.com/a v0.9.0"))
    sandbox.add("ex.com/a", "v0.9.0")
    sandbox.add("Ex.com/Upper", "v1.0.0")
    return sandbox


MAINS = {
    "pruned": "go 1.21\n" + requires("ex.com/a v1.0.0"),
    "unpruned": "go 1.16\n" + requires("ex.com/a v1.0.0"),
    "no go": requires("ex.com/a v1.0.0"),
    "nothing": "go 1.22.1\n",
    "toolchain": "go 1.21.1\ntoolchain go1.22.0\n" + requires("ex.com/b v1.0.0"),
    "toolchain default": "go 1.21.1\ntoolchain default\n",
    "old root": "go 1.21\n" + requires("ex.com/a v1.0.0", "ex.com/b v1.0.0"),
    "old root, unpruned": "go 1.15\n" + requires("ex.com/a v1.0.0", "ex.com/b v1.0.0 // indirect"),
    "root twice": "go 1.21\n" + requires("ex.com/b v1.0.0", "ex.com/b v1.1.0"),
    "root twice, unpruned": "go 1.15\n" + requires("ex.com/b v1.0.0", "ex.com/b v1.1.0"),
    "excluded root": "go 1.21\nexclude ex.com/b v1.1.0\n" + requires("ex.com/b v1.1.0", "ex.com/a v1.0.0"),
    "excluded deeper": "go 1.16\nexclude ex.com/e v1.0.0\n" + requires("ex.com/a v1.0.0"),
    "replaced by a version": "go 1.21\nreplace ex.com/a => ex.com/c v1.0.0\n" + requires("ex.com/a v1.0.0"),
    "replaced at one version": "go 1.16\nreplace ex.com/a v0.9.0 => ex.com/b v1.0.0\n" + requires("ex.com/a v1.0.0"),
    "replaced at another version": "go 1.21\nreplace ex.com/a v0.8.0 => ex.com/b v1.0.0\n"
    + requires("ex.com/a v1.0.0"),
    "replaced by a folder": "go 1.21\nreplace ex.com/a => ../local\n" + requires("ex.com/a v1.0.0"),
    "replaced by a missing folder": "go 1.21\nreplace ex.com/a => ../nowhere\n" + requires("ex.com/a v1.0.0"),
    "requires itself": "go 1.21\n" + requires("ex.com/main v1.0.0", "ex.com/a v1.0.0"),
    "not in the cache": "go 1.21\n" + requires("ex.com/z v1.0.0"),
    "upper case": "go 1.21\n" + requires("ex.com/b v1.0.0"),
}


@needs_go
@pytest.mark.parametrize("name", MAINS)
def test_one_module(name, tmp_path):
    sandbox = simple(Sandbox(tmp_path))
    sandbox.add("ex.com/main", "v1.0.0", requires("ex.com/f v1.0.0"))
    sandbox.write("local/go.mod", "module anything\n" + requires("ex.com/c v1.0.0"))
    sandbox.write("main/go.mod", "module ex.com/main\n" + MAINS[name])
    readable = check(sandbox)
    assert readable == (name not in {"not in the cache", "replaced by a missing folder"})


@needs_go
def test_a_module_under_another_name_is_refused(tmp_path):
    sandbox = Sandbox(tmp_path)
    sandbox.add("ex.com/a", "v1.0.0")
    sandbox.write("modcache/cache/download/ex.com/a/@v/v1.0.0.mod", "module ex.com/other\n")
    sandbox.write("main/go.mod", "module ex.com/main\ngo 1.21\n" + requires("ex.com/a v1.0.0"))
    assert not check(sandbox)


WORKS = {
    "two": ("go 1.21\nuse ./main\nuse ./other\n", ""),
    "toolchain": ("go 1.22\ntoolchain go1.23.0\nuse ./main\nuse ./other\n", ""),
    "no go": ("use ./main\nuse ./other\n", ""),
    "replaced": ("go 1.21\nuse ./main\nuse ./other\nreplace ex.com/a => ex.com/c v1.0.0\n", ""),
    "replaced by one of them": ("go 1.21\nuse ./main\nuse ./other\n", "replace ex.com/c => ../local\n"),
    "excluded by one of them": ("go 1.21\nuse ./main\nuse ./other\n", "exclude ex.com/c v1.0.0\n"),
    "one": ("go 1.21\nuse (\n\t./other\n)\n", ""),
}


@needs_go
@pytest.mark.parametrize("name", WORKS)
def test_workspaces(name, tmp_path):
    sandbox = simple(Sandbox(tmp_path))
    work, extra = WORKS[name]
    sandbox.write("local/go.mod", "module anything\n" + requires("ex.com/e v1.0.0"))
    sandbox.write("main/go.mod", f"module ex.com/main\ngo 1.18\n{extra}" + requires("ex.com/a v1.0.0"))
    other = requires("ex.com/b v1.0.0", "ex.com/main v1.0.0", "ex.com/f v1.0.0")
    sandbox.add("ex.com/main", "v1.0.0")
    sandbox.write("other/go.mod", "module ex.com/other\ngo 1.16\n" + other)
    sandbox.write("go.work", work)
    assert check(sandbox)
    assert check(sandbox, sandbox.folder)


NAMES = [f"ex.com/{name}" for name in "abcdef"]
VERSIONS = ["v1.0.0", "v1.1.0-pre", "v1.1.0", "v1.2.0"]
GOES = ["", "go 1.15\n", "go 1.17\n", "go 1.20\n", "go 1.21.0\n", "go 1.23rc1\n"]


def random_sandbox(folder, seed):
    """Modules with random requirements, each module and version there; a main module or a workspace."""
    rng = random.Random(seed)
    sandbox = Sandbox(folder)
    names = NAMES[: rng.randint(2, 6)]

    def some(least=0):
        count = rng.randint(least, 3)
        return requires(
            *(
                f"{rng.choice([*names, 'ex.com/main'])} {rng.choice(VERSIONS)}{rng.choice(['', ' // indirect'])}"
                for _ in range(count)
            )
        )

    for name in [*names, "ex.com/main"]:
        for version in VERSIONS:
            sandbox.add(name, version, rng.choice(GOES) + some())
    sandbox.write("local/go.mod", f"module ex.com/a\n{rng.choice(GOES)}{some()}")

    def extras():
        text = ""
        if rng.random() < 0.4:
            text += f"exclude {rng.choice(names)} {rng.choice(VERSIONS)}\n"
        if rng.random() < 0.4:
            old = rng.choice(names) + rng.choice(["", f" {rng.choice(VERSIONS)}"])
            text += f"replace {old} => {rng.choice(['../local', f'{rng.choice(names)} {rng.choice(VERSIONS)}'])}\n"
        return text

    sandbox.write("main/go.mod", f"module ex.com/main\n{rng.choice(GOES)}{some(1)}{some()}{extras()}")
    if rng.random() < 0.4:
        sandbox.write("other/go.mod", f"module ex.com/other\n{rng.choice(GOES)}{some(1)}{extras()}")
        sandbox.write("go.work", "go 1.24\nuse ./main\nuse ./other\n")
    return sandbox


@needs_go
@pytest.mark.parametrize("block", range(4))
def test_random_modules(tmp_path, block):
    readable = [check(random_sandbox(tmp_path / str(seed), seed)) for seed in range(block * 25, block * 25 + 25)]
    assert sum(readable) > 15  # Go refuses some: the versions of Go in go.work and go.mod, conflicting replacements


@needs_go
@pytest.mark.parametrize("seed", range(15))
def test_selected_versions_are_those_of_go(tmp_path, seed):
    sandbox = random_sandbox(tmp_path / "s", seed)
    (sandbox.folder / "go.work").unlink(missing_ok=True)
    _, graph, _, _ = load(sandbox)
    said = sandbox.go("list", "-m", "-f", "{{.Path}} {{.Version}}", "all")
    if said is None:
        assert sandbox.go("mod", "graph") is None, sandbox.error
        return
    modules = [module for module in graph.build_list() if not module.is_toolchain]
    assert [f"{module.path} {module.version}" for module in modules] == said.splitlines()
