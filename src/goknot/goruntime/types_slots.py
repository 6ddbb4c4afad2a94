"""What stands in every word of a type: the form in which types flow along pointers (`kernels.type_flow`).

Besides Go's own types there are made ones: what the runtime allocates behind maps and channels, closures by function,
and the bytes of strings.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from goknot.goruntime import types as go
from goknot.goruntime.types_arrays import HEADER_BYTES, FlowArrays, slot_bytes
from goknot.goruntime.types_fields import Capture, FieldNames
from goknot.goruntime.types_index import structs_by_name
from goknot.kernels.type_flow import ANY, CHOICE, DIRECTORY, EXACT, MANY, ONE, OPEN, SCALAR

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Slot = tuple[int, int, int]  # (word, kind, type id or 0)

SHAPE = "go.shape."  # in the name of what generic code uses for all types of one shape
MAX_WORDS = 1 << 16  # of one type; what lies beyond says nothing
# What time.NewTimer returns is the beginning of a runtime.timeTimer (runtime/time.go, `newTimer`; Go 1.23 and later).
LARGER_IN_TRUTH = frozenset({"time.Timer", "time.Ticker"})
_TREE_NODE = re.compile(r"(internal/(?:sync|concurrent))\.node\[(.*)\]")


class FlowTypes:
    """Gives ids to types and compiles what stands in them.

    Attributes:
        names: type id -> name, e.g. `main.Node`, `map[string]int (table)`, `func main.serve.func1`.
        qualified: type id -> the same with whole import paths where descriptors have them.
    """

    def __init__(self, table: go.TypeTable) -> None:
        self._table = table
        self.names: list[str] = []
        self.qualified: list[str] = []
        self._size: list[int] = []
        self._open: list[int] = []
        self._first_field: list[int] = []  # type id -> id of the type at its start, or -1
        self._slots: list[list[Slot]] = []
        self._id_by_addr: dict[int, int] = {}
        self._id_by_key: dict[tuple[str, int], int] = {}
        self._opaque_ids: dict[str, int] = {}
        self._waiting: list[tuple[int, go.GoType]] = []
        self._flat: dict[int, list[Slot]] = {}
        self._buckets: set[int] = set()
        self._storages: set[int] = set()
        self._depth = 0
        self._captures: dict[int, list[Capture]] = {}
        self._owner_by_kind: dict[int, tuple[str, int]] | None = None
        self._other: dict[int, int] = {}
        self.string_id = self._new("string", "string", 1, EXACT)

    def id_at(self, addr: int) -> int:
        """The id of the type whose descriptor is at `addr`, or -1 when there is none."""
        known = self._id_by_addr.get(addr)
        if known is not None:
            return known
        found = self._table.type_at(addr)
        if found is None:
            self._id_by_addr[addr] = -1
            return -1
        bounded = OPEN if found.qualified_name in LARGER_IN_TRUTH else EXACT
        kind = self._id_by_addr[addr] = self._new(found.name, self._table.full_name(found), found.size_bytes, bounded)
        self._waiting.append((kind, found))
        return kind

    def opaque_id(self, name: str) -> int:
        """The id of something of any size whose insides stay unknown, e.g. the runtime's `g` and `sudog`."""
        if name not in self._opaque_ids:
            self._opaque_ids[name] = self._new(name, name, 8, OPEN)
        return self._opaque_ids[name]

    def function_id(self, name: str) -> int:
        """The id of the closure objects of a function."""
        return self.opaque_id(f"func {name}")

    def id_by_name(self) -> dict[str, int]:
        """Go's own types seen so far by qualified name; of two with one name the first."""
        found: dict[str, int] = {}
        for kind in self._id_by_addr.values():
            if kind >= 0:
                found.setdefault(self.qualified[kind], kind)
        return found

    def set_slots(self, kind: int, slots: Iterable[tuple[int, int, int]]) -> None:
        """Says what stands in a made type: (offset, slot kind, type id)."""
        self._slots[kind] = [(off // 8, what, arg) for off, what, arg in slots]

    def set_captures(self, captures: dict[int, list[Capture]]) -> None:
        """Says what closures hold, by their type ids."""
        self._captures |= captures
        for closure, held in captures.items():
            slots: list[Slot] = []
            for capture in held:
                found = self._table.type_at(capture.type_addr) if capture.type_addr else None
                if found is not None:
                    slots += [(capture.off // 8 + word, what, arg) for word, what, arg in self._flatten(found)]
            self._slots[closure] = slots

    def size_bytes(self, kind: int) -> int:
        """The size of one value."""
        return self._size[kind]

    def addr_of(self, kind: int) -> int:
        """The descriptor of a type, or of the type whose part it is (a map's table, ...); 0 where there is none."""
        return self._owners().get(kind, ("", 0))[1]

    def _owners(self) -> dict[int, tuple[str, int]]:
        """type id -> (part, descriptor)."""
        if self._owner_by_kind is None or len(self._owner_by_kind) != len(self._id_by_addr) + len(self._id_by_key):
            self._owner_by_kind = {kind: ("", addr) for addr, kind in self._id_by_addr.items()}
            self._owner_by_kind |= {kind: key for key, kind in self._id_by_key.items()}
        return self._owner_by_kind

    def field_at(self, kind: int, off: int, *, many: bool = False) -> str:
        """The way to what stands at an offset of a type, as `types_fields` spells it; empty where it is not known."""
        names = FieldNames(self._table)
        if kind in self._captures or self.names[kind].startswith("func "):
            return names.captured(self._captures.get(kind, []), off)
        part, addr = self._owners().get(kind, ("", 0))
        if kind in self._storages:
            return names.entry(addr, off)
        if part or self._id_by_key.get((part, addr)) == kind:
            return names.internal(part, addr, off)
        return names.of(addr, off, "[]" if many else "")

    def slots(self, kind: int) -> list[tuple[int, int, int]]:
        """(word, what stands there, type id) of every pointer in a settled type."""
        return self._slots[kind]

    @cached_property
    def addr_by_struct(self) -> dict[str, int]:
        """Every struct type of the program by its qualified name."""
        return structs_by_name(self._table)

    def struct_id(self, name: str) -> int:
        """The id of a struct type by its qualified name, or -1."""
        return self.id_at(self.addr_by_struct[name]) if name in self.addr_by_struct else -1

    def begins_larger(self, kind: int) -> bool:
        """Whether another struct of the program begins with this type and gets a slot of the same size.

        A method of the type that is called on it may then be one that the other has from it.
        """
        return self.addr_of(kind) in self._beginnings

    @cached_property
    def _beginnings(self) -> frozenset[int]:
        """Descriptors of types with which a larger one of the same size class begins."""
        found: set[int] = set()
        for addr in self.addr_by_struct.values():
            outer = inner = self._table.type_at(addr)
            while inner is not None and outer is not None:
                parts = (self._table.type_at(part.type_addr) for part in inner.fields if part.off == 0)
                inner = next((part for part in parts if part is None or part.size_bytes), None)
                if inner is not None and _class(inner.size_bytes) == _class(outer.size_bytes):
                    found.add(inner.addr)
        return frozenset(found)

    def boxed(self, found: go.GoType) -> tuple[int, bool]:
        """What an interface's data word points at when its dynamic type is `found`: (type id or -1, many)."""
        if not found.direct:
            return self.id_at(found.addr), False
        if found.kind == go.POINTER:
            return self.id_at(found.elem_addr), False
        if found.kind in (go.MAP, go.CHAN):
            return self._pointee(found), False
        if found.kind in (go.STRUCT, go.ARRAY):
            slots = self._flatten(found)
            if len(slots) == 1 and slots[0][1] == ONE:
                return slots[0][2], False
        return -1, False

    def settle(self) -> None:
        """Compiles every type reached so far, and all that they point at."""
        while self._waiting:
            kind, found = self._waiting.pop()
            self._slots[kind] = self._flatten(found)
            self._first_field[kind] = self._type_at_start(found)
            if found.pointer_bytes // 8 > MAX_WORDS:
                self._open[kind] = OPEN
            if kind in self._buckets:
                self._chain_buckets(kind)

    def arrays(self) -> FlowArrays:
        """Everything settled so far, as the kernel takes it."""
        self.settle()
        n_words = [max((slot[0] + 1 for slot in slots), default=0) for slots in self._slots]
        slot_start = np.zeros(len(n_words) + 1, np.int64)
        np.cumsum(n_words, out=slot_start[1:])
        slot_kind = np.full(int(slot_start[-1]), SCALAR, np.uint8)
        slot_arg = np.zeros(int(slot_start[-1]), np.int32)
        for kind, slots in enumerate(self._slots):
            first = int(slot_start[kind])
            for word, what, arg in slots:
                slot_kind[first + word], slot_arg[first + word] = (what, arg) if arg >= 0 else (ANY, 0)
        size = np.array(self._size, np.int64)
        class_by_type = slot_bytes(size)
        return FlowArrays(
            size_by_type=size,
            class_by_type=class_by_type,
            header_class_by_type=slot_bytes(size + HEADER_BYTES),
            open_by_type=np.array(self._open, np.uint8),
            rank_by_type=size * 64 + np.array([min(63, self._nesting(kind)) for kind in range(len(size))], np.int64),
            slot_start=slot_start,
            slot_kind=slot_kind,
            slot_arg=slot_arg,
            other_by_type=self._others(),
            described_by_type=self._described(),
            rivalled_by_type=self._rivalled(class_by_type),
        )

    def _new(self, name: str, qualified: str, size_bytes: int, bounded: int) -> int:
        self.names.append(name)
        self.qualified.append(qualified)
        self._size.append(size_bytes)
        self._open.append(bounded)
        self._first_field.append(-1)
        self._slots.append([])
        return len(self.names) - 1

    def _made(self, part: str, owner: go.GoType, size_bytes: int, bounded: int = EXACT) -> tuple[int, bool]:
        """The id of a part of `owner`'s memory, and whether it is new."""
        key = (part, owner.addr)
        known = self._id_by_key.get(key)
        if known is not None:
            return known, False
        suffix = f" ({part})" if part else ""
        made = self._new(owner.name + suffix, self._table.full_name(owner) + suffix, size_bytes, bounded)
        self._id_by_key[key] = made
        return made, True

    def _flatten(self, found: go.GoType) -> list[Slot]:
        """The pointers of a type; kept, so that no nesting costs more than the types it is made of."""
        known = self._flat.get(found.addr)
        if known is None:
            self._flat[found.addr] = self._unknown(found)  # what a type that contains itself would find
            known = self._flat[found.addr] = self._flatten_new(found)
        return known

    def _flatten_new(self, found: go.GoType) -> list[Slot]:  # noqa: PLR0911 - one line a kind
        if not found.pointer_bytes:
            return []
        if found.kind in (go.STRUCT, go.ARRAY):
            parts = self._flatten_parts(found)
            return self._unknown(found) if parts is None else parts
        if found.kind == go.SLICE:
            return [(0, MANY, self.id_at(found.elem_addr))]
        if found.kind == go.STRING:
            return [(0, MANY, self.string_id)]
        if found.kind in (go.POINTER, go.MAP, go.CHAN):
            return [(0, ONE, self._pointee(found))]
        if found.kind == go.INTERFACE:
            return [(1, ANY, 0)]  # the type word is no pointer to the collector (cmd/compile, typebits.Set)
        return self._unknown(found)

    def _flatten_parts(self, found: go.GoType) -> list[Slot] | None:
        places = [(part.off, part.type_addr) for part in found.fields]
        if found.pkg_path == "sync/atomic" and found.name.startswith("atomic.Pointer["):
            return [self._atomic_slot(found)]
        if found.pkg_path == "sync" and found.name == "sync.Pool":
            return self._pool(found)
        if found.kind == go.ARRAY:
            elem = self._table.type_at(found.elem_addr)
            if elem is None or found.length * elem.size_bytes > min(found.size_bytes, 8 * MAX_WORDS):
                return None
            places = [(index * elem.size_bytes, elem.addr) for index in range(found.length)]
        slots: list[Slot] = []
        for off, type_addr in places:
            inner = self._table.type_at(type_addr)
            if inner is None or off + inner.size_bytes > found.size_bytes or len(slots) > MAX_WORDS or self._depth > 99:
                return None
            self._depth += 1
            slots += [(off // 8 + word, what, arg) for word, what, arg in self._flatten(inner)]
            self._depth -= 1
        return slots

    def _atomic_slot(self, found: go.GoType) -> Slot:
        pointee = self._atomic_pointee(found)
        tree = _TREE_NODE.fullmatch(self.qualified[pointee]) if pointee >= 0 else None
        if tree is None:
            return 0, ONE, pointee
        # internal/sync/hashtriemap.go (internal/concurrent in Go 1.23): a node is the beginning of an entry or of an
        # indirect; which one, a byte of it says, and its size.
        kinds = [self.struct_id(f"{tree[1]}.{part}[{tree[2]}]") for part in ("entry", "indirect")]
        classes = slot_bytes(np.array([self._size[kind] for kind in kinds], np.int64)) if min(kinds) >= 0 else [0, 0]
        if classes[0] == classes[1]:
            return 0, ANY, 0
        self._other[kinds[0]] = kinds[1]
        return 0, CHOICE, kinds[0]

    def _pool(self, found: go.GoType) -> list[Slot]:
        """`sync.Pool.local` and `victim` are unsafe pointers to arrays of `poolLocal` (sync/pool.go)."""
        local = self.struct_id("sync.poolLocal")
        places = {part.name: part.off // 8 for part in found.fields}
        return [(places[name], MANY, local) for name in ("local", "victim") if name in places] + [
            (places["New"], ANY, 0)
        ] * ("New" in places)

    def _atomic_pointee(self, found: go.GoType) -> int:
        """`atomic.Pointer[T]` (sync/atomic/type.go) holds an unsafe pointer, and a [0]*T to tell it from others."""
        mark = self._table.type_at(found.fields[0].type_addr) if found.fields else None
        pointer = self._table.type_at(mark.elem_addr) if mark and mark.kind == go.ARRAY else None
        return self.id_at(pointer.elem_addr) if pointer and pointer.kind == go.POINTER else -1

    def _unknown(self, found: go.GoType) -> list[Slot]:
        return [(word, ANY, 0) for word in range(min(found.pointer_bytes // 8, MAX_WORDS))]

    def _pointee(self, found: go.GoType) -> int:
        if found.kind == go.MAP:
            return self._swiss_map(found) if self._table.layout.swiss_maps else self._old_map(found)
        if found.kind == go.CHAN:
            return self._channel(found)
        return self.id_at(found.elem_addr)

    def channel_of(self, elem_addr: int) -> int:
        """The id of a channel of which only the element type is known, or -1."""
        found = self._table.type_at(elem_addr)
        if found is None:
            return -1
        made, new = self._made("channel", found, 88, OPEN)
        if new:
            self.names[made], self.qualified[made] = f"chan {found.name}", f"chan {self._table.full_name(found)}"
            self._slots[made] = [(2, MANY, self.id_at(elem_addr))]
        return made

    def _channel(self, found: go.GoType) -> int:
        """`runtime.hchan` (runtime/chan.go): the buffer's address is its third word; pointer-free buffers follow it."""
        made, new = self._made("", found, 88, OPEN)
        if new:
            self._slots[made] = [(2, MANY, self.id_at(found.elem_addr))]
        return made

    def _swiss_map(self, found: go.GoType) -> int:
        """`maps.Map`, `maps.table` (internal/runtime/maps): dirPtr and groups.data are each the third word."""
        made, new = self._made("", found, 48)
        if not new:
            return made
        directory, _ = self._made("directory", found, 8)
        table, _ = self._made("table", found, 32)
        group = self._storage("group", found)
        self._slots[made] = [(2, DIRECTORY, directory), (3, SCALAR, group)]
        self._slots[directory] = [(0, ONE, table)]
        self._slots[table] = [(2, MANY, group)]
        return made

    def _old_map(self, found: go.GoType) -> int:
        """`runtime.hmap`, `bmap`, `mapextra` (runtime/map.go up to Go 1.23)."""
        made, new = self._made("", found, 48)
        if not new:
            return made
        bucket = self._storage("bucket", found)
        self._buckets.add(bucket)
        extra, _ = self._made("extra", found, 24)
        overflow, _ = self._made("overflow list", found, 24)
        pointers, _ = self._made("overflow", found, 8)
        self._slots[made] = [(2, MANY, bucket), (3, MANY, bucket), (5, ONE, extra)]
        self._slots[extra] = [(0, ONE, overflow), (1, ONE, overflow), (2, MANY, bucket)]
        self._slots[overflow] = [(0, MANY, pointers)]
        self._slots[pointers] = [(0, MANY, bucket)]
        return made

    def _storage(self, part: str, owner: go.GoType) -> int:
        """The id of what a map keeps its entries in: a type of its own; a malloc header may have named it already."""
        made = self.id_at(owner.group_addr)
        found = self._table.type_at(owner.group_addr)
        if found is None:
            return self._made(part, owner, 0, OPEN)[0]
        if made not in self._storages:
            self._storages.add(made)
            self._waiting.append((made, found))
        elif SHAPE not in self.names[made]:
            return made
        self.names[made], self.qualified[made] = f"{owner.name} ({part})", f"{self._table.full_name(owner)} ({part})"
        return made

    def _chain_buckets(self, bucket: int) -> None:
        """The last word of a bucket that holds pointers is the address of the next one."""
        last = self._size[bucket] // 8 - 1
        if any(word == last for word, _, _ in self._slots[bucket]):
            self._slots[bucket] = [slot for slot in self._slots[bucket] if slot[0] != last] + [(last, MANY, bucket)]

    def _type_at_start(self, found: go.GoType) -> int:
        if found.kind == go.STRUCT:
            for part in found.fields:
                inner = self._table.type_at(part.type_addr)
                if inner is None or inner.size_bytes:
                    return self.id_at(part.type_addr) if inner and part.off == 0 else -1
        if found.kind == go.ARRAY and found.length:
            return self.id_at(found.elem_addr)
        return -1

    def _nesting(self, kind: int) -> int:
        depth = 0
        while kind >= 0 and depth < 64:
            kind = self._first_field[kind]
            depth += 1
        return depth

    def _others(self) -> NDArray[np.int32]:
        others = np.zeros(len(self.names), np.int32)
        for kind, other in self._other.items():
            others[kind] = other
        return others

    def _described(self) -> NDArray[np.uint8]:
        described = np.zeros(len(self.names), np.uint8)
        described[[kind for addr, kind in self._id_by_addr.items() if kind >= 0 and addr >> 62]] = 1
        described[[kind for (_, addr), kind in self._id_by_key.items() if addr >> 62]] = 1
        described[list(self._captures)] = 1
        return described

    def _rivalled(self, class_by_type: NDArray[np.int64]) -> NDArray[np.bool_]:
        rivalled = np.zeros(len(self.names), np.bool_)
        for outer in range(len(self.names)):
            inner = self._first_field[outer]
            for _ in range(64):
                if inner < 0:
                    break
                if class_by_type[inner] == class_by_type[outer]:
                    rivalled[inner] = True
                inner = self._first_field[inner]
        return rivalled


def _class(size_bytes: int) -> int:
    return int(slot_bytes(np.array([size_bytes], np.int64))[0])
