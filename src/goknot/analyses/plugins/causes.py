"""Why hashes differ, from the build information of both sides, and the one thing to change."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from goknot.model.plugins import BuildFacts, PluginOutcome, PluginSet

# Settings that change export data of packages (measured); others may differ and the plugin still loads.
_DECIDING = (
    "-trimpath",
    "-race",
    "-msan",
    "-asan",
    "-cover",
    "-pgo",
    "-gcflags",
    "-asmflags",
    "GOEXPERIMENT",
    "-compiler",
)
_MAYBE = ("-tags", "GOAMD64", "DefaultGODEBUG")
_FLAGS = ("-trimpath", "-race", "-msan", "-asan", "-cover", "-pgo", "-gcflags", "-asmflags", "-tags")
_ENV = ("GOEXPERIMENT", "GOAMD64")


def explain(files: PluginSet, outcome: PluginOutcome, plugin: BuildFacts) -> tuple[str, str]:
    """(why, fix) of a plugin whose package hashes differ."""
    host = files.host.build
    if outcome.poisoned_by:
        return (
            f"{outcome.package} is compared with the copy in {outcome.poisoned_by}, which failed to open and stays "
            "mapped: the plugin itself fits the host",
            f"mend {outcome.poisoned_by}, or open it last",
        )
    if plugin.go and plugin.go != host.go:
        return f"built by {plugin.go}, the host by {host.go}", build_command(host, plugin)
    differing = differing_settings(host, plugin, _DECIDING)
    if differing:
        return "; ".join(differing), build_command(host, plugin)
    module = module_of(outcome.package, plugin)
    if module and module != host.main and module in host.modules:
        found = _of_module(module, host, plugin)
        if found:
            return found
    return _by_elimination(outcome, host, plugin, module)


def differing_settings(host: BuildFacts, plugin: BuildFacts, names: Iterable[str]) -> list[str]:
    """What differs among the named settings, in words."""
    found = []
    for name in names:
        here, there = plugin.settings.get(name, ""), host.settings.get(name, "")
        if here != there:
            found.append(f"the plugin was built {_with(name, here)}, the host {_with(name, there)}")
    return found


def module_of(package: str, build: BuildFacts) -> str:
    """The module that a package belongs to: the longest path that begins it; empty for the standard library."""
    fitting = [path for path in build.modules if package == path or package.startswith(f"{path}/")]
    return max(fitting, key=len, default="")


def build_command(host: BuildFacts, plugin: BuildFacts) -> str:
    """`go build` of the plugin with the host's toolchain and flags."""
    differ = [name for name in _ENV if host.settings.get(name, "") != plugin.settings.get(name, "") and plugin.go]
    named = differ if plugin.go else [name for name in _ENV if host.settings.get(name, "v1") != "v1"]
    env = [f"{name}={shlex.quote(host.settings.get(name, ''))}" for name in named]
    if host.go != plugin.go:
        env.insert(0, f"GOTOOLCHAIN={host.go.split()[0]}")
    flags = []
    for name in _FLAGS:
        value = host.settings.get(name, "")
        if value:
            flags.append(name if value == "true" else shlex.quote(f"{name}={value}"))
    package = plugin.package if plugin.package and plugin.package != "command-line-arguments" else "."
    return " ".join([*env, "go build -buildmode=plugin", *flags, package])


def _of_module(module: str, host: BuildFacts, plugin: BuildFacts) -> tuple[str, str] | None:
    here, there = plugin.modules[module], host.modules[module]
    if here[0] != there[0] or here[2] != there[2]:
        why = f"the plugin has {_module(module, here)}, the host {_module(module, there)}"
        if there[2]:
            target = there[2].replace("@(devel)", "").replace("@", " ")
            return why, f"in the plugin's go.mod: replace {module} => {target}"
        dropped = f"go mod edit -dropreplace={module} && " if here[2] else ""
        return why, f"{dropped}go get {module}@{there[0]}"
    if here[1] != there[1]:
        if not here[1] or not there[1]:
            side = "the plugin" if not here[1] else "the host"
            return (
                f"{side} was built from vendored or local source of {module} {here[0]} (its sum is missing)",
                "build both with -mod=mod, or both from the same vendor folder, and -trimpath",
            )
        return f"{module} {here[0]} has sum {here[1]} in the plugin and {there[1]} in the host", "go clean -modcache"
    return None


def _by_elimination(outcome: PluginOutcome, host: BuildFacts, plugin: BuildFacts, module: str) -> tuple[str, str]:
    same = "Go version, deciding flags and module versions are the same"
    if not host.settings.get("-trimpath"):
        return (
            f"{same}; neither side has -trimpath, so the folder that {outcome.package} was built in counts, "
            "or its source was edited",
            "build host and plugin with -trimpath from the same source",
        )
    maybe = differing_settings(host, plugin, _MAYBE)
    if maybe:
        return f"{same}; {'; '.join(maybe)}", build_command(host, plugin)
    where = module or "the standard library"
    return (
        f"{same}, so the source of {outcome.package} itself differs: {where} was edited between the two builds",
        "build host and plugin from the same commit",
    )


def _with(name: str, value: str) -> str:
    if not value:
        return f"without {name}"
    return f"with {name}" if value == "true" else f"with {name}={value}"


def _module(path: str, version: tuple[str, str, str]) -> str:
    return f"{path} {version[0]}" + (f" => {version[2].replace('@(devel)', '')}" if version[2] else "")
