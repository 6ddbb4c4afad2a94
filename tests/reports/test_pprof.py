"""The profile is read back by our own reader, by protobuf, and by `go tool pprof`."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from goknot.errors import InputError
from goknot.formats.pprof import read_profile
from goknot.reports.pprof import ProfileSample, ValueType, encode_profile, write_profile

TYPES = (ValueType("objects", "count"), ValueType("space", "bytes"))
SAMPLES = (
    ProfileSample(("main.main", "main.Cache", "main.Entry"), (3, 300)),
    ProfileSample(("main.main", "main.Cache"), (1, 50)),
    ProfileSample(("main.serve", "[]uint8"), (1, 1000)),
    ProfileSample(("main.main", "main.Cache", "main.Entry"), (1, 100)),
)
NAMES = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), min_size=1, max_size=8)
MADE = st.lists(
    st.builds(
        ProfileSample,
        st.lists(NAMES, min_size=1, max_size=5).map(tuple),
        st.tuples(st.integers(0, 2**63 - 1), st.integers(-(2**63), 2**63 - 1)),
    ),
    max_size=8,
    unique_by=lambda one: one.frames,
)


def stacks(samples: object) -> dict[tuple[str, ...], tuple[int, ...]]:
    found: dict[tuple[str, ...], tuple[int, ...]] = {}
    for one in samples:
        before = found.get(one.frames, (0,) * len(one.values))
        found[one.frames] = tuple(a + b for a, b in zip(before, one.values, strict=True))
    return found


@given(MADE)
def test_read_back(made: list[ProfileSample]) -> None:
    profile = read_profile("made", write_profile(TYPES, made, default="space", comments=("by hand",)))
    assert profile.types == (("objects", "count"), ("space", "bytes"))
    assert (profile.default_type, profile.comments) == ("space", ("by hand",))
    got = {tuple(frame.function for frame in reversed(one.frames)): one.values for one in profile.samples}
    assert got == stacks(made)


def message_class() -> type:
    """google/pprof's message, declared here: protobuf itself then says what our bytes mean."""
    pytest.importorskip("google.protobuf")
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    kinds = {"i": (3, 1), "s": (9, 1), "I": (3, 3), "U": (4, 3), "u": (4, 1), "S": (9, 3), "b": (8, 1)}
    file = descriptor_pb2.FileDescriptorProto(name="profile.proto", package="p", syntax="proto3")
    messages = {
        "ValueType": {"type": (1, "i"), "unit": (2, "i")},
        "Line": {"function_id": (1, "u"), "line": (2, "i")},
        "Function": {"id": (1, "u"), "name": (2, "i"), "system_name": (3, "i"), "filename": (4, "i")},
        "Location": {"id": (1, "u"), "address": (3, "u"), "line": (4, "Line")},
        "Sample": {"location_id": (1, "U"), "value": (2, "I")},
        "Profile": {
            "sample_type": (1, "ValueType"),
            "sample": (2, "Sample"),
            "location": (4, "Location"),
            "function": (5, "Function"),
            "string_table": (6, "S"),
            "time_nanos": (9, "i"),
            "comment": (13, "I"),
            "default_sample_type": (14, "i"),
        },
    }
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            if kind in kinds:
                message.field.add(name=field, number=number, type=kinds[kind][0], label=kinds[kind][1])
            else:
                message.field.add(name=field, number=number, type=11, label=3, type_name=f".p.{kind}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("p.Profile"))


def test_protobuf_reads_the_same() -> None:
    message = message_class()

    @given(MADE)
    @example(list(SAMPLES))
    def check(made: list[ProfileSample]) -> None:
        agrees(message, made)

    check()


def agrees(message: type, made: list[ProfileSample]) -> None:
    from google.protobuf import unknown_fields

    profile = message.FromString(encode_profile(TYPES, made, default="space"))
    text = list(profile.string_table)
    assert len(unknown_fields.UnknownFieldSet(profile)) == 0
    assert text[profile.default_sample_type] == "space"
    assert [(text[one.type], text[one.unit]) for one in profile.sample_type] == [
        ("objects", "count"),
        ("space", "bytes"),
    ]
    name = {one.id: text[one.name] for one in profile.function}
    location = {one.id: name[one.line[0].function_id] for one in profile.location}
    got = {tuple(location[i] for i in reversed(one.location_id)): tuple(one.value) for one in profile.sample}
    assert got == stacks(made)


@given(st.permutations(SAMPLES))
def test_the_same_bytes_in_any_order(made: list[ProfileSample]) -> None:
    assert write_profile(TYPES, made) == write_profile(TYPES, SAMPLES)


def test_a_frame_without_a_name_is_not_lost() -> None:
    profile = read_profile("made", write_profile(TYPES, [ProfileSample(("main.main", ""), (1, 8))]))
    assert [frame.function for frame in profile.samples[0].frames] == ["?", "main.main"]


def pprof(*arguments: object) -> str:
    go = shutil.which("go")
    if go is None:
        pytest.skip("no go command")
    done = subprocess.run([go, "tool", "pprof", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def table(text: str) -> dict[str, tuple[str, str]]:
    lines = text[text.index("flat%") :].splitlines()[1:]
    return {line.split(None, 5)[5]: (line.split()[0], line.split()[3]) for line in lines}


def test_go_tool_pprof_agrees(tmp_path: Path) -> None:
    file = tmp_path / "heap.pb.gz"
    file.write_bytes(write_profile(TYPES, SAMPLES, default="space"))
    assert table(pprof("-top", "-cum", "-nodecount=0", "-unit=B", file)) == {
        "main.main": ("0", "450B"),
        "main.Cache": ("50B", "450B"),
        "main.serve": ("0", "1000B"),
        "[]uint8": ("1000B", "1000B"),
        "main.Entry": ("400B", "400B"),
    }
    assert table(pprof("-top", "-sample_index=objects", file))["main.Entry"] == ("4", "4")


def test_go_tool_pprof_takes_the_difference(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(write_profile(TYPES, SAMPLES, default="space"))
    grown = ProfileSample(("main.main", "main.Cache", "main.Entry"), (2, 200))
    new.write_bytes(write_profile(TYPES, [*SAMPLES, grown], default="space"))
    assert table(pprof("-top", "-unit=B", f"-diff_base={old}", new)) == {
        "main.Entry": ("200B", "200B"),
        "main.Cache": ("0", "200B"),
        "main.main": ("0", "200B"),
    }


WHOLE = write_profile(TYPES, SAMPLES)
PLAIN = encode_profile(TYPES, SAMPLES)


def test_cut_off_anywhere_is_an_error_or_a_shorter_profile() -> None:
    for size in range(len(WHOLE)):
        with pytest.raises(InputError):
            read_profile("cut", WHOLE[:size])
    for size in range(len(PLAIN)):
        try:
            read_profile("cut", PLAIN[:size])
        except InputError as error:
            assert error.what.startswith("cut: ")  # a cut between two strings leaves a whole profile


@given(st.binary(max_size=200))
@example(b"\x1f\x8b\x08\x00")
@example(b"\x32\x00\x0a\xff\xff\xff\xff\x0f")
@example(b"\x32\x00\x22\x02\x20\x00")
@example(b"\x32\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")
def test_hostile_bytes(data: bytes) -> None:
    try:
        read_profile("hostile", data)
    except InputError as error:
        assert error.where == "hostile"


@given(st.data())
def test_hostile_changes(data: st.DataObject) -> None:
    changed = bytearray(PLAIN)
    for _ in range(3):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_profile("changed", bytes(changed))
    except InputError as error:
        assert error.where == "changed"


def test_a_bomb_is_refused() -> None:
    with pytest.raises(InputError, match="larger than 1000 bytes"):
        read_profile("bomb", gzip.compress(b"\0" * 100_000), most_bytes=1000)


def test_what_go_writes_is_read(tmp_path: Path) -> None:
    go = shutil.which("go")
    if go is None:
        pytest.skip("no go command")
    (tmp_path / "go.mod").write_text("module m\n\ngo 1.21\n")
    (tmp_path / "main.go").write_text(
        'package main\n\nimport (\n\t"os"\n\t"runtime"\n\t"runtime/pprof"\n)\n\nvar kept [][]byte\n\n'
        "//go:noinline\nfunc keep() { kept = append(kept, make([]byte, 1<<20)) }\n\n"
        "func main() {\n\truntime.MemProfileRate = 1\n\tkeep()\n\truntime.GC()\n"
        '\tpprof.Lookup("heap").WriteTo(os.Stdout, 0)\n}\n'
    )
    done = subprocess.run([go, "run", "."], cwd=tmp_path, capture_output=True, check=True)
    profile = read_profile("heap", done.stdout)
    assert ("inuse_space", "bytes") in profile.types
    at = profile.types.index(("inuse_space", "bytes"))
    kept = [one for one in profile.samples if any(frame.function == "main.keep" for frame in one.frames)]
    assert sum(one.values[at] for one in kept) >= 1 << 20
    assert all(frame.line > 0 for one in kept for frame in one.frames if frame.function == "main.keep")
