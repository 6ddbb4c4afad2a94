# ruff: noqa: E501
"""The type graph against go/types: every edge, method set and offset of a tree made to be awkward."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.toolchains import go_env, toolchain

from goknot.analyses import types as type_rings
from goknot.analyses.types import find_type_rings
from goknot.inputs.source import DiskTree, SourceOptions, scan_source
from goknot.inputs.source.types import graph as types_graph
from goknot.inputs.source.types.cache import CachedReader
from goknot.inputs.source.types.dependencies import GoPlaces
from goknot.inputs.source.types.graph import TypesRead, read_types

ROOT = Path(__file__).parent.parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))

from types_equality import own_facts, run_oracle, wrong_layouts  # noqa: E402

GO = "1.27.3"
FILES = {
    "go.mod": "module example.com/shop\n\ngo 1.22\n",
    "shop.go": """package shop

import (
	"context"
	"io"
	. "strings"
	"sync"
	"sync/atomic"
	"time"

	al "example.com/shop/alias"
	"example.com/shop/list"
	"example.com/shop/v2"
)

const (
	A = iota + 1
	B
	C = 1 << (B * 2) / 3
	D = len("four") + 'a' - 0x10&^3
	_
	F
)

const word, other uint8 = 0b101, 017

type (
	Basic  struct { a bool; b int64; c byte; d complex128; e string; f [B]int16; g [C + D]uint8; h [F]struct{ x, y Small } }
	Small  struct { r rune; _ struct{} }
	Tail   struct { n int32; end struct{} }
	Word   struct { x [word]bool; y [other]byte; z [al.Size]int }
	Self   struct { next *Self; all []Self; by map[string]*Self; key map[Key]Self; ch chan<- (<-chan *Self); arr [2]*Self; fn func(*Self) Self }
	Key    struct { n int }
	Own    Self
	Again  = Self
	Chain  = Again
	UseAl  struct { a Again; b *Chain; c al.Alias; d al.Deep; e []al.Named }
	Anon   struct { in struct { p *Key; deep struct { q []Key } }; list []struct { p *Key } }
	Embed  struct { *Key; Small; al.Named; list.List[Key]; io.Reader; sync.Mutex }
	Pair[K comparable, V any] struct { k K; v *V; more []Pair[K, V] }
	Inst   struct { p Pair[Key, Self]; q *Pair[string, int]; r list.List[*Inst]; s atomic.Pointer[Inst]; t map[Key]list.Node[Pair[Key, *Inst]] }
	GenAl[T any] = map[string]Pair[Key, T]
	UseGen struct { g GenAl[Self] }
	Num    interface { ~int | ~float64 }
	Sum[T Num] struct { total T; by func(T) Key }
	Times  struct { at time.Time; d time.Duration; ctx context.Context; once sync.Once; n atomic.Int64; b Builder; i atomic.Int32; v v2.Thing }
	Fn     func(Key, ...*Self) (Small, error)
	Tree   map[Key]Tree
	Rows   []Rows
	Cross  struct { l Listener; any any; err error; f interface{ Do(Key) *Self } }
	Zero   struct { _ [0]*Self; ok bool }
)

type Listener interface {
	Namer
	Notify(ctx context.Context, k Key, rest ...string) error
	hidden()
}
type Namer interface{ Name() string }
type Both interface { Namer; io.Closer; interface{ Extra(Chain) } }
type Shape[T any] interface { Of(T) T }

func (s *Self) Name() string { return `a
}
` }
func (Self) Close() error { /* }
}
*/ return nil }
func (s *Chain) Extra(Self) {}
func (k Key) Name() string { return "" }
func (*Key) Notify(_ context.Context, k Key, rest ...string) error { return nil }
func (Key) hidden() {}
func (p *Pair[K, _]) Name() (name string) { return }
func (e Embed) Notify(context.Context, Key, []string) error { return nil }
""",
    "alias/alias.go": "package alias\n\nconst Size = 3\n\ntype Alias = Named\ntype Deep = []map[string]*Alias\ntype Named struct{ N int }\n"
    'func (*Named) Name() string { return "" }\nfunc (Named) hidden() {}\n',
    "list/list.go": "package list\n\ntype Node[T any] struct {\n\tNext *Node[T]\n\tValue T\n}\n\n"
    'type List[T any] struct {\n\thead, tail *Node[T]\n\tn int\n}\n\nfunc (l *List[T]) Name() string { return "" }\n',
    "v2/thing.go": 'package v2\n\nimport shop "example.com/shop/alias"\n\ntype Thing struct { shop.Named; p *shop.Named }\n',
    "v2/thing_windows.go": "package v2\n\ntype Thing struct{ wrong int }\n",
    "v2/thing_test.go": "package v2\n\ntype OnlyInTests struct{}\n",
}


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def goroot(go: Path) -> Path:
    said = subprocess.run([go, "env", "GOROOT"], env=go_env(go), capture_output=True, text=True, check=True)
    return Path(said.stdout.strip())


def read(root: Path, go: Path | None = None, **options: object) -> TypesRead:
    chosen = SourceOptions.from_environment(goos="linux", goarch=str(options.get("goarch", "amd64")), cgo=False)
    places = GoPlaces(root / "no-cache", goroot(go) if go else None)
    return read_types(scan_source(DiskTree(root), chosen), places)


def test_equals_go_types(tmp_path: Path) -> None:
    root = write(tmp_path, FILES)
    go = toolchain(GO)
    mine, theirs = own_facts(read(root, go).graph), run_oracle(root, str(go), go_env(go))
    assert mine.edges == theirs.edges
    assert mine.implements == theirs.implements
    assert len(theirs.edges) > 60
    assert len(theirs.implements) > 5
    wrong, unknown = wrong_layouts(mine, theirs)
    assert wrong == []
    assert unknown == 0


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["net", "go", "crypto", "runtime", "encoding"])
def test_equals_go_types_on_the_standard_library(folder: str) -> None:
    go = toolchain(GO)
    root = goroot(go) / "src" / folder
    chosen = SourceOptions.from_environment(goos="linux", goarch="amd64", cgo=False)
    places = GoPlaces(root / "no-cache", goroot(go))
    mine = own_facts(read_types(scan_source(DiskTree(root), chosen), places).graph)
    theirs = run_oracle(root, str(go), go_env(go) | {"GOFLAGS": ""})
    known = {name for name in mine.layouts if name in theirs.layouts}
    assert len(known) >= len(theirs.layouts) * 0.99
    assert len(mine.edges ^ theirs.edges) <= len(theirs.edges) * 0.005
    assert len(mine.implements - theirs.implements) <= len(theirs.implements) * 0.03
    assert len(theirs.implements - mine.implements) <= len(theirs.implements) * 0.01
    assert wrong_layouts(mine, theirs)[0] == []


def test_offsets_of_small_machines(tmp_path: Path) -> None:
    text = 'package p\n\nimport "sync/atomic"\n\ntype T struct { a byte; b int64; c *int; d atomic.Int64; e string; f bool }\n'
    root = write(tmp_path, {"go.mod": "module m\n", "p.go": text})
    go = toolchain(GO)
    by_arch = {}
    for goarch in ("amd64", "arm64", "386"):
        (one,) = [t for t in read(root, go, goarch=goarch).graph.types if t.name == "m.T"]
        by_arch[goarch] = ([field.offset for field in one.fields], one.size)
    assert by_arch["amd64"] == by_arch["arm64"] == ([0, 8, 16, 24, 32, 48], 56)
    assert by_arch["386"] == ([0, 4, 12, 16, 24, 32], 40)


def test_without_go_offsets_behind_foreign_values_are_not_known(tmp_path: Path) -> None:
    text = 'package p\n\nimport "time"\n\ntype T struct { a *T; at time.Time; b *T; l []time.Time }\n'
    found = read(write(tmp_path, {"go.mod": "module m\n", "p.go": text}))
    (one,) = found.graph.types
    assert [field.offset for field in one.fields] == [0, 8, -1, -1]
    assert one.size == -1
    assert len(found.graph.edges) == 2


def test_broken_files_change_nothing_elsewhere(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole", FILES)
    broken = write(tmp_path / "broken", FILES)
    extra = {
        "bad1.go": "package shop\n\ntype X struct {\n",
        "bad2.go": "package shop\nfunc (",
        "list/bad.go": "type \x00",
    }
    write(broken, extra)
    before, after = read(whole), read(broken)
    names = {one.name: one.fields for one in after.graph.types}
    assert all(names[one.name] == one.fields for one in before.graph.types)
    assert len(own_facts(before.graph).edges - own_facts(after.graph).edges) == 0
    assert {problem.where.partition(":")[0] for problem in after.problems} >= {"bad1.go", "bad2.go"}


@pytest.mark.parametrize(
    "text",
    [
        "type T " + "[]" * 10_000 + "int",
        "type T " + "struct{ a " * 5_000 + "int" + "}" * 5_000,
        "type T struct{ T }\ntype A = B\ntype B = A\ntype C struct { a A; t T }",
        "type G[T any] struct { g *G[[]T]; h *H[G[T]] }\ntype H[T any] struct { g G[*H[T]] }\ntype U struct { g G[U] }",
        "const A = B\nconst B = A + C\nconst C = 1 << 100000\ntype T struct { a [A]int; b [C]int; c [1<<70]int; d [-1]int }",
        "type I interface { I }\ntype J interface { K }\ntype K interface { J; m() }\ntype X struct { I; J }",
        "type A struct { *B }\ntype B struct { *C }\ntype C struct { *A }\nfunc (a *A) M() {}\ntype N interface { M() }",
        "type T[P any] = T[*P]\ntype U struct { t T[int] }",
    ],
)
def test_odd_declarations_end(tmp_path: Path, text: str) -> None:
    root = write(
        tmp_path, {"go.mod": "module m\n", "p.go": f"package p\n\n{text}\n\ntype Good struct {{ next *Good }}\n"}
    )
    graph = read(root).graph
    assert any(one.name == "m.Good" for one in graph.types)
    assert len(graph.edges) < 2_000


def test_a_large_generated_file_is_read_in_one_go(tmp_path: Path) -> None:
    body = "".join(f"type T{n} struct {{ next *T{n + 1}; all map[string][]T{n}; n [4]int64 }}\n" for n in range(20_000))
    root = write(tmp_path, {"go.mod": "module m\n", "p.go": f"package p\n\n{body}type T20000 int\n"})
    graph = read(root).graph
    assert (len(graph.types), len(graph.edges)) == (20_001, 40_000)


def test_too_many_implementers_are_left_out_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten interfaces that ten types implement and one that one does: those with the fewest come first."""
    body = "".join(
        f"type I{n} interface {{ M() }}\ntype T{n} struct{{ i I{n} }}\nfunc (T{n}) M() {{}}\n" for n in range(10)
    )
    only = "type Only interface { N() }\ntype It struct{}\nfunc (It) N() {}\n"
    root = write(tmp_path, {"go.mod": "module m\n", "p.go": f"package p\n\n{only}{body}"})
    assert read(root).problems == ()
    assert sum(edge.kind == "interface" for edge in read(root).graph.edges) == 101
    monkeypatch.setattr(types_graph, "MAX_IMPLEMENTS", 25)
    told = read(root)
    assert sum(edge.kind == "interface" for edge in told.graph.edges) == 21
    assert "m.Only" in {edge.through for edge in told.graph.edges}
    (problem,) = told.problems
    assert problem.what.startswith("8 interfaces")


def test_rings_too_dense_to_search_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = "".join(
        f"type I{n} interface {{ M() }}\ntype T{n} struct{{ i I{n} }}\nfunc (T{n}) M() {{}}\n" for n in range(10)
    )
    graph = read(write(tmp_path, {"go.mod": "module m\n", "p.go": f"package p\n\n{body}"})).graph
    whole = find_type_rings(graph)
    assert (len(whole.knots), whole.n_not_sought) == (55, 0)
    monkeypatch.setattr(type_rings, "_MAX_VISITS", 100)
    part = find_type_rings(graph)
    assert part.n_not_sought > 0
    assert 0 < len(part.knots) < len(whole.knots)
    assert {knot.id for knot in part.knots} <= {knot.id for knot in whole.knots}


def test_the_cache_is_only_a_cache(tmp_path: Path) -> None:
    data = FILES["shop.go"].encode()
    plain = CachedReader(None).read(data)
    for _ in range(2):
        cached = CachedReader(tmp_path / "c")
        assert cached.read(data) == plain
        cached.keep()
    (file,) = (tmp_path / "c").iterdir()
    file.write_bytes(b"no database" * 1000)
    assert CachedReader(tmp_path / "c").read(data) == plain
    (tmp_path / "file").write_text("")
    assert CachedReader(tmp_path / "file" / "below").read(data) == plain


def test_same_bytes_for_every_hash_seed(tmp_path: Path) -> None:
    root = write(tmp_path, FILES)
    command = [sys.executable, "-m", "goknot", "types", str(root), "--format", "json", "--no-cache"]
    said = {
        subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout
        for seed in ("0", "1", "77")
    }
    assert len(said) == 1
