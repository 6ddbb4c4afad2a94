"""Why a plugin fails though no hash differs, and what mends it."""

from __future__ import annotations

from pathlib import Path

from goknot.analyses.plugins.causes import build_command, release
from goknot.model.plugins import PluginFile, PluginOutcome, PluginSet

_REBUILD = "go build -buildmode=plugin"


def why_it_fails(files: PluginSet, plugin: PluginFile, outcome: PluginOutcome) -> tuple[str, str]:
    """(why, fix)."""
    build, text = plugin.build, outcome.text
    for is_so, why, fix in (
        (files.host.opener == "stub", "the host was built without cgo", "CGO_ENABLED=1 go build (the host)"),
        (not plugin.real, "there is no such file", f"build it: {_REBUILD} -o {plugin.name}"),
        (plugin.truncated, "the file ends before what its headers map", "copy or build it again"),
        (text.endswith("(previous failure)"), "the host opened this file before, and it failed", "see its first open"),
        (
            outcome.outcome == "hang",
            "an earlier open of this file found a symbol missing and never let go",
            "open each file once",
        ),
        (plugin.library == files.host.library, "that is the host itself", "name plugins only"),
        (bool(plugin.looks_like and not build.go), f"the file is {plugin.looks_like}, no Go plugin", _REBUILD),
    ):
        if is_so:
            return why, fix
    if "undefined symbol: " in text or "cannot open shared" in text or "version `" in text:
        return _of_loader(files, plugin, text)
    return _of_build(files, plugin, outcome)


def _of_build(files: PluginSet, plugin: PluginFile, outcome: PluginOutcome) -> tuple[str, str]:
    build, text = plugin.build, outcome.text
    mode = build.settings.get("-buildmode", "plugin") if build.go else "plugin"
    if mode != "plugin":
        return f"it was built with -buildmode={mode}, which makes no plugin", build_command(files.host.build, build)
    if text.startswith("ASan"):
        return "it was built with -asan, the host without -asan", build_command(files.host.build, build)
    if build.go and _minor(build.go) != _minor(files.host.build.go):
        why = f"built by {build.go}, the host by {files.host.build.go}: their runtimes keep module data differently"
        return why, build_command(files.host.build, build)
    if text.endswith("plugin already loaded"):
        return _already_loaded(files, plugin, outcome)
    return _no_module(files, plugin, text)


def _of_loader(files: PluginSet, plugin: PluginFile, text: str) -> tuple[str, str]:
    if "could not find symbol" in text:
        why = "its plugin path is not the package path that its symbols carry"
        return why, f"{_REBUILD} (without -ldflags=-pluginpath), or add -gcflags=-p=PATH"
    if "undefined symbol: " in text:
        return _of_undefined(files, plugin, text)
    if "version `" in text:
        library, _, version = text.rpartition("version `")
        version = version.partition("'")[0]
        name = Path(library.rstrip(": ")).name
        return (
            f"it was linked against a newer {name} than the one here, which has no {version}",
            "build it on the system that it runs on, or an older one",
        )
    library = text.rpartition('"): ')[2].partition(":")[0]
    if library == plugin.real:
        return _of_another_system(files, plugin)
    return (
        f"it needs {library}, found in none of the loader's folders",
        f"install {library}, or name its folder in LD_LIBRARY_PATH or -Wl,-rpath",
    )


def _of_undefined(files: PluginSet, plugin: PluginFile, text: str) -> tuple[str, str]:
    name = text.rpartition("undefined symbol: ")[2].partition(",")[0]
    symbol, behind = name.encode(), False
    for other in files.plugins:
        behind |= other is plugin
        image = files.libraries[other.library].image if other.library >= 0 and other is not plugin else None
        if image is None or symbol not in image.defined:
            continue
        needs = {wanted.name for wanted in image.wanted if not wanted.here and not wanted.weak}
        own = files.libraries[plugin.library].image
        if own is not None and needs.intersection(own.defined):
            return (
                f"{name} is defined by {other.name}, which needs C symbols of this one in turn: neither can be first",
                "put the shared C functions into a library that both are linked against",
            )
        if behind:
            return f"{name} is defined by {other.name}, which is opened later", f"open {other.name} first"
    return (
        "a C symbol that neither it, the host nor any library of theirs defines",
        "link the library that defines it: #cgo LDFLAGS: -l...",
    )


def _of_another_system(files: PluginSet, plugin: PluginFile) -> tuple[str, str]:
    here, there = plugin.build.settings, files.host.build.settings
    for name, fallback in (("GOARCH", "amd64"), ("GOOS", "linux")):
        wanted = there.get(name, fallback)
        if here.get(name, wanted) != wanted:
            why = f"it is built for {name}={here[name]}, the host for {name}={wanted}"
            return why, f"{name}={wanted} {build_command(files.host.build, plugin.build)}"
    return "it is for another processor, or cannot be read", f"GOARCH=amd64 {_REBUILD}"


def _already_loaded(files: PluginSet, plugin: PluginFile, outcome: PluginOutcome) -> tuple[str, str]:
    package, before = plugin.build.package, files.plugins[: files.plugins.index(plugin)]
    if not plugin.build.go:
        return "it enters no module of its own: it is no Go plugin", _REBUILD
    by_path = {p.real: p for p in files.plugins} | {p.name: p for p in files.plugins}
    other = by_path.get(outcome.in_the_way)
    if other is not None and other.library != plugin.library:
        own = files.libraries[plugin.library].path
        if any(
            files.libraries[needed].path == own for _, needed in files.libraries[other.library].needs if needed >= 0
        ):
            return (
                f"{other.name} is linked against it (DT_NEEDED) and had it mapped: its initialisers never ran",
                "do not link plugins against each other: open both, and use Lookup",
            )
        if other.build.package != package:
            return (
                f"{other.name}, built from {other.build.package}, has the same plugin path, "
                "and Go takes a plugin path once",
                "build one of them without -ldflags=-pluginpath",
            )
    alien = next((p for p in before if p.build.go and _minor(p.build.go) != _minor(files.host.build.go)), None)
    if not outcome.in_the_way and alien is not None:
        return (
            f"the runtime does not see its module: {alien.name}, built by {alien.build.go}, was opened before",
            "open only plugins of the host's Go",
        )
    twin = other if other is not None and other is not plugin else None
    twin = twin or next((p for p in before if p.build.package == package and package), None)
    if twin is not None:
        return (
            f"{twin.name} was built from the same package, {package}, and Go takes a package path once",
            "give one of them another package path, or build it with -ldflags=-pluginpath=NAME and -gcflags=-p=NAME",
        )
    return "the runtime does not see its module", f"{_REBUILD}, and open no plugin after a failed one"


def _no_module(files: PluginSet, plugin: PluginFile, text: str) -> tuple[str, str]:
    if "no plugin module data" in text and plugin.build.go:
        if not files.libraries[files.host.library].needs:
            return "the host is linked statically: a plugin cannot bind to its runtime", "link the host dynamically"
        return "it enters no module that the host's runtime sees", f"{_REBUILD}, and open no plugin after a failed one"
    return "the file is no Go plugin", _REBUILD


def _minor(go: str) -> str:
    return ".".join(release(go).split(".")[:2])
