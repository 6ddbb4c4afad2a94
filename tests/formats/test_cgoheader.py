"""cgo's header: prototypes as they stand, and structs as the C compiler lays them out."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goknot.formats.cgoheader import CgoHeader, spelled
from goknot.formats.cshapes import UNKNOWN, base_shape

PROLOGUE = """
#ifndef GO_CGO_PROLOGUE_H
#define GO_CGO_PROLOGUE_H
typedef signed char GoInt8;
typedef unsigned char GoUint8;
typedef short GoInt16;
typedef int GoInt32;
typedef long long GoInt64;
typedef GoInt64 GoInt;
typedef size_t GoUintptr;
typedef float GoFloat32;
typedef double GoFloat64;
typedef float _Complex GoComplex64;
typedef double _Complex GoComplex128;
typedef struct { const char *p; ptrdiff_t n; } _GoString_;
typedef _GoString_ GoString;
typedef void *GoMap;
typedef struct { void *t; void *v; } GoInterface;
typedef struct { void *data; GoInt len; GoInt cap; } GoSlice;
#endif
/* End of boilerplate cgo prologue.  */
"""
TYPES = (
    "GoInt8", "GoUint8", "GoInt16", "GoInt32", "GoInt", "GoUintptr", "GoFloat32", "GoFloat64", "GoComplex64",
    "GoComplex128", "GoString", "GoMap", "GoInterface", "GoSlice", "char", "unsigned long", "long int", "_Bool",
    "short unsigned int", "void *", "const char *", "int8_t", "uint16_t", "int32_t", "size_t", "unsigned",
)  # fmt: skip


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_structs_lie_as_the_compiler_lays_them(tmp_path: Path) -> None:
    chosen = random.Random(7)
    structs: list[tuple[str, list[str]]] = []
    text = ["#include <stddef.h>", "#include <stdint.h>", "#include <stdio.h>", PROLOGUE]
    for number in range(150):
        earlier = [f"struct s{index}" for index in range(max(0, number - 5), number)]
        fields = []
        for index in range(chosen.randrange(1, 7)):
            length = chosen.choice(["", "", "", "[3]", "[2][5]"])
            fields.append(f"{chosen.choice([*TYPES, *earlier])} f{index}{length};")
        structs.append((f"struct s{number}", [f"f{index}" for index in range(len(fields))]))
        text.append(f"struct s{number} {{ {' '.join(fields)} }};")
    header = CgoHeader("\n".join(text))
    asks = "".join(
        f'printf("%zu", sizeof({name}));' + "".join(f'printf(" %zu", offsetof({name}, {f}));' for f in fields)
        + 'printf("\\n");' for name, fields in structs
    )  # fmt: skip
    source = tmp_path / "ask.c"
    source.write_text("\n".join(text) + f"\nint main(void) {{ {asks} return 0; }}\n")
    subprocess.run(["gcc", "-w", "-o", tmp_path / "ask", source], check=True)
    said = subprocess.run([tmp_path / "ask"], capture_output=True, text=True, check=True).stdout.splitlines()
    for (name, fields), line in zip(structs, said, strict=True):
        size, *offs = map(int, line.split())
        shape = header.shape(name)
        assert (shape.n_bytes, shape.is_known) == (size, True), name
        found = header.fields(name)
        assert found is not None
        assert [field for field, _ in found] == fields
        top = [int(part.partition(":")[0]) for part in _top_level(shape.text[1:-1])]
        assert top == offs, name


def _top_level(text: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for index, letter in enumerate(text + ","):
        depth += (letter == "{") - (letter == "}")
        if letter == "," and not depth:
            parts.append(text[start:index])
            start = index + 1
    return parts


def test_prototypes() -> None:
    header = CgoHeader(
        "extern int not_ours(int a);\n"
        + PROLOGUE
        + """
#ifdef __cplusplus
extern "C" {
#endif
extern GoInt Add(GoInt a, GoInt b); // extern GoInt No(void);
extern __declspec(dllexport) char* Greet(GoString name);
/* Return type for Split */
struct Split_return {
	GoString r0; /* head */
	GoUint8 r1;
};
extern struct Split_return Split(GoString text,
	unsigned long int at);
extern void reset();
extern const char **names(void * p, point);
"""
    )
    assert [one.text for one in header.prototypes.values()] == [
        "GoInt Add(GoInt, GoInt)",
        "char *Greet(GoString)",
        "struct Split_return Split(GoString, unsigned long int)",
        "void reset(void)",
        "char **names(void *, point)",
    ]
    assert header.is_cgo
    assert header.shape("struct Split_return").text == "{0:{0:ptr,8:i64},16:u8}"
    assert header.shape("struct Split_return").n_bytes == 24
    assert header.shape("point") == UNKNOWN
    assert not CgoHeader("extern int f(int a);").is_cgo


@pytest.mark.parametrize(
    ("text", "shape"),
    [("unsigned long", "u64"), ("long", "i64"), ("long long int", "i64"), ("signed char", "i8"), ("unsigned", "u32")],
)
def test_base_types(text: str, shape: str) -> None:
    assert base_shape(text).text == shape
    assert base_shape(" ".join(reversed(text.split()))).text == shape


def test_longs_of_windows_have_four_bytes() -> None:
    header = CgoHeader(PROLOGUE, long_bytes=4)
    assert (header.shape("long").n_bytes, header.shape("GoInt").n_bytes) == (4, 8)


def test_types_without_end_are_unknown() -> None:
    nested = "struct a0 { char x[9]; };\n" + "".join(
        f"struct a{n} {{ struct a{n - 1} x; struct a{n - 1} y; }};\n" for n in range(1, 60)
    )
    assert CgoHeader(nested).shape("struct a59") == UNKNOWN
    assert CgoHeader("struct a { struct b x; }; struct b { struct a x; };").shape("struct a") == UNKNOWN
    assert CgoHeader("typedef a b; typedef b a;").shape("a") == UNKNOWN
    assert CgoHeader("struct a { char x[99999999999]; };").shape("struct a") == UNKNOWN


@given(st.text(alphabet='extern typdfsuc{}();*,[]_ab01 \n/"#', max_size=200))
def test_any_text_is_taken(text: str) -> None:
    header = CgoHeader(text)
    for name in header.structs:
        header.fields(name)
        assert header.shape(name).text
    for one in header.prototypes.values():
        assert spelled(one.result) == one.result
