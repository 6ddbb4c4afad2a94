"""Versions as Go orders them: semantic versions of modules, and the versions of Go itself.

Sources: golang.org/x/mod/semver/semver.go, golang.org/x/mod/module/module.go (CanonicalVersion, SplitPathVersion,
CheckPathMajor), internal/gover/gover.go, cmd/go/internal/gover/mod.go.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_NUMBER = r"(0|[1-9][0-9]*)"
_FIELD = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"  # a numeric field has no leading zero
_SEMVER = re.compile(
    rf"v{_NUMBER}(?:\.{_NUMBER}(?:\.{_NUMBER}(-{_FIELD}(?:\.{_FIELD})*)?(\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?)?)?"
)
_PSEUDO = re.compile(r"v[0-9]+\.(?:0\.0-|[0-9]+\.[0-9]+-(?:[^+]*\.)?0\.)[0-9]{14}-[A-Za-z0-9]+(?:\+[0-9A-Za-z.-]+)?")
_GO = re.compile(rf"{_NUMBER}(?:\.{_NUMBER}(?:\.{_NUMBER}|([a-z]+){_NUMBER}?)?)?")

Key = tuple[object, ...]  # compares as the version does; never with a key of another kind


class Version(NamedTuple):
    """The parts of a semantic version.

    Attributes:
        major: Decimal digits.
        minor: Decimal digits; `0` if it was left out.
        patch: Decimal digits; `0` if it was left out.
        prerelease: With its `-`; empty if none.
        build: With its `+`; empty if none.
    """

    major: str
    minor: str
    patch: str
    prerelease: str
    build: str


def parse(text: str) -> Version | None:
    """The parts of a version such as `v1.2.3-pre+build`, `v1.2` or `v1`; None if it is not one."""
    found = _SEMVER.fullmatch(text)
    if found is None:
        return None
    major, minor, patch, prerelease, build = found.groups()
    return Version(major, minor or "0", patch or "0", prerelease or "", build or "")


def is_valid(text: str) -> bool:
    """Whether `text` is a semantic version with its leading v."""
    return _SEMVER.fullmatch(text) is not None


@lru_cache(maxsize=65536)
def canonical(text: str) -> str:
    """`vX.Y.Z[-PRERELEASE][+incompatible]`, or empty if `text` is no version (module.go CanonicalVersion)."""
    version = parse(text)
    if version is None:
        return ""
    build = version.build if version.build == "+incompatible" else ""
    return f"v{version.major}.{version.minor}.{version.patch}{version.prerelease}{build}"


def is_pseudo(text: str) -> bool:
    """Whether the version names a commit and not a tag (module/pseudo.go)."""
    return text.count("-") >= 2 and _PSEUDO.fullmatch(text) is not None and is_valid(text)


@lru_cache(maxsize=65536)
def key(text: str) -> Key:
    """Sort key: versions in Go's order; what is no version is below every version, and equal to its like.

    Build metadata does not count, so `v2.0.0` and `v2.0.0+incompatible` have the same key.
    """
    version = parse(text)
    if version is None:
        return ()
    numbers = tuple(_number(part) for part in version[:3])
    if not version.prerelease:
        return (*numbers, (1,))
    fields = tuple((0, *_number(f)) if f.isdecimal() else (1, 0, f) for f in version.prerelease[1:].split("."))
    return (*numbers, (0, fields))


def compare(left: str, right: str) -> int:
    """-1, 0 or 1, as semver.go Compare."""
    return _sign(key(left), key(right))


@lru_cache(maxsize=4096)
def go_key(text: str) -> Key:
    """Sort key of a version of Go itself, such as `1.21`, `1.21rc2` or `1.21.0`; invalid ones lowest, and alike."""
    found = _GO.fullmatch(text)
    if found is None:
        return ()
    major, minor, patch, kind, pre = found.groups()
    if minor is None:
        minor = patch = "0"
    elif patch is None and kind is None and _number(minor) < _number("21"):
        patch = "0"  # up to 1.20 the first release was 1.N, since then 1.N.0
    return (_number(major), _number(minor), _number(patch or ""), kind or "", _number(pre or ""))


def go_compare(left: str, right: str) -> int:
    """-1, 0 or 1, as gover.go Compare."""
    return _sign(go_key(left), go_key(right))


@lru_cache(maxsize=65536)
def module_key(path: str, version: str) -> Key:
    """Sort key of a module's version; the main module (no version) is above all (modload/mvs.go cmpVersion)."""
    if version == "":
        return (1,)
    if path == "go":
        return (0, go_key(version))
    if path == "toolchain":
        return (0, go_key(_go_of_toolchain(version)))
    return (0, key(version))


def split_path(path: str) -> tuple[str, str, bool]:
    """(prefix, major version suffix such as `/v2` or `.v2`, whether the path is well formed)."""
    if path.startswith("gopkg.in/"):
        found = re.search(r"\.v([0-9]*)(?:-unstable)?\Z", path, re.ASCII)
        if found is None or found[0] == ".v" or (found[1].startswith("0") and found[0] != ".v0"):
            return path, "", False
        return path[: found.start()], found[0], True
    found = re.search(r"/v([0-9.]+)\Z", path, re.ASCII)
    if found is None:
        return path, "", True
    if not re.fullmatch(r"[1-9][0-9]*", found[1]) or found[1] == "1":
        return path, "", False
    return path[: found.start()], found[0], True


def path_major_problem(path: str, version: str) -> str:
    """What is wrong with a module path and its canonical version together; empty if nothing."""
    _, suffix, fine = split_path(path)
    if not fine:
        return f"malformed module path {path!r}"
    parts = parse(version)
    if parts is None:
        return f"invalid version {version!r}"
    major = "v" + parts.major
    wanted = suffix.removesuffix("-unstable")[1:]
    if not suffix:
        if major in {"v0", "v1"} or parts.build == "+incompatible":
            return ""
        wanted = "v0 or v1"
    elif major == wanted or (suffix.startswith(".v1") and wanted == "v1" and version.startswith("v0.0.0-")):
        return ""
    return f"{path}: version {version!r} should be {wanted}, not {major}"


def _number(digits: str) -> tuple[int, str]:
    # digits compare by length, then as text: they may be too long for int()
    return len(digits), digits


def _go_of_toolchain(name: str) -> str:
    # cmd/go/internal/gover/toolchain.go FromToolchain, maybeToolchainVersion
    if go_key(name):
        return name
    if "/" in name or "\\" in name or not name.startswith("go"):
        return ""
    version = name[2:].partition("-")[0].partition(" ")[0].partition("\t")[0]
    return version if go_key(version) else ""


def _sign(left: Key, right: Key) -> int:
    return 0 if left == right else -1 if left < right else 1
