"""Which rings of a heap are nobody's business."""

from __future__ import annotations

import pytest

from goknot.analyses.heap.groups import Example, Link, RingGroup
from goknot.analyses.heap.verdicts import Reason
from goknot.app.heap.report import is_hidden


def group(reason: Reason, *names: str) -> RingGroup:
    links = tuple(Link(name, "", names[(index + 1) % len(names)]) for index, name in enumerate(names))
    return RingGroup(reason, links, 1, len(names), 0, 0, (), 0, EXAMPLE)


EXAMPLE = Example.__new__(Example)  # is_hidden never looks at it


@pytest.mark.parametrize(
    "names",
    [
        ("sync.poolChainElt",),
        ("internal/sync.indirect[interface {},interface {}]",),
        ("chan time.Time", "time.Ticker"),
        ("[]*runtime.p", "runtime.p"),
        ("runtime.m", "unknown"),
        ("chan time.Time", "unknown"),
    ],
)
def test_what_the_runtime_and_its_friends_are_built_of_is_hidden(names: tuple[str, ...]) -> None:
    assert is_hidden(group(Reason.ROOT, *names))
    assert is_hidden(group(Reason.CGO_HANDLE, *names))  # the table of all handles; Delete leaves it as it is
    assert not is_hidden(group(Reason.FINALIZER_IN_RING, *names))
    assert is_hidden(group(Reason.LEAKED_GOROUTINE, *names))  # the goroutine has a knot of its own


@pytest.mark.parametrize(
    "names",
    [
        ("container/list.Element",),
        ("context.cancelCtx", "map[context.canceler]struct {}"),
        ("[]sync.poolLocal", "main.pool"),
        ("example.com/internal/sync.node",),
        ("unknown",),
        ("timekeeper.clock",),
    ],
)
def test_what_the_program_may_cut_is_shown(names: tuple[str, ...]) -> None:
    assert not is_hidden(group(Reason.ROOT, *names))
    assert not is_hidden(group(Reason.UNREACHABLE, *names))
