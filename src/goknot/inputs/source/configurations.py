"""Where in the space of platforms, cgo and custom tags an edge exists."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from typing import Protocol

from goknot.formats.constraint import ALWAYS, IMPLIED_OS, KNOWN_ARCH, KNOWN_OS, Constraint
from goknot.inputs.source.options import CGO_PLATFORMS, PLATFORMS, SourceOptions, tags_that_are_on
from goknot.inputs.source.package import SourceFile, condition_of

Pair = tuple[int, int]
MAX_CONFIGURATIONS = 4096
# `ignore` marks what no build takes; the others are never on with the compilers looked at
_NEVER_ON = frozenset({"ignore", "gccgo"})
_RELEASE = re.compile(r"go1\.\d+")


class Files(Protocol):
    """What is asked of a scan."""

    platforms: Platforms

    def files_of(self, node: int, *, tests: bool) -> Sequence[SourceFile]: ...  # noqa: D102

    def target_of(self, node: int, import_path: str) -> int: ...  # noqa: D102


class Platforms:
    """The platforms of `go tool dist list`, and what is on for each.

    Args:
        options: The user's tags are on everywhere.
        go_minor: The newest release tag.
        experiments: See `tags_that_are_on`.
    """

    def __init__(self, options: SourceOptions, go_minor: int, experiments: dict[str, str]) -> None:
        self.on_by_platform = [
            tags_that_are_on(options, goos, arch, cgo=False, go_minor=go_minor, experiments=experiments)
            for goos, arch in PLATFORMS
        ]
        self._known = (
            frozenset().union(*self.on_by_platform) | KNOWN_OS | KNOWN_ARCH | _NEVER_ON | {"cgo", "unix", "gc"}
        )
        self._needs: dict[tuple[str, ...], bool | None] = {}

    def custom_tags(self, conditions: Iterable[Constraint]) -> list[str]:
        """The tags that a user may turn on or off, whatever the platform; sorted."""
        tags: set[str] = set()
        for condition in conditions:
            tags |= condition.tags()
        return sorted(tag for tag in tags - self._known if not _RELEASE.fullmatch(tag))

    def needs_custom_tag(self, condition: Constraint) -> bool | None:
        """None if no configuration meets the condition, else whether each that does turns a custom tag on."""
        if not condition.steps:
            return False
        if condition.steps not in self._needs:
            space = Space(self, [condition])
            mask = space.mask(condition)
            self._needs[condition.steps] = not mask & space.without_custom if mask else None
        return self._needs[condition.steps]


class Space:
    """The product of platforms, cgo on and off, and sets of custom tags; one bit each.

    Attributes:
        everywhere: The configurations there are; cgo is never on where Go does not support it.
        without_custom: Those with no custom tag.
        is_whole: Whether every set of custom tags is in it.
        tag_sets: The sets of custom tags, smaller first.
        cgo_states: False and True, or only False if no condition mentions cgo.
    """

    def __init__(self, platforms: Platforms, conditions: Sequence[Constraint]) -> None:
        mentioned = {tag for condition in conditions for tag in condition.tags()}
        custom = platforms.custom_tags(conditions)
        self.cgo_states = (False, True) if "cgo" in mentioned else (False,)
        n_sets = MAX_CONFIGURATIONS // (len(PLATFORMS) * len(self.cgo_states))
        self.is_whole = 2 ** len(custom) <= n_sets
        self.tag_sets = _tag_sets(custom, n_sets, whole=self.is_whole)
        self._cells = [
            (platform, cgo, tags)
            for platform in range(len(PLATFORMS))
            for cgo in self.cgo_states
            for tags in self.tag_sets
        ]
        self.everywhere = self.bits(lambda platform, cgo, _: not cgo or PLATFORMS[platform] in CGO_PLATFORMS)
        self.without_custom = self.bits(lambda _platform, _cgo, tags: not tags) & self.everywhere
        self._mask_by_tag = {tag: self._mask_of_tag(tag, platforms, set(custom)) for tag in mentioned}

    def mask(self, condition: Constraint) -> int:
        """Where a condition holds."""
        return condition.mask(self._mask_by_tag, self.everywhere)

    def cells(self, mask: int) -> list[tuple[int, bool, tuple[str, ...]]]:
        """The configurations of a mask: (platform, cgo, tags)."""
        return [cell for number, cell in enumerate(self._cells) if mask >> number & 1]

    def bits(self, test: Callable[[int, bool, tuple[str, ...]], bool]) -> int:
        """The configurations that pass a test of (platform, cgo, tags)."""
        return sum(1 << number for number, cell in enumerate(self._cells) if test(*cell))

    def _mask_of_tag(self, tag: str, platforms: Platforms, custom: set[str]) -> int:
        if tag == "cgo":
            found = self.bits(lambda _platform, cgo, _tags: cgo)
        elif tag in custom:
            found = self.bits(lambda _platform, _cgo, tags: tag in tags)
        elif tag in _NEVER_ON:
            found = 0
        else:
            found = self.bits(lambda platform, _cgo, _tags: tag in platforms.on_by_platform[platform])
        return found & self.everywhere


def _tag_sets(custom: Sequence[str], n_sets: int, *, whole: bool) -> list[tuple[str, ...]]:
    """Every set of tags; if those are too many, none, each alone, and all."""
    if whole:
        return [chosen for size in range(len(custom) + 1) for chosen in combinations(custom, size)]
    return [(), *((tag,) for tag in custom[: max(0, n_sets - 2)]), tuple(custom)]


def configurations_of(scan: Files, edges: Iterable[Pair]) -> tuple[tuple[str, ...], dict[Pair, int], bool]:
    """See `SourceScan.configurations_of`; the last says whether every configuration was tried."""
    pairs = sorted(set(edges))
    conditions_by_pair = {pair: _conditions(scan, pair) for pair in pairs}
    distinct = sorted({c for conditions in conditions_by_pair.values() for c in conditions}, key=lambda c: c.steps)
    space = Space(scan.platforms, distinct)
    mask_by_condition = {condition: space.mask(condition) for condition in distinct}
    mask_by_pair = {}
    for pair, conditions in conditions_by_pair.items():
        mask = 0
        for condition in conditions:
            mask |= mask_by_condition[condition]
        mask_by_pair[pair] = mask
    classes = [space.everywhere]
    for mask in sorted(set(mask_by_pair.values())):
        classes = [part for old in classes for part in (old & mask, old & ~mask) if part]
    labelled = sorted((label_of(space, part), part) for part in classes)
    bits = {
        pair: sum(1 << number for number, (_, part) in enumerate(labelled) if part & mask)
        for pair, mask in mask_by_pair.items()
    }
    return tuple(label for label, _ in labelled), bits, space.is_whole


def _conditions(scan: Files, pair: Pair) -> set[Constraint]:
    source, target = pair
    found = set()
    for tests in (False, True):
        for name, head in scan.files_of(source, tests=tests):
            condition = condition_of(name, head)
            if condition not in found and any(scan.target_of(source, path) == target for path in head.read_paths):
                if condition == ALWAYS:
                    return {ALWAYS}
                found.add(condition)
    return found


def label_of(space: Space, mask: int) -> str:
    """What a person calls a set of configurations: what it takes at least to be in it."""
    platforms_by_demand: dict[tuple[int, tuple[str, ...], str], list[int]] = {}
    cgo_by_cell: dict[tuple[int, tuple[str, ...]], set[bool]] = {}
    for platform, cgo, tags in space.cells(mask):
        cgo_by_cell.setdefault((platform, tags), set()).add(cgo)
    covered: dict[int, list[set[str]]] = {}
    for (platform, tags), states in sorted(cgo_by_cell.items(), key=lambda item: (len(item[0][1]), item[0])):
        if any(known <= set(tags) for known in covered.get(platform, ())):
            continue  # fewer tags do as well
        covered.setdefault(platform, []).append(set(tags))
        wish = ""
        if len(space.cgo_states) > 1 and len(states) == 1 and PLATFORMS[platform] in CGO_PLATFORMS:
            wish = "cgo" if True in states else "no cgo"
        platforms_by_demand.setdefault((len(tags), tags, wish), []).append(platform)
    return ", ".join(
        _platforms_label(platforms) + (f" ({wish})" if wish else "") + (f" -tags {','.join(tags)}" if tags else "")
        for (_, tags, wish), platforms in sorted(platforms_by_demand.items())
    )


def _platforms_label(chosen: Sequence[int]) -> str:
    """`*/*`, `linux/*`, `linux/amd64`, `not windows/*`; several are joined by `|`."""
    inside, outside = _pattern(set(chosen)), _pattern(set(range(len(PLATFORMS))) - set(chosen))
    if not outside:
        return "*/*"
    if len(outside) < len(inside):
        return "not " + "|".join(outside)
    return "|".join(inside)


def _pattern(chosen: set[int]) -> list[str]:
    """Platforms in short; a system that Go takes for another one's kind (android for linux) is not named beside it."""
    by_arch: dict[str, int] = {}
    for _, arch in PLATFORMS:
        by_arch[arch] = by_arch.get(arch, 0) + 1
    arches = {PLATFORMS[number][1] for number in chosen}
    whole_arches = sum(by_arch[arch] for arch in arches) == len(chosen)
    chosen_by_os: dict[str, set[str]] = {}
    for number in chosen:
        chosen_by_os.setdefault(PLATFORMS[number][0], set()).add(PLATFORMS[number][1])
    labels = []
    for goos, found in sorted(chosen_by_os.items()):
        kind = IMPLIED_OS.get(goos, "")
        if found == _ARCHES_BY_OS[goos] & chosen_by_os.get(kind, set()):
            continue
        whole = found == _ARCHES_BY_OS[goos] and len(found) > 1
        labels += [f"{goos}/*"] if whole else [f"{goos}/{arch}" for arch in sorted(found)]
    return [f"*/{arch}" for arch in sorted(arches)] if whole_arches and len(arches) < len(labels) else labels


_ARCHES_BY_OS: dict[str, set[str]] = {}
for _goos, _arch in PLATFORMS:
    _ARCHES_BY_OS.setdefault(_goos, set()).add(_arch)
