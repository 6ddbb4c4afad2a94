"""Which build configuration is looked at, and which tags are on in it."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass

from goknot.errors import UsageError
from goknot.formats.constraint import IMPLIED_OS, KNOWN_ARCH, KNOWN_OS, UNIX_OS

NEWEST_GO = 27  # release tags go1.1 to go1.27 are on unless the user or a go.mod asks for more

# go tool dist list; a star: cgo is supported (internal/platform/zosarch.go; on linux/ppc64 since Go 1.27)
_ARCH_BY_OS = {
    "aix": "ppc64*",
    "android": "386* amd64* arm* arm64*",
    "darwin": "amd64* arm64*",
    "dragonfly": "amd64*",
    "freebsd": "386* amd64* arm* arm64*",
    "illumos": "amd64*",
    "ios": "amd64* arm64*",
    "js": "wasm",
    "linux": "386* amd64* arm* arm64* loong64* mips* mips64* mips64le* mipsle* ppc64* ppc64le* riscv64* s390x*",
    "netbsd": "386* amd64* arm* arm64*",
    "openbsd": "386* amd64* arm* arm64* ppc64 riscv64*",
    "plan9": "386 amd64 arm",
    "solaris": "amd64*",
    "wasip1": "wasm",
    "windows": "386* amd64* arm64*",
}
PLATFORMS = tuple((goos, arch.rstrip("*")) for goos, arches in _ARCH_BY_OS.items() for arch in arches.split())
CGO_PLATFORMS = frozenset(
    (goos, arch.rstrip("*")) for goos, arches in _ARCH_BY_OS.items() for arch in arches.split() if arch.endswith("*")
)
# experiment -> (first Go 1.N that has it on, where), by internal/buildcfg/exp.go of each release; where a GOROOT is
# scanned, its own exp.go is read instead
_EXPERIMENTS = {
    "RegabiWrappers": (17, "regabiSupported"),
    "RegabiArgs": (17, "regabiSupported"),
    "Dwarf5": (25, "dwarf5Supported"),
    "RandomizedHeapBase64": (26, "true"),
    "GreenTeaGC": (26, "true"),
    "JSONv2": (27, "true"),
    "SizeSpecializedMalloc": (27, "true"),
}
_REGABI_ARCH = frozenset({"amd64", "arm64", "loong64", "ppc64", "ppc64le", "riscv64", "s390x"})
_HOST_ARCH = {
    "x86_64": "amd64",
    "amd64": "amd64",
    "aarch64": "arm64",
    "arm64": "arm64",
    "i386": "386",
    "i686": "386",
    "x86": "386",
    "armv7l": "arm",
    "armv6l": "arm",
    "loongarch64": "loong64",
}


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """The configuration that files are chosen for.

    Attributes:
        goos: Target system.
        goarch: Target architecture.
        cgo: Whether files that import "C" are built.
        tags: Build tags that are on, sorted.
        go_minor: Release tags go1.1 to go1.N are on; 0: up to the newest, or what a go.mod asks for if that is newer.
        all_platforms: Look at the union of every platform and tag instead.
        mod: What -mod= in $GOFLAGS says; empty if nothing.
        work: What $GOWORK says; empty if nothing.
        experiments: What $GOEXPERIMENT says.
        arch_levels: $GOAMD64 and the like, as (name, value).
    """

    goos: str
    goarch: str
    cgo: bool = False
    tags: tuple[str, ...] = ()
    go_minor: int = 0
    all_platforms: bool = False
    mod: str = ""
    work: str = ""
    experiments: str = ""
    arch_levels: tuple[tuple[str, str], ...] = ()

    @classmethod
    def from_environment(
        cls,
        *,
        goos: str = "",
        goarch: str = "",
        tags: tuple[str, ...] = (),
        go_version: str = "",
        cgo: bool | None = None,
        all_platforms: bool = False,
    ) -> SourceOptions:
        """What the user names, else what Go's environment variables say, else the host.

        Raises:
            UsageError: A name that Go does not know.
        """
        env = os.environ
        host = (_host_os(), _host_arch())
        goos = goos or env.get("GOOS", "") or host[0]
        goarch = goarch or env.get("GOARCH", "") or host[1]
        if goos not in KNOWN_OS:
            raise UsageError(f"unknown GOOS {goos!r}", f"Go knows {', '.join(sorted(KNOWN_OS))}.")
        if goarch not in KNOWN_ARCH:
            raise UsageError(f"unknown GOARCH {goarch!r}", f"Go knows {', '.join(sorted(KNOWN_ARCH))}.")
        if cgo is None:
            wish = env.get("CGO_ENABLED", "")
            cgo = wish == "1" if wish in ("0", "1") else (goos, goarch) == host and host in CGO_PLATFORMS
        flags = _goflags(env.get("GOFLAGS", ""))
        return cls(
            goos=goos,
            goarch=goarch,
            cgo=cgo,
            tags=tuple(sorted(set(tags or re.findall(r"[^\s,]+", flags.get("tags", ""))))),
            go_minor=_go_minor(go_version),
            all_platforms=all_platforms,
            mod=flags.get("mod", ""),
            work=env.get("GOWORK", ""),
            experiments=env.get("GOEXPERIMENT", ""),
            arch_levels=tuple(sorted((name, env[name]) for name in _LEVEL_BY_ARCH.values() if env.get(name))),
        )

    @property
    def platform_label(self) -> str:
        """What a person calls the configuration."""
        return "every platform" if self.all_platforms else f"{self.goos}/{self.goarch}"


def tags_that_are_on(
    options: SourceOptions, goos: str, goarch: str, *, cgo: bool, go_minor: int, experiments: dict[str, str]
) -> frozenset[str]:
    """Every tag that is on for one platform (build.go matchTag, buildcfg toolTags).

    Args:
        options: The user's tags and Go's variables.
        goos: Target system.
        goarch: Target architecture.
        cgo: Whether cgo is on.
        go_minor: The newest release tag.
        experiments: Experiment -> whether it is on by default, as Go's own source says it.
    """
    found = {goos, goarch, "gc", *options.tags, IMPLIED_OS.get(goos, goos)}
    if goos in UNIX_OS:
        found.add("unix")
    if cgo:
        found.add("cgo")
    found.update(f"go1.{minor}" for minor in range(1, go_minor + 1))
    found.update(_feature_tags(goarch, dict(options.arch_levels)))
    on = {name.lower(): _is_true(value, goos, goarch) for name, value in experiments.items()}
    for wish in filter(None, options.experiments.split(",")):
        if wish == "none":
            on = dict.fromkeys(on, False)
        on[wish.removeprefix("no")] = not wish.startswith("no")
    found.update(f"goexperiment.{name}" for name, value in on.items() if value)
    if "goexperiment.boringcrypto" in found:
        found.add("boringcrypto")  # its old name, build.go matchTag
    return frozenset(found)


def default_experiments(go_minor: int) -> dict[str, str]:
    """Experiment -> where it is on by default, as Go's source says it."""
    return {name: where for name, (since, where) in _EXPERIMENTS.items() if go_minor >= since}


def experiments_of(text: bytes) -> dict[str, str]:
    """The same, from the text of a GOROOT's internal/buildcfg/exp.go; empty if it cannot be found there."""
    block = re.search(rb"baseline := goexperiment\.Flags\{(.*?)\n\t\}", text, re.DOTALL)
    pairs = re.findall(rb"(\w+):\s*([^\n]+?),?\s*(?://[^\n]*)?$", block[1], re.MULTILINE) if block else []
    return {name.decode(): value.decode("utf-8", "replace") for name, value in pairs}


def _is_true(value: str, goos: str, goarch: str) -> bool:
    """What a baseline value of exp.go amounts to."""
    if value.startswith("regabi"):
        return goarch in _REGABI_ARCH
    if value == "dwarf5Supported":
        return goos not in ("darwin", "ios", "aix")
    return value == "true"


_LEVEL_BY_ARCH = {
    "386": "GO386",
    "amd64": "GOAMD64",
    "arm": "GOARM",
    "arm64": "GOARM64",
    "mips": "GOMIPS",
    "mipsle": "GOMIPS",
    "mips64": "GOMIPS64",
    "mips64le": "GOMIPS64",
    "ppc64": "GOPPC64",
    "ppc64le": "GOPPC64",
    "riscv64": "GORISCV64",
}
_DEFAULT_LEVEL = {
    "GO386": "sse2",
    "GOAMD64": "v1",
    "GOARM": "7",
    "GOARM64": "v8.0",
    "GOMIPS": "hardfloat",
    "GOMIPS64": "hardfloat",
    "GOPPC64": "power8",
    "GORISCV64": "rva20u64",
}


def _feature_tags(goarch: str, level_by_name: dict[str, str]) -> list[str]:  # noqa: PLR0911 (a table)
    """internal/buildcfg/cfg.go gogoarchTags; a level Go would refuse counts as the default."""
    if goarch == "wasm":
        return ["wasm.satconv", "wasm.signext"]
    name = _LEVEL_BY_ARCH.get(goarch, "")
    if not name:
        return []
    level = level_by_name.get(name, "") or _DEFAULT_LEVEL[name]
    number = [int(n) for n in re.findall(r"\d+", level)] or [0]
    if goarch == "amd64":
        return [f"amd64.v{n}" for n in range(1, number[0] + 1)]
    if goarch == "arm":
        return [f"arm.{n}" for n in range(5, number[0] + 1)]
    if goarch == "arm64":
        major, minor = number[0], (number[1] if len(number) > 1 else 0)
        older = [f"arm64.v8.{n}" for n in range(min(minor + 5, 9) + 1)] if major == 9 else []
        return [f"arm64.v{major}.{n}" for n in range(minor + 1)] + older
    if goarch.startswith("ppc64"):
        return [f"{goarch}.power{n}" for n in range(8, number[0] + 1)]
    if goarch == "riscv64":
        return [f"riscv64.rva{n}u64" for n in (20, 22, 23) if n <= number[0]]
    return [f"{goarch}.{level}"]


def _host_os() -> str:
    for prefix, name in (("darwin", "darwin"), ("win", "windows"), ("cygwin", "windows"), ("sunos", "solaris")):
        if sys.platform.startswith(prefix):
            return name
    plain = re.sub(r"\d+$", "", sys.platform)
    return plain if plain in KNOWN_OS else "linux"


def _host_arch() -> str:
    machine = os.uname().machine if hasattr(os, "uname") else os.environ.get("PROCESSOR_ARCHITECTURE", "amd64")
    machine = machine.lower()
    found = _HOST_ARCH.get(machine, machine)
    return found if found in KNOWN_ARCH else "amd64"


def _goflags(text: str) -> dict[str, str]:
    flags = {}
    for flag in text.split():
        name, _, value = flag.lstrip("-").partition("=")
        flags[name] = value.strip("'\"")
    return flags


def _go_minor(version: str) -> int:
    if not version:
        return 0
    match = re.fullmatch(r"(?:go)?1\.(\d{1,3})(?:\.\d+|rc\d+|beta\d+)?", version)
    if not match:
        raise UsageError(f"{version!r} is not a Go version", "Write it like 1.26.")
    return int(match[1])
