"""What goes wrong later, though plugin.Open says nothing of it."""

from __future__ import annotations

from collections import defaultdict

from goknot.analyses.plugins.process import Process
from goknot.model.plugins import BuildFacts, Hazard, PluginFile

_LINKER_NAMES = (b"type:", b"go:", b"runtime.", b"_cgo_")
_LINKER_PARTS = (b"..inittask", b"..stmp_", b"..dict")
_CGO_RUNTIME = (
    b"x_cgo_", b"_cgo", b"crosscall", b"_rt0", b"_init", b"_fini", b"fatalf", b"threadentry", b"__"
)  # of runtime/cgo  # fmt: skip
_SANITIZERS = (
    b"11__sanitizer",
    b"6__tsan",
    b"6__asan",
    b"14__interception",
    b"7__ubsan",
)  # C++ names of -race's runtime


def hazards_of(process: Process, plugin: PluginFile) -> tuple[Hazard, ...]:
    """The hazards of a plugin that opened; `process` is as it is right after."""
    lost: dict[int, list[str]] = defaultdict(list)
    types: dict[int, list[str]] = defaultdict(list)
    clashes: dict[int, list[str]] = defaultdict(list)
    for wanted in process.image(plugin.library).wanted:
        bound = process.bind(plugin.library, wanted.name) if wanted.here else None
        if bound is None or bound[0] == plugin.library:
            continue
        name = wanted.name.decode("utf-8", "backslashreplace")
        if bound[0] in process.failed:
            place = lost if wanted.writable and is_variable(wanted.name) else types
            if b"." in wanted.name or wanted.name.startswith((b"type:", b"go:")):
                place[bound[0]].append(name)
                continue
        if wanted.function and is_c_function(wanted.name):
            clashes[bound[0]].append(name)
    return (*_of_lost(process, lost), *_of_types(process, types), *_of_clashes(process, clashes))


def is_variable(name: bytes) -> bool:
    """Whether a symbol is a Go package variable, by its name."""
    return (
        b"." in name
        and not name.startswith(_LINKER_NAMES)
        and not any(part in name for part in _LINKER_PARTS)
        and not name.endswith("·f".encode())
    )


def is_c_function(name: bytes) -> bool:
    """Whether a function's symbol is C's and of none of Go's own runtimes (runtime/cgo, runtime/race)."""
    if b"." in name or b":" in name or name.startswith(_CGO_RUNTIME):
        return False
    return not (name.startswith(b"_Z") and any(part in name for part in _SANITIZERS))


def patch_hazard(host: BuildFacts, plugin: BuildFacts) -> tuple[Hazard, ...]:
    """Another patch release of Go that loads all the same."""
    if not plugin.go or plugin.go == host.go:
        return ()
    text = (
        f"built by {plugin.go}, the host by {host.go}: it opens since no exported interface differs, but the two mix "
        "the code of two releases"
    )
    return (Hazard("go-patch", text),)


def _of_lost(process: Process, lost: dict[int, list[str]]) -> tuple[Hazard, ...]:
    return tuple(
        Hazard(
            "lost-root",
            f"{_some(names)} of this plugin {'is' if len(names) == 1 else 'are'} bound to the copy in "
            f"{process.libraries[library].path}, which failed to open: that copy is no root for the garbage "
            "collector, so what only it reaches is freed while in use",
            tuple(sorted(names)),
        )
        for library, names in sorted(lost.items())
    )


def _of_types(process: Process, types: dict[int, list[str]]) -> tuple[Hazard, ...]:
    return tuple(
        Hazard(
            "poisoned",
            f"{len(names):,} types and tables of this plugin are bound to those of {process.libraries[library].path}, "
            "which failed to open and was never initialised",
            tuple(sorted(names)),
        )
        for library, names in sorted(types.items())
    )


def _of_clashes(process: Process, clashes: dict[int, list[str]]) -> tuple[Hazard, ...]:
    return tuple(
        Hazard(
            "c-symbol",
            f"calls of {_some(names)} go to the C function of that name in {process.libraries[library].path}, "
            "not to this plugin's own",
            tuple(sorted(names)),
        )
        for library, names in sorted(clashes.items())
    )


def _some(names: list[str]) -> str:
    shown = ", ".join(sorted(names)[:3])
    return f"{shown} and {len(names) - 3:,} more" if len(names) > 3 else shown
