"""Which functions are run because they put something into a register, and those that hand it to them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from goknot.inputs.source.bodies.corpus import Corpus
from goknot.inputs.source.bodies.declarations import Declared, PackageDeclarations, declared_as
from goknot.inputs.source.bodies.frequency import Site
from goknot.inputs.source.bodies.program import Program
from goknot.inputs.source.bodies.registers import Registers
from goknot.inputs.source.bodies.registrations import Registrations
from goknot.inputs.source.bodies.texts import Header, header_around
from goknot.model.leakfacts import FunctionFacts

MAX_RUNS = 1500
MAX_INITS = 200  # init functions that are run for notes
_ROUNDS = 2
MAX_DROPPERS = 300
MAX_CALLERS = 200  # calls of one method that are looked at whatever they call its receiver
_DROPS = re.compile(rb"[ \t]*(?:func \w+\(\) \{ )?(?:_ = )?(?:\w+\.)*\w*")
_Run = Callable[[PackageDeclarations, Declared], tuple[PackageDeclarations, FunctionFacts]]
_Key = tuple[str, str]  # import path, name of a function


def _line(site: Site, more: int = 0) -> tuple[int, int]:
    """From the beginning of a site's line to the site, and some bytes more."""
    return site.data.rfind(b"\n", 0, site.at) + 1, site.at + more


class RegisterSearch:
    """Runs what registers.

    Args:
        program: The program.
        corpus: Its texts.
        run: Runs a function, once.
        run_shallow: The same, with fewer calls above one another.
    """

    def __init__(self, program: Program, corpus: Corpus, run: _Run, run_shallow: _Run) -> None:
        self.program = program
        self.run = run
        self.run_shallow = run_shallow
        self.registers = Registers(corpus)
        self.registrations = Registrations(program, self.registers)
        self.n_inits = 0
        self.seen: set[_Key] = set()

    def find(self) -> None:
        """Runs every function that puts something into a register, and twice over those that call it with objects."""
        keys = sorted({(put.package, put.function) for put in self.registers.puts})
        if len(keys) > MAX_RUNS:
            self._too_many()
            keys = keys[:MAX_RUNS]
        for path, name in keys:
            self._inits(path, name)
        fresh = self._runs(keys)
        for _ in range(_ROUNDS):
            open_ones = [(path, facts) for path, facts in fresh if self.registrations.is_open(facts)]
            fresh = self._runs(key for path, facts in open_ones for key in self._callers(path, facts.name))

    def with_registrations(self, functions: Iterable[FunctionFacts]) -> list[FunctionFacts]:
        """The functions with what they register."""
        found = []
        for facts in functions:
            told = self.registrations.of(facts)
            found.append(replace(facts, registrations=told) if told else facts)
        return found

    def droppers(self, functions: Iterable[FunctionFacts]) -> list[Site]:
        """Where a function is called whose result alone could cancel a context, and the result is thrown away."""
        found: list[Site] = []
        for facts in functions:
            for event in facts.events:
                cancel = event.others[1][0] if event.kind == "context" and len(event.others) > 1 else -1
                if cancel < 0 or event.where.calls or facts.name in {"main", "init"} or not facts.nodes[cancel].outside:
                    continue
                if any(edge.target == cancel and edge.kind == "field" for edge in facts.edges):
                    sites = self.registrations.frequencies.sites(facts.package, facts.name)
                    found.extend(site for site in sites if site.is_call and _DROPS.fullmatch(site.data, *_line(site)))
                    break
        return sorted(set(found), key=lambda site: (site.file, site.at))[:MAX_DROPPERS]

    def _inits(self, path: str, name: str) -> None:
        """Runs init functions of other packages that register something; they are no more than notes."""
        for site in self.registrations.frequencies.sites(path, name):
            header = header_around(site.data, site.at)
            if header is None or header.name != "init" or site.package == path or self.n_inits >= MAX_INITS:
                continue
            package = self.program.package(site.package)
            for declared in package.inits if package is not None else ():
                inside = declared.start <= site.at < declared.end
                if package is not None and declared.source.path == site.file and inside:
                    self.n_inits += 1
                    self.run_shallow(package, declared)

    def _callers(self, path: str, name: str) -> set[_Key]:
        """The functions that call one; of very many those that name a package variable as its receiver."""
        sites = [site for site in self.registrations.frequencies.sites(path, name) if site.is_call]
        owner, _, short = name.rpartition(".")
        if owner and len(sites) > MAX_CALLERS:
            variables = [v.name for v in self.registers.owners.get((path, owner), ())]
            called = re.compile(rf"(?<![\w.])(?:\w+\.)?(?:{'|'.join(sorted(variables))})\.{short}\(".encode())
            named = [site for site in sites if variables and called.search(site.data, *_line(site, 1))]
            if len(named) < len(sites):
                what = f"{name}: more than {MAX_CALLERS} calls"
                effect = "those that may put something into a package variable by another name are not looked at"
                self.program.problem(self.program.scan.tree.label, what, effect)
            sites = named
        headers = ((site.package, header_around(site.data, site.at)) for site in sites)
        return {(package, header.full) for package, header in headers if header is not None and header.name != "init"}

    def _runs(self, keys: Iterable[_Key]) -> list[tuple[str, FunctionFacts]]:
        found = []
        for path, name in sorted(set(keys) - self.seen):
            self.seen.add((path, name))
            if self.registrations.frequencies.of(path, name).kind == "start":
                continue
            package = self.program.package(path)
            owner, _, short = name.rpartition(".")
            declared = declared_as(package, Header("", owner, short, 0)) if package is not None else None
            if package is None or declared is None:
                continue
            if len(self.seen) > MAX_RUNS:
                self._too_many()
                break
            found.append((path, self.run(package, declared)[1]))
        return found

    def _too_many(self) -> None:
        what = f"more than {MAX_RUNS} functions put something into package variables"
        self.program.problem(self.program.scan.tree.label, what, "some registers are not looked at")
