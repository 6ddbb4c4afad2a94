"""From runs to registrations: what a function puts into a register, and what is known of that register."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from goknot.inputs.source.bodies.frequency import Frequencies
from goknot.inputs.source.bodies.lines import lines_of
from goknot.inputs.source.bodies.program import Program
from goknot.inputs.source.bodies.registers import Registers
from goknot.inputs.source.bodies.texts import header_around, results_of, text_of
from goknot.inputs.source.bodies.waysout import WaysOut
from goknot.model.leakfacts import FunctionFacts, LeakEvent, LeakNode, Spot
from goknot.model.registerfacts import Frequency, Registration, WayOut

_MADE = frozenset({"new", "closure", "method-value", "chan", "map", "slice", "timer", "cancel", "context", "goroutine"})
_NO_KEYS = frozenset({"closure", "method-value", "function", "map", "slice"})  # no keys of maps in Go
_CAME = frozenset({"param", "loaded", "result"})
_UNIQUE = re.compile(rb"panic\([^\n]*(?:[Dd]uplicate|already|twice|exists|registered)")  # names that never come twice
_OWN_INFORMER = re.compile(rb"New\w*Informer")  # one that is dropped with what listens
_UP_TO = rb"\blen\((?:[\w.]*\.)?%b\)\s*[<>]=?\s*(?!0\b)\w"  # a length held against something else than nothing
_VALUES = frozenset({"time.Time", "time.Duration", "reflect.Value", "sync.Mutex", "sync.Once"})
_PUTS = frozenset({"append", "map-store"})
_ENDS = "Close|Stop|Shutdown|Destroy|Release|Dispose|Unsubscribe|Disconnect|Cancel|Terminate|Free|Detach|Unregister"
_FRESH = re.compile(
    rb"\.Add\(|AddU?[Ii]nt|uuid|UUID|rand\.|time\.Now|[Nn]ew\w*ID\(|[Nn]ext\w*\(|[Gg]en\w*\(|\blen\(|&\w|atomic\.|\+\+"
)


class Registrations:
    """Reads registrations off the facts of runs.

    Args:
        program: What was run.
        registers: Its registers.
    """

    def __init__(self, program: Program, registers: Registers) -> None:
        self.registers = registers
        self.ways = WaysOut(registers)
        self.frequencies = Frequencies(program, registers)
        self._files: dict[str, tuple[str, bytes]] = {}
        self._ends: dict[tuple[str, str], str] = {}
        for path, file, data in registers.corpus.all_files():
            self._files[file] = (path, data)

    def of(self, facts: FunctionFacts) -> tuple[Registration, ...]:
        """What a function, with all it calls, puts into package variables."""
        events = [event for event in facts.events if event.kind in _PUTS and not event.destructor]
        names = register_names(facts) if events else {}
        found = [one for event in events for one in self._of_event(facts, event, names)]
        found.extend(one for event in facts.events if event.kind == "listen" for one in self._listener(facts, event))
        return tuple(found)

    def _listener(self, facts: FunctionFacts, event: LeakEvent) -> Iterator[Registration]:
        """An event handler that an informer of client-go is given (tools/cache, AddEventHandler)."""
        made = tuple(v for refs in event.others for v in refs if facts.nodes[v].kind in _MADE)
        _, data = self._files.get(event.where.spot.file, ("", b""))
        header = header_around(data, _offset(data, event.where.spot))
        if event.where.calls or not made or header is None or _OWN_INFORMER.search(text_of(data, header)):
            return
        at = _offset(data, event.where.spot)
        before = data[data.rfind(b"\n", 0, at) + 1 : at].strip()
        frequency = self._frequency(event.where.spot, header.full)
        informer = data[at : data.find(b"AddEventHandler(", at)].rstrip(b".")
        if b"." in informer and b"(" not in informer and frequency.kind != "many":
            return  # a field: most often of what listens, and dropped with it
        removers = self.registers.corpus.with_word(b"RemoveEventHandler")
        taken = any(b".RemoveEventHandler(" in file.data for file in removers)
        yield Registration(
            event=event.order,
            values=made,
            table=-1,
            register="shared informer",
            given=False,
            apart=False,
            where=event.where.spot,
            maker=header.full,
            depth=0,
            grows="each",
            way_out=WayOut("there", "RemoveEventHandler") if taken else WayOut("none"),
            ticket="dropped" if re.fullmatch(rb"(?:(?:_, *)*_ *:?=|_, *\w+ *:?=|if _, \w+ := ?)?", before) else "kept",
            frequency=frequency,
        )

    def is_open(self, facts: FunctionFacts) -> bool:
        """Whether what is put in, or where, is for a caller to say."""
        names = register_names(facts)
        for event in facts.events:
            if event.kind in _PUTS and not event.destructor:
                given = {facts.nodes[value].kind for refs in event.others for value in refs}
                if any(subject in names for subject in event.subjects):
                    if given & _CAME or not given:
                        return True
                elif any(facts.nodes[subject].kind in _CAME for subject in event.subjects):
                    return True
        return False

    def _of_event(self, facts: FunctionFacts, event: LeakEvent, names: dict[int, str]) -> Iterator[Registration]:
        for table in event.subjects:
            register = names.get(table) or self._given(facts, facts.nodes[table])
            if not register or not self.registers.named(*register.split(".")[:2]):
                continue
            depths = _by_depth(facts, event, names)
            weak = any(facts.nodes[key].kind == "weak" for key in event.others[0]) if len(event.others) > 1 else False
            if depths and not weak:  # what is made deeper is seen where it is made
                depth = min(depths)
                yield self._registration(facts, event, table, register, depth, depths[depth])
            return

    def _given(self, facts: FunctionFacts, table: LeakNode) -> str:
        """The register that a parameter's field is, if one package variable has the parameter's type."""
        root, _, field = table.detail.partition(".")
        given = next((node for node in facts.nodes if node.kind == "param" and node.detail == root), None)
        if table.kind != "loaded" or given is None or given.type_spot is None:
            return ""
        path, _ = self._files.get(given.type_spot.file, ("", b""))
        known = self.registers.owners.get((path, given.type_key.rpartition(".")[2]), ())
        return f"{known[0].package_name}.{known[0].name}.{field}" if len(known) == 1 else ""

    def _registration(  # noqa: PLR0917
        self, facts: FunctionFacts, event: LeakEvent, table: int, register: str, depth: int, values: tuple[int, ...]
    ) -> Registration:
        calls = event.where.calls
        values = tuple(sorted(values, key=lambda value: not facts.nodes[value].type_key))  # what has a name first
        where = calls[depth] if len(calls) > depth else event.where.spot
        path, data = self._files.get(where.file, ("", b""))
        header = header_around(data, _offset(data, where))
        home = self._home(register)
        maker = header.full if header is not None else facts.name
        return Registration(
            event=event.order,
            values=values,
            table=table,
            register=register,
            given=facts.nodes[table].detail.partition(".")[0] != register.partition(".")[0],
            apart=depth > 0 and path != home,
            where=where,
            maker=maker,
            depth=depth,
            grows=self._grows(facts, event, register),
            way_out=self.ways.of(register, nested="[]" in facts.nodes[table].detail),
            ticket=self._ticket(event, where, depth),
            frequency=self._along(event, where if not depth else calls[0], maker if not depth else facts.name),
            package=home,
            plugin=self._plugin(register),
            ends=next((ends for value in values if (ends := self._ends_of(facts, value))), ""),
        )

    def _along(self, event: LeakEvent, spot: Spot, name: str) -> Frequency:
        """How often a line runs, if nothing on the way from there to where it is put in runs once."""
        for passed in (*event.where.calls, event.where.spot):
            path, data = self._files.get(passed.file, ("", b""))
            if self.frequencies.is_once(path, passed, data, _offset(data, passed)):
                return Frequency("start", "sync.Once calls it", passed)
        return self._frequency(spot, name)

    def _frequency(self, spot: Spot, name: str) -> Frequency:
        """How often the line runs that registers, or that hands its register to the one that makes and registers."""
        path, data = self._files.get(spot.file, ("", b""))
        return self.frequencies.of_call(path, spot, data, _offset(data, spot), name)

    def _home(self, register: str) -> str:
        known = self.registers.named(*register.split(".")[:2])
        return known[0].package if len(known) == 1 else ""

    def _plugin(self, register: str) -> Spot | None:
        known = self.registers.named(*register.split(".")[:2])
        is_plugin = len(known) == 1 and self.registers.is_plugin(known[0].package)
        return known[0].spot if is_plugin else None

    def _grows(self, facts: FunctionFacts, event: LeakEvent, register: str) -> str:
        spot = event.where.spot
        _, data = self._files.get(spot.file, ("", b""))
        at = _offset(data, spot)
        header = header_around(data, at)
        text = text_of(data, header) if header is not None else b""
        if _UNIQUE.search(text):
            return "unique"
        slot = re.escape(register.rpartition(".")[2].encode())
        if header is not None and re.search(_UP_TO % slot, data[header.start : at]):
            return "bounded"
        if event.kind == "append":
            return "each"
        keys = {facts.nodes[key].kind for key in event.others[0]} if event.others else set()
        end = data.find(b"\n", at)
        return self._by_key(event, data[at : end if end >= 0 else len(data)], text, keys)

    def _by_key(self, event: LeakEvent, line: bytes, text: bytes, keys: set[str]) -> str:
        """How often a store to a map, whose line begins with it, adds something."""
        is_call = event.word == "library"
        before, _, rest = line.partition(b"(" if is_call else b"[")
        key = _until(rest, b"," if is_call else b"]").strip()
        if not key or key[:1] in b"\"`'" or key.isdigit():
            return "same"
        if not keys and self._is_fresh(key, text):
            return "each"
        names = before.strip().split(b".")
        table = re.escape(names[-2] if is_call and len(names) > 1 else names[-1])
        looks = re.compile(
            rb"(?:\bok\b|\w*[fF]ound\b|\w*[eE]xists?\b|\b_) *:?= *[\w.]*\b" + table + rb"(?:\[|\.Load\()"
            rb"|(?:\bif|:?=|\breturn) *[\w.]*\b" + table + rb"(?:\[[^\]\n]*\] *(?:[!=]=|$|;|\{)|\.Load(?:OrStore)?\()",
            re.MULTILINE,
        )
        if b"LoadOrStore" in names[-1] or looks.search(text):
            return "looked-up"
        return "each" if (_MADE - _NO_KEYS) & keys else "named"

    def _is_fresh(self, key: bytes, text: bytes) -> bool:
        """Whether a key is another for each call: a counter, a random number, a pointer to what is registered."""
        if _FRESH.search(key):
            return True
        name = re.escape(key)
        if not re.fullmatch(rb"[\w.]+", key):
            return False
        if re.search(rb"(?<![\w.])" + name + rb"(?:\+\+|\s*\+= 1)", text):
            return True
        made = re.search(rb"(?<![\w.])" + name + rb"(?:, *\w+)? *:?= *([^\n]*)", text)
        if made is None:
            return False
        value = made[1]
        if _FRESH.search(value) and not value.startswith(b"len("):
            return True
        counter = value.strip()
        return re.fullmatch(rb"[\w.]+", counter) is not None and bool(
            re.search(rb"(?<![\w.])" + re.escape(counter) + rb"(?:\+\+|\s*\+= 1)", text)
        )

    def _ticket(self, event: LeakEvent, where: Spot, depth: int) -> str:
        """What becomes of what a registering function gave that would take the object out again."""
        if len(event.where.calls) <= depth:
            return "none"
        inner = event.where.calls[depth + 1] if len(event.where.calls) > depth + 1 else event.where.spot
        _, data = self._files.get(inner.file, ("", b""))
        header = header_around(data, _offset(data, inner))
        given = results_of(data, header) if header is not None else ""
        if not given or given.strip("()") in {"error", "bool"}:
            return "none"
        _, data = self._files.get(where.file, ("", b""))
        at = _offset(data, where)
        before = data[data.rfind(b"\n", 0, at) + 1 : at].strip()
        return "dropped" if re.fullmatch(rb"(?:(?:_, *)*_ *:?=)?", before) else "kept"

    def _ends_of(self, facts: FunctionFacts, value: int) -> str:
        """The method that ends an object, or one that a registered function leads to."""
        seen = [value]
        if facts.nodes[value].kind in {"closure", "method-value"}:
            seen += [edge.target for edge in facts.edges if edge.source == value]
        for number in seen:
            node = facts.nodes[number]
            if node.type_spot is not None and node.type_key and (found := self._method(node)):
                return found
        return ""

    def _method(self, node: LeakNode) -> str:
        name = node.type_key.rpartition(".")[2].partition("·")[0]
        path, _ = self._files.get(node.type_spot.file if node.type_spot else "", ("", b""))
        key = (path, name)
        if key not in self._ends:
            receiver = rf"^func \(\w* ?\*?{re.escape(name)}(?:\[[^\]\n]*\])?\)"
            pattern = re.compile(
                rf"{receiver} ({_ENDS})\((?:\w+ context\.Context)?\)".encode(), re.MULTILINE | re.IGNORECASE
            )
            hits = (pattern.search(file.data) for file in self.registers.corpus.with_word_in(name.encode(), path))
            self._ends[key] = next((f"{name}.{hit[1].decode()}" for hit in hits if hit), "")
        return self._ends[key]


def register_names(facts: FunctionFacts) -> dict[int, str]:
    """Node -> `package.variable`, with the fields that lead to it; of what package variables lead to."""
    roots = {node.detail for node in facts.nodes if node.kind == "global"}
    found = {}
    for number, node in enumerate(facts.nodes):
        if node.kind in {"global", "loaded"} and ".".join(node.detail.split(".")[:2]) in roots:
            found[number] = ".".join(part for part in node.detail.split(".") if part not in {"=", "[]", "*"})
    return found


def _by_depth(facts: FunctionFacts, event: LeakEvent, names: Mapping[int, str]) -> dict[int, tuple[int, ...]]:
    """What is put in, by how deep in the calls the function lies that made it."""
    found: dict[int, tuple[int, ...]] = {}
    keys = [key for key in event.others[0] if facts.nodes[key].kind not in _NO_KEYS] if len(event.others) > 1 else []
    for value in (*event.others[-1], *keys) if event.others else ():
        node = facts.nodes[value]
        came = node.kind == "result" or (node.kind == "loaded" and event.where.loop)
        if value in names or node.type_key in _VALUES or not (came or _is_made(facts, value)):
            continue
        depth = 0
        for mine, its in zip(node.where.calls, event.where.calls, strict=False):
            if mine != its:
                break
            depth += 1
        found[depth] = (*found.get(depth, ()), value)
    return found


def _is_made(facts: FunctionFacts, value: int) -> bool:
    """Whether a node is made by the program; a method of a type that is not known may be a field."""
    if facts.nodes[value].kind != "method-value":
        return facts.nodes[value].kind in _MADE
    receivers = (facts.nodes[edge.target] for edge in facts.edges if edge.source == value)
    return any(receiver.type_spot is not None for receiver in receivers)


def _offset(data: bytes, spot: Spot) -> int:
    return lines_of(data).start(spot.line - 1) + spot.column - 1


def _until(text: bytes, end: bytes) -> bytes:
    """The text up to a mark that stands in no brackets."""
    depth = 0
    for number, char in enumerate(text):
        mark = text[number : number + 1]
        if mark == end and not depth:
            return text[:number]
        depth += (char in b"([{") - (char in b")]}")
    return text
