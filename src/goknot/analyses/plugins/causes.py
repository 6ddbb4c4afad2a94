"""Why hashes differ, from the build information of both sides, and the one thing to change."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

from goknot.model.plugins import BuildFacts, PluginOutcome, PluginSet

# Settings that change export data of all packages, the standard library's among them (measured).
_GLOBAL = ("-trimpath", "-race", "-msan", "-asan", "GOEXPERIMENT", "-compiler")
_SCOPED = ("-gcflags", "-asmflags", "-cover", "-pgo")  # these change the packages that they are meant for
_MAYBE = ("-tags", "GOAMD64", "DefaultGODEBUG")
_FLAGS = ("-trimpath", "-race", "-msan", "-asan", "-cover", "-pgo", "-gcflags", "-asmflags", "-tags")
_USUAL = {"GOEXPERIMENT": "", "GOAMD64": "v1"}  # variable -> its value where none is set
_ENV = tuple(_USUAL)


def explain(files: PluginSet, outcome: PluginOutcome, plugin: BuildFacts) -> tuple[str, str]:
    """(why, fix) of a plugin whose package hashes differ.

    What changes every package is the cause only if packages of the standard library differ, too.
    """
    host = files.host.build
    if outcome.poisoned_by:
        return (
            f"{outcome.package} is compared with the copy in {outcome.poisoned_by}, which failed to open and stays "
            "mapped: the plugin itself fits the host",
            f"mend {outcome.poisoned_by}, or open it last",
        )
    if outcome.package == "main":  # golang/go #31048
        return (
            "its package path is main, as if it were a program: it lies at the root of a module named main",
            "give the plugin's module another name than main (go mod edit -module=example.com/NAME)",
        )
    return (
        _of_all_packages(outcome, host, plugin)
        or _of_versions(outcome, host, plugin)
        or _of_scoped(outcome, host, plugin)
        or _by_elimination(outcome, host, plugin)
    )


def release(go: str) -> str:
    """The release of a toolchain, without the experiments behind it: `go1.26.6-X:jsonv2` is `go1.26.6`."""
    return go.partition(" ")[0].partition("-X:")[0]


def _of_all_packages(outcome: PluginOutcome, host: BuildFacts, plugin: BuildFacts) -> tuple[str, str] | None:
    if not any(_is_standard(package, host, plugin) for package in outcome.packages):
        return None
    if plugin.go and release(plugin.go) != release(host.go):
        return f"built by {plugin.go}, the host by {host.go}", build_command(host, plugin)
    differing = differing_settings(host, plugin, _GLOBAL)
    return ("; ".join(differing), build_command(host, plugin)) if differing else None


def _of_scoped(outcome: PluginOutcome, host: BuildFacts, plugin: BuildFacts) -> tuple[str, str] | None:
    names = [name for name in _SCOPED if _applies(name, outcome, host, plugin)]
    differing = differing_settings(host, plugin, names)
    return ("; ".join(differing), build_command(host, plugin)) if differing else None


def _is_standard(package: str, host: BuildFacts, plugin: BuildFacts) -> bool:
    if not plugin.modules or not host.modules:
        return True  # built without modules: nothing tells
    return not module_of(package, plugin) and not module_of(package, host)


def _applies(name: str, outcome: PluginOutcome, host: BuildFacts, plugin: BuildFacts) -> bool:
    """Whether a setting's pattern (`-gcflags=PATTERN=...`, go help build) takes in a package that differs."""
    if name not in ("-gcflags", "-asmflags"):
        return True
    for build in (host, plugin):
        pattern, given, _ = build.settings.get(name, "").partition("=")
        if not given or pattern.startswith("-"):
            continue  # without a pattern it is for the packages named on the command line: the main one
        parts = [re.escape(part) for part in pattern.removesuffix("/...").split("...")]
        ends = "(/.*)?" if pattern.endswith("/...") else ""
        if pattern in ("all", "std", "cmd") or pattern.startswith("."):
            return True
        if any(re.fullmatch(".*".join(parts) + ends, package) for package in outcome.packages):
            return True
    return False


def _of_versions(outcome: PluginOutcome, host: BuildFacts, plugin: BuildFacts) -> tuple[str, str] | None:
    """The first package of another module version: one that uses it has another hash, too, and may come first."""
    for package in outcome.packages:
        module = module_of(package, plugin)
        if module and module != host.main and module in host.modules:
            found = _of_module(module, host, plugin)
            if found:
                why, fix = found
                uses = "" if package == outcome.package else f"; {outcome.package} builds on {package}"
                return why + uses, fix
    return None


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
    given, there = plugin.settings, host.settings
    differ = [name for name in _ENV if there.get(name, _USUAL[name]) != given.get(name, _USUAL[name]) and plugin.go]
    named = differ if plugin.go else [name for name in _ENV if there.get(name, _USUAL[name]) != _USUAL[name]]
    env = [f"{name}={shlex.quote(host.settings.get(name, ''))}" for name in named]
    if release(host.go) != release(plugin.go):
        env.insert(0, f"GOTOOLCHAIN={release(host.go)}")
    flags = []
    for name in _FLAGS:
        value = host.settings.get(name, "")
        if value:
            flags.append(name if value == "true" else shlex.quote(f"{name}={value}"))
        elif name == "-pgo" and plugin.settings.get(name):
            flags.append("-pgo=off")  # a default.pgo beside the plugin's main package is taken unasked
    package = plugin.package if plugin.package and plugin.package != "command-line-arguments" else "."
    return " ".join([*env, "go build -buildmode=plugin", *flags, package])


def _of_module(module: str, host: BuildFacts, plugin: BuildFacts) -> tuple[str, str] | None:
    here, there = plugin.modules[module], host.modules[module]
    if here[0] != there[0] or here[2] != there[2]:
        why = f"the plugin has {_module(module, here)}, the host {_module(module, there)}"
        if here[2] == there[2]:
            return why, f"go get {module}@{there[0]}"
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


def _by_elimination(outcome: PluginOutcome, host: BuildFacts, plugin: BuildFacts) -> tuple[str, str]:
    same = "Go version, deciding flags and module versions are the same"
    if release(plugin.go) != release(host.go) or differing_settings(host, plugin, (*_GLOBAL, *_SCOPED)):
        same = "no difference of Go version, flags or module versions explains it"
    module = module_of(outcome.package, plugin)
    if module and not host.settings.get("-trimpath"):  # of the standard library, the folder (GOROOT) never counts
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
