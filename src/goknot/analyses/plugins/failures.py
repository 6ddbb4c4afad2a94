"""Why a plugin fails though no hash differs, and what mends it."""

from __future__ import annotations

from goknot.analyses.plugins.causes import build_command
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
    ):
        if is_so:
            return why, fix
    if "undefined symbol: " in text or "cannot open shared" in text or "version `" in text:
        return _of_loader(plugin, text)
    if build.go and _minor(build.go) != _minor(files.host.build.go):
        why = f"built by {build.go}, the host by {files.host.build.go}: their runtimes keep module data differently"
        return why, build_command(files.host.build, build)
    if text.endswith("plugin already loaded"):
        return _already_loaded(files, plugin)
    return _no_module(files, plugin, text)


def _of_loader(plugin: PluginFile, text: str) -> tuple[str, str]:
    if "could not find symbol" in text:
        why = "its plugin path is not the package path that its symbols carry"
        return why, f"{_REBUILD} (without -ldflags=-pluginpath), or add -gcflags=-p=PATH"
    if "undefined symbol: " in text:
        why = "a C symbol that neither it, the host nor any library of theirs defines"
        return why, "link the library that defines it: #cgo LDFLAGS: -l..."
    if "version `" in text:
        return (
            "it was linked against a newer C library than the one here",
            "build it on the system that it runs on, or an older one",
        )
    library = text.rpartition('"): ')[2].partition(":")[0]
    if library == plugin.real:
        return "it is for another processor, or cannot be read", f"GOARCH=amd64 {_REBUILD}"
    return (
        f"it needs {library}, found in none of the loader's folders",
        f"install {library}, or name its folder in LD_LIBRARY_PATH or -Wl,-rpath",
    )


def _already_loaded(files: PluginSet, plugin: PluginFile) -> tuple[str, str]:
    package = plugin.build.package
    twins = [p.name for p in files.plugins if p is not plugin and p.build.package == package and package]
    if not plugin.build.go:
        return "it enters no module of its own: it is no Go plugin", _REBUILD
    if twins:
        return (
            f"{twins[0]} was built from the same package, {package}, and Go takes a package path once",
            "give one of them another package path, or build it with -ldflags=-pluginpath=NAME and -gcflags=-p=NAME",
        )
    return (
        "the runtime does not see its module: a plugin of another Go was opened before",
        "open only plugins of the host's Go",
    )


def _no_module(files: PluginSet, plugin: PluginFile, text: str) -> tuple[str, str]:
    if "no plugin module data" in text and plugin.build.go:
        if not files.libraries[files.host.library].needs:
            return "the host is linked statically: a plugin cannot bind to its runtime", "link the host dynamically"
        return "it enters no module that the host's runtime sees", f"{_REBUILD}, and open no plugin after a failed one"
    return "the file is no Go plugin", _REBUILD


def _minor(go: str) -> str:
    return ".".join(go.split(".")[:2])
