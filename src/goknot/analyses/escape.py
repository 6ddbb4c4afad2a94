"""Which escaping objects live long, by the way the compiler says they take (cmd/compile/internal/escape)."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence

from goknot.model.escape import Candidate, Escape, Flow, Holding, Position, Step

HEAP = "{heap}"
_STORAGE = "{storage for "
_MAX_CHAIN = 6  # objects held by objects; a goroutine's captures are two deep
_MAX_SHARED_STEPS = 24
_ORDER = {holding: rank for rank, holding in enumerate(Holding)}
_NAMED = "{} is a named result, or a variable of an outer block"
_UNSURE = "a go statement, or a defer in a loop: the log does not tell them apart"

# (place of a function literal) -> "go", "defer", or "" if the source is not at hand
Launch = Callable[[Position], str]


class Ranking:
    """Ranks the explanations of one log.

    Args:
        escapes: In the order of the log.
        launch: Says by the source what starts a function literal.
        variables: package -> package variables known from source.
    """

    def __init__(self, escapes: Sequence[Escape], launch: Launch, variables: dict[str, set[str]]) -> None:
        self._escapes = escapes
        self._launch = launch
        self._variables = defaultdict(set, {package: set(names) for package, names in variables.items()})
        self._by_subject: dict[tuple[str, str, str, str], list[Escape]] = defaultdict(list)
        for escape in escapes:
            self._learn(escape)
        for known in self._by_subject.values():
            known.sort(key=_place_of)
        # last element of the path -> the package, where one alone has it
        self._package_named: dict[str, str] = {}
        for package in sorted(self._variables):
            name = package.rpartition("/")[2]
            self._package_named[name] = "" if name in self._package_named else package

    def candidates(self) -> list[Candidate]:
        """One for each object; parameters only where what holds them is not the caller's own."""
        found: dict[tuple[object, ...], Candidate] = {}
        for escape in self._escapes:
            candidate = self._candidate(escape)
            if escape.is_parameter and _ORDER[candidate.holding] > _ORDER[Holding.CHANNEL]:
                continue
            key = (escape.package, escape.at, escape.subject, candidate.holding, candidate.holder)
            found.setdefault(key, candidate)  # a generic function is compiled once a package that uses it
        return sorted(found.values(), key=_rank)

    def _learn(self, escape: Escape) -> None:
        if not escape.is_parameter:
            self._by_subject[_key(escape, escape.subject)].append(escape)
        if escape.flows and escape.flows[-1].to == HEAP and escape.flows[-1].steps:
            target = _target(escape.flows[-1])
            if target.isidentifier():  # a local variable would be named where {heap} stands
                self._variables[escape.package].add(target)

    def _candidate(self, escape: Escape) -> Candidate:
        chain = [escape]
        while len(chain) < _MAX_CHAIN:
            above = self._above(chain)
            if above is None:
                break
            chain.append(above)
        holding, holder, note = self._held(chain[-1])
        return Candidate(holding, holder, _shown(chain), note)

    def _above(self, chain: Sequence[Escape]) -> Escape | None:
        """The explanation of what the last flow ends in, if that is an object of the same function."""
        escape = chain[-1]
        if not escape.flows or escape.flows[-1].to == HEAP:
            return None
        last = escape.flows[-1]
        name = last.to.removeprefix(_STORAGE).removesuffix("}") if last.to.startswith(_STORAGE) else last.to
        known = self._by_subject.get(_key(escape, name), ())
        # several of one name: what captures or holds stands before the place where it does so
        index = bisect_right(known, last.steps[-1].at, key=_place_of) if last.steps else len(known)
        nearest = (*known[max(index - len(chain) - 1, 0) : index][::-1], *known[index : index + len(chain) + 1])
        return next((other for other in nearest if not any(other is link for link in chain)), None)

    def _held(self, escape: Escape) -> tuple[Holding, str, str]:
        last = escape.flows[-1] if escape.flows else None
        if last is None or (last.to == HEAP and not last.steps):
            return Holding.OTHER, "", ""
        if last.to == HEAP:
            return self._on_heap(escape, last)
        if last.to.startswith("~r") or any(step.why == "return" for step in last.steps):
            return Holding.RETURNED, escape.function, ""
        if last.to.isidentifier():
            return Holding.RETURNED, escape.function, _NAMED.format(last.to)
        return Holding.OTHER, last.to, ""

    def _on_heap(self, escape: Escape, last: Flow) -> tuple[Holding, str, str]:
        step = last.steps[-1]
        if step.why == "send":
            return Holding.CHANNEL, step.expression.partition(" <- ")[0], ""
        if step.why == "call parameter":
            return self._passed(escape, step)
        if step.why.startswith(("assign", "range", "key of map put")):
            return self._stored(escape, _target(last) or step.expression)
        if step.why == "spill" and escape.subject == "func literal":
            return self._launched(escape)
        return Holding.OTHER, step.why, ""

    def _passed(self, escape: Escape, step: Step) -> tuple[Holding, str, str]:
        name = callee(step.expression)
        if name == "append":  # what is appended goes where the slice goes: nearly always into the slice itself
            return self._stored(escape, step.expression.partition("(")[2].partition(",")[0])
        return Holding.PASSED, name, ""

    def _stored(self, escape: Escape, target: str) -> tuple[Holding, str, str]:
        root = _root(target)
        if "..stmp_" in target:  # what static initialisation leaves to init (cmd/compile/internal/staticinit)
            return Holding.PACKAGE_VARIABLE, "a literal", "part of the literal of a package variable"
        if root in self._variables[escape.package]:
            return Holding.PACKAGE_VARIABLE, target, ""
        package = self._package_named.get(root, "")
        if package and _root(target[target.find(root) + len(root) + 1 :]) in self._variables[package]:
            return Holding.PACKAGE_VARIABLE, target, ""
        return Holding.STORED, target, ""

    def _launched(self, escape: Escape) -> tuple[Holding, str, str]:
        keyword = self._launch(escape.at)
        if keyword == "defer":
            return Holding.OTHER, "defer in a loop", ""
        return Holding.GOROUTINE, escape.function, "" if keyword else _UNSURE


def callee(call: str) -> str:
    """`runtime.SetFinalizer` for `runtime.SetFinalizer(x, nil)`, `(*T).m` for `(*T).m(x)`."""
    skip = call.find(")") + 1 if call.startswith("(") else 0
    at = call.find("(", skip)
    return call[:at] if at > 0 else call


def _shown(chain: Sequence[Escape]) -> tuple[Escape, ...]:
    """The chain's beginning as evidence: a link that many objects share must not be written out for each at length."""
    shown, room = [chain[0]], _MAX_SHARED_STEPS
    for link in chain[1:]:
        room -= sum(1 + len(flow.steps) for flow in link.flows)
        if room < 0:
            break
        shown.append(link)
    return tuple(shown)


def _place_of(escape: Escape) -> Position:
    return escape.at


def _key(escape: Escape, subject: str) -> tuple[str, str, str, str]:
    return escape.package, escape.at.file, escape.function, subject


def _rank(candidate: Candidate) -> tuple[object, ...]:
    escape = candidate.escape
    elsewhere = escape.at.is_elsewhere
    return _ORDER[candidate.holding], elsewhere, escape.package, candidate.holder, escape.at, escape.subject


def _target(flow: Flow) -> str:
    """What the last step assigns to; empty if it is no assignment. Of `a, b = x, y` the one that the value goes to."""
    step = flow.steps[-1]
    if step.why == "key of map put":
        return step.expression
    if not step.why.startswith(("assign", "range")):
        return ""
    left, equals, right = step.expression.partition(" = ")
    if not equals:
        return ""
    value = flow.steps[-2].expression if len(flow.steps) > 1 else flow.source
    lefts, rights = left.split(", "), right.split(", ")
    return lefts[rights.index(value)] if len(lefts) == len(rights) and value in rights else left


def _root(target: str) -> str:
    """The variable that an expression begins with: `a` for `*a.b[c].d`."""
    bare = target.lstrip("*(&")
    for at, char in enumerate(bare):
        if not (char.isalnum() or char == "_"):
            return bare[:at]
    return bare
