"""Types that a stripped program says only by its code: none is wrong, and package variables lead on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from support.toolchains import QUICK_VERSIONS, VERSIONS

from goknot.goruntime.code_values import HOLDS, NEW, POINTS_AT, CodeWalk
from goknot.goruntime.graph import heap_graph
from goknot.goruntime.opening import open_core

if TYPE_CHECKING:
    from support.images import ImageMaker

MATRIX = [v if v in QUICK_VERSIONS else pytest.param(v, marks=pytest.mark.slow) for v in VERSIONS]


@pytest.mark.parametrize("options", [{}, {"stripped": True}, {"stripped": True, "pie": True}])
@pytest.mark.parametrize("version", MATRIX)
def test_what_variables_lead_to_has_its_type(version: str, options: dict[str, bool], heap_image: ImageMaker) -> None:
    taken = heap_image(version, case="heap_dark", **options)
    image = open_core(str(taken.core), str(taken.exe))
    types = heap_graph(image).types
    things = taken.said["things"]
    objects = image.resolve(np.array([int(thing["addr"], 16) for thing in things], np.uint64))
    assert objects.min() >= 0
    kinds = types.type_by_object[objects].tolist()
    names = [types.names[kind] if kind >= 0 else "" for kind in kinds]
    said = [thing["type"] for thing in things]
    assert [pair for pair in zip(names, said, strict=True) if pair[0] and pair[0] != pair[1]] == []
    assert [thing for name, thing in zip(names, said, strict=True) if not name] == []


# 1000: lea rax, [rip+x] (0x5000); call 0x2000; mov [rip+y], rax (0x6000)
MAKE = "48 8d 05 f9 3f 00 00  e8 f4 0f 00 00"


def test_a_new_value_goes_where_it_is_stored() -> None:
    walk = CodeWalk({0x2000: "runtime.newobject"}.get, lambda _: 0)  # type: ignore[arg-type]
    facts = walk.read(bytes.fromhex(MAKE + "48 89 05 ed 4f 00 00 c3"), 0x1000)
    assert facts.places == [(0x6000, POINTS_AT, 0x5000)]
    assert facts.returned == {(NEW, 0x5000)}


@pytest.mark.parametrize(
    "between",
    [
        "31 c0",  # xor eax, eax
        "48 89 d8",  # mov rax, rbx
        "e8 00 00 01 00",  # a call
        "48 93",  # xchg rax, rbx
        "48 f7 e3",  # mul rbx
        "8b 03",  # mov eax, [rbx]
    ],
)
def test_what_is_overwritten_is_forgotten(between: str) -> None:
    stored = "48 89 05 00 50 00 00 c3"
    walk = CodeWalk(lambda addr: "runtime.newobject" if addr == 0x2000 else "main.f", lambda _: 0)
    facts = walk.read(bytes.fromhex(MAKE + between + stored), 0x1000)
    assert facts.places == []
    assert (NEW, 0x5000) not in facts.returned


def test_a_loop_forgets_what_it_writes() -> None:
    """At 100c: mov rcx, rax; head: mov [rip], rcx; mov rcx, rbx; jne head."""
    walk = CodeWalk(lambda addr: "runtime.newobject" if addr == 0x2000 else "", lambda _: 0)
    loop = "48 89 c1  48 89 0d ea 4f 00 00  48 89 d9  75 f4  c3"
    assert walk.read(bytes.fromhex(MAKE + loop), 0x1000).places == []


def test_a_method_says_what_its_receiver_is() -> None:
    """Lea rax, [rip+x] (0x5000) and a call of a method."""
    walk = CodeWalk(lambda addr: "example.com/a.(*T).M" if addr == 0x2000 else "", lambda _: 0)
    assert walk.read(bytes.fromhex(MAKE + "c3"), 0x1000).places == [(0x5000, HOLDS, "example.com/a.(*T).M\0" + "0")]
