"""Which functions are worth a run: those whose text has a word that can leak, and those that call them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial

from goknot.inputs.source.bodies.callers import calls_by_file, compiled
from goknot.inputs.source.bodies.corpus import Corpus
from goknot.inputs.source.bodies.declarations import Declared, PackageDeclarations, declared_as
from goknot.inputs.source.bodies.facts import facts_of
from goknot.inputs.source.bodies.machine import LIMITS, LIMITS_OF_CHANNELS
from goknot.inputs.source.bodies.program import Files, Program
from goknot.inputs.source.bodies.register_search import RegisterSearch
from goknot.inputs.source.bodies.runner import Runner
from goknot.inputs.source.bodies.texts import header_around, header_at, line_of, text_of
from goknot.model.leakfacts import FunctionFacts, LeakEvent, ProgramFacts

MAX_CALLERS = 1500  # functions run only because they call one that matters
MAX_TAKERS = 40  # calls by the name of a function that gives a channel: with more, the name is taken for another's
_ROUNDS = 2
_WORDS = re.compile(
    rb"\b(?:SetFinalizer|AddCleanup|NewHandle|Pinner|AfterFunc)\b|\.Pin\(|weak\.(?:Make|Pointer)|signal\.Notify|expvar\.Publish\(|\.AddEventHandler\("
)
_CONTEXTS = re.compile(rb"context\.With(?:Cancel|Timeout|Deadline)(?:Cause)?\(")
_DEFERRED_CANCEL = re.compile(rb"defer (?:\w+\.)*\w*[cC]ancel\w*\(|t\.Cleanup\(")
_POOL = re.compile(rb"\b\w*[pP]ool\w*\.Put\(|\.New = func\b")
_LAST_WORD = re.compile(rb"\w*$")
_STORED = re.compile(rb" = &?(\w+)(?:\.\w+)*\n")
_GO = re.compile(rb"\bgo (?:func\b|[\w.]+\()|\.Go\(func\b")
_CHANNEL = re.compile(rb"make\(chan\b|\bvar \w+ (?:<-)?chan\b|sync\.NewCond\(")
_TAKES_CHANNEL = re.compile(rb"^func [^\n]*\([^\n)]*\bchan\b[^\n]*\{$", re.MULTILINE)
_GROUP = re.compile(rb"(?:var \w+ |&|new\(|:= |= )sync\.(?:WaitGroup|Mutex|RWMutex)\b")
_RELEASE = re.compile(rb"(defer |<-)?[\w.]+\.(?:Done|R?Unlock)\(\)|\.Add\([2-9]")
_TICKER = re.compile(rb"\brange (?:[\w.]+\.C\b|time\.Tick\()")
_BACKGROUND = re.compile(rb"\b(\w+) :?= context\.(?:Background|TODO)\(\)")
# a file or function without any has nothing to run; looked for one by one, which is far quicker than a pattern
_WORD_BY_MARK = {
    b"SetFinalizer": b"SetFinalizer",
    b"AddCleanup": b"AddCleanup",
    b"NewHandle": b"NewHandle",
    b"Pinner": b"Pinner",
    b".Pin(": b"Pin",
    b"weak.": b"weak",
    b"AfterFunc": b"AfterFunc",
    b"signal.Notify": b"signal",
    b"expvar.Publish(": b"expvar",
    b".AddEventHandler(": b"AddEventHandler",
    b".New = func": b"New",
    b"context.With": b"context",
    b"context.Background": b"Background",
    b"context.TODO": b"TODO",
    b"time.Tick(": b"Tick",
    b".C {": b"C",
    b".Put(": b"Put",
    b"make(chan": b"make",
    b"sync.": b"sync",
    b"//goknot:ignore": b"goknot",
}
_IGNORE = re.compile(rb"//goknot:ignore\b[ \t]*([\w-]*)[ \t]*([^\n]*)")
# what a leak needs that only callers may see; timers and cleared finalizers leak with a finalizer set beside them alone
_SUBJECT_KINDS = frozenset({"finalizer", "cleanup", "handle-new", "pin"})
_KEPT_KINDS = frozenset({"handle", "cancel", "timer", "cleanup", "stop", "pinner"})


def find_facts(scan: Files) -> tuple[ProgramFacts, Program]:
    """Runs every function that can matter.

    Args:
        scan: A scan of the source.

    Returns:
        The facts, and the program, which knows the problems met and how much was read.
    """
    return _Search(Program(scan)).find()


class _Search:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.done: dict[int, FunctionFacts] = {}
        self.n_callers = 0
        self.corpus = Corpus(program)
        self.ignores: dict[tuple[str, int], Mapping[str, str]] = {}

    def find(self) -> tuple[ProgramFacts, Program]:
        starters = self._starters()
        registers = RegisterSearch(self.program, self.corpus, partial(self._run, deep=True), self._run)
        registers.find()
        fresh = self._with_marks(starters)
        for _ in range(_ROUNDS):
            fresh = self._callers(fresh)
            if not fresh:
                break
        for site in registers.droppers(self.done.values()):
            declared = self.program.package(site.package)
            header = header_around(site.data, site.at)
            caller = declared_as(declared, header) if declared is not None and header is not None else None
            if declared is not None and caller is not None:
                self._run(declared, caller)
        functions = sorted(self.done.values(), key=lambda facts: (facts.package, facts.spot))
        functions = registers.with_registrations(functions)
        return ProgramFacts(tuple(functions), self._words(functions), self.ignores), self.program

    def _with_marks(self, starters: Mapping[str, re.Pattern[bytes]]) -> list[tuple[PackageDeclarations, FunctionFacts]]:
        """Runs the functions whose text can matter by itself."""
        found: list[tuple[PackageDeclarations, FunctionFacts]] = []
        worth: set[str] = set()
        for mark, word in _WORD_BY_MARK.items():
            maybe = (file for file in self.corpus.with_word(word) if file.path not in worth)
            worth.update(file.path for file in maybe if mark in file.data)
        for path in self.corpus.nodes:
            files = self.corpus.files(path)
            selves = {file.path: stores for file in files if (stores := _self_stores(file.data))}
            declared = self.program.package(path) if selves or any(file.path in worth for file in files) else None
            if declared is None:
                continue
            self._ignores(declared)
            for d in self.program.functions(declared):
                is_self = any(d.start < at < d.end for at in selves.get(d.source.path, ()))
                if is_self or (d.source.path in worth and _matters(d, starters.get(d.source.path))):
                    found.append(self._run(declared, d))
        return found

    def _run(
        self, package: PackageDeclarations, declared: Declared, *, deep: bool = False
    ) -> tuple[PackageDeclarations, FunctionFacts]:
        found = self.done.get(id(declared))
        if found is None:
            func = self.program.body(package, declared)
            limits = LIMITS if deep or _WORDS.search(declared.text) else LIMITS_OF_CHANNELS
            machine = Runner(self.program, limits).run(func)
            found = self.done[id(declared)] = facts_of(self.program, func, machine)
            if found.bounded:
                where = f"{found.spot.file}:{found.spot.line}"
                self.program.problem(where, f"{found.name}: {found.bounded}", "leaks beyond that are not seen")
        return package, found

    def _ignores(self, package: PackageDeclarations) -> None:
        for source in package.files:
            if b"//goknot:ignore" not in source.data:
                continue
            for match in _IGNORE.finditer(source.data):
                line = line_of(source.data, match.start())
                kind, reason = (part.decode("utf-8", "replace").strip() for part in match.groups())
                if not kind or not reason:
                    what = "a goknot:ignore without " + ("a reason" if kind else "a kind and a reason")
                    self.program.problem(f"{source.path}:{line}", what, "nothing is ignored by it")
                    continue
                self.ignores[source.path, line] = {kind: reason}

    def _callers(
        self, fresh: Iterable[tuple[PackageDeclarations, FunctionFacts]]
    ) -> list[tuple[PackageDeclarations, FunctionFacts]]:
        """Runs the functions that call those whose leak depends on who calls them."""
        seen = list(fresh)
        found: list[tuple[PackageDeclarations, FunctionFacts]] = []
        wanted = {(facts.package, facts.name) for _, facts in seen if _depends_on_caller(facts)}
        patterns = calls_by_file(self.corpus, wanted)
        takers = self._takers(facts for _, facts in seen)
        for file in self.corpus.with_any(takers):
            patterns[file.path].add(_taking(takers))
        calls = compiled(patterns)
        files = [file for file in self.corpus.all_files() if file.path in calls and calls[file.path].search(file.data)]
        texts = {file.path for file in files}
        for path in dict.fromkeys(file.package for file in files):
            declared = self.program.package(path)
            for d in self.program.functions(declared) if declared is not None else ():
                of_file = d.source.path in texts and id(d) not in self.done
                if declared is None or not of_file or not calls[d.source.path].search(d.text):
                    continue
                self.n_callers += 1
                if self.n_callers > MAX_CALLERS:
                    what = f"more than {MAX_CALLERS} functions call those that set finalizers and the like"
                    self.program.problem(
                        self.program.scan.tree.label, what, "leaks that only callers make may be missed"
                    )
                    return found
                found.append(self._run(declared, d))
        return found

    def _starters(self) -> dict[str, re.Pattern[bytes]]:
        """Calls of functions that take a channel and start a goroutine, by file: who makes it knows who meets it."""
        starters: set[tuple[str, str]] = set()
        for path, _, data in self.corpus.with_word(b"chan"):
            for match in _TAKES_CHANNEL.finditer(data) if b"go " in data else ():
                header = header_at(data, match.start())
                if header is not None and _GO.search(text_of(data, header)):
                    starters.add((path, header.full))
        return compiled(calls_by_file(self.corpus, starters))

    def _takers(self, fresh: Iterable[FunctionFacts]) -> list[bytes]:
        """Functions whose channel somebody takes; names that are used all over say nothing."""
        names = {facts.name.rpartition(".")[2].encode() for facts in fresh if _gives_channel(facts)}
        if not names:
            return []
        counts: Counter[bytes] = Counter()
        pattern = re.compile(_taking(names).encode())
        for file in self.corpus.with_any(names):
            counts.update(pattern.findall(file.data))
        return sorted(name for name, count in counts.items() if count <= MAX_TAKERS)

    def _words(self, functions: Iterable[FunctionFacts]) -> Mapping[str, int]:
        """How often the fields that keep something to be released are named, but for being assigned."""
        names = {"Unpin", "Delete"}
        for facts in functions:
            for edge in facts.edges:
                if facts.nodes[edge.target].kind in _KEPT_KINDS:
                    names.add(edge.field.rpartition(".")[2])
            names.update(event.word for event in facts.events if event.kind == "pin")
        names = {name for name in names if name.isidentifier()}
        pattern = re.compile(rb"\.(" + b"|".join(sorted(name.encode() for name in names)) + rb")\b(?!\s*=[^=])")
        counts: Counter[str] = Counter()
        for file in self.corpus.with_any(name.encode() for name in names):
            counts.update(match.decode() for match in pattern.findall(file.data))
        counts.update(self._own_words(functions))
        return dict(sorted(counts.items()))

    def _own_words(self, functions: Iterable[FunctionFacts]) -> Mapping[str, int]:
        """`T.field` -> how often a cancel in that field is named, in methods of other types aside; `variable.Unpin`."""
        counts: Counter[str] = Counter()
        fields: set[tuple[str, str]] = set()
        variables: set[str] = set()
        for facts in functions:
            for edge in facts.edges:
                holder, name = facts.nodes[edge.source], edge.field.rpartition(".")[2]
                if facts.nodes[edge.target].kind == "cancel" and holder.type_key and name.isidentifier():
                    fields.add((holder.type_key, name))
            for event in facts.events:
                if event.kind == "pin":
                    variables.update(facts.nodes[s].detail for s in event.subjects if facts.nodes[s].kind == "global")
        for key, name in sorted(fields):
            files = self.corpus.with_word(name.encode())
            counts[f"{key}.{name}"] = sum(_n_uses(file.data, key.rpartition(".")[2], name.encode()) for file in files)
        for variable in sorted(variables):
            word = variable.rpartition(".")[2].encode()
            files = self.corpus.with_word(word)
            counts[f"{variable}.Unpin"] = sum(file.data.count(word + b".Unpin") for file in files)
        return counts


def _self_stores(data: bytes) -> list[int]:
    """Offsets of assignments that may store an object, or a part of it, in itself."""
    found = []
    for match in _STORED.finditer(data):
        line = data[data.rfind(b"\n", 0, match.start()) + 1 : match.start()].lstrip()
        if line.startswith(match[1] + b".") and b" " not in line:
            found.append(match.start())
    return found


def _n_uses(data: bytes, owner: str, name: bytes) -> int:
    """How often a field is read, but for where the receiver of another type's method has it."""
    count = 0
    for match in re.finditer(rb"\." + re.escape(name) + rb"\b(?!\s*=[^=])(?!, *\w+ *=)", data):
        header = header_around(data, match.start())
        other = header is not None and header.owner not in {"", owner}
        if other and header is not None:
            root = _LAST_WORD.search(data, data.rfind(b"\n", 0, match.start()) + 1, match.start())
            other = root is not None and header.receiver == root[0].decode()
        count += not other and not _is_assigned(data, match.end())
    return count


def _is_assigned(data: bytes, at: int) -> bool:
    """Whether what ends at an offset is the last of several that are assigned to."""
    end = data.find(b"\n", at)
    return re.match(rb"\s*(?:,[^=()\n]*)?=[^=]", data[at : end + 1 if end >= 0 else len(data)]) is not None


def _is_worth_it(data: bytes) -> bool:
    return any(mark in data for mark in _WORD_BY_MARK)


def _matters(declared: Declared, starters: re.Pattern[bytes] | None) -> bool:
    text = declared.text
    if not _is_worth_it(text):
        return False
    if _WORDS.search(text) or (b".Put(" in text and _POOL.search(text)):
        return True
    if _GO.search(text) and (_CHANNEL.search(text) or _may_wait(text)):
        return True
    if starters is not None and b"make(chan" in text and starters.search(text):
        return True
    n_contexts = len(_CONTEXTS.findall(text))
    return n_contexts > 0 and n_contexts > len(_DEFERRED_CANCEL.findall(text))


def _may_wait(text: bytes) -> bool:
    """Whether goroutines may be waited for in vain: a Done or Unlock that is not deferred, a background context."""
    if _TICKER.search(text):
        return True
    if _GROUP.search(text) and any(match[1] is None for match in _RELEASE.finditer(text)):
        return True
    return any(b"<-" + match[1] + b".Done()" in text for match in _BACKGROUND.finditer(text))


def _depends_on_caller(facts: FunctionFacts) -> bool:
    return any(_is_open(facts, event) for event in facts.events)


def _gives_channel(facts: FunctionFacts) -> bool:
    """Whether it returns a channel that a goroutine of its own sends on, come what may."""
    given = {
        subject
        for event in facts.events
        if event.kind == "returned"
        for subject in event.subjects
        if facts.nodes[subject].kind == "chan"
    }
    if not given:
        return False
    selects = {event.goroutine for event in facts.events if event.kind == "select"}
    return any(
        event.kind == "send" and event.goroutine >= 0 and event.goroutine not in selects
        for event in facts.events
        if given.intersection(event.subjects)
    )


def _is_open(facts: FunctionFacts, event: LeakEvent) -> bool:
    """Whether what an event is about comes from a caller or goes to one."""
    if event.kind not in _SUBJECT_KINDS:
        return False
    return any(facts.nodes[subject].outside for subject in event.subjects) or not event.subjects


def _taking(names: Iterable[bytes]) -> str:
    """The regular expression of what takes the channel that a function returns."""
    any_of = b"|".join(map(re.escape, sorted(names))).decode()
    return rf"(?:\brange\b|<-|=)[ \t]*(?:[\w.]+\.)?({any_of})\("
