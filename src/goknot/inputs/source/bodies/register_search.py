"""Which functions are run because they put something into a register, and those that hand it to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from goknot.inputs.source.bodies.declarations import Declared, PackageDeclarations
from goknot.inputs.source.bodies.program import Program
from goknot.inputs.source.bodies.registers import Registers
from goknot.inputs.source.bodies.registrations import Registrations
from goknot.inputs.source.bodies.texts import header_around
from goknot.model.leakfacts import FunctionFacts

MAX_RUNS = 1500
_ROUNDS = 2
_Run = Callable[[PackageDeclarations, Declared], tuple[PackageDeclarations, FunctionFacts]]
_Key = tuple[str, str]  # import path, name of a function


class RegisterSearch:
    """Runs what registers.

    Args:
        program: The program.
        run: Runs a function, once.
    """

    def __init__(self, program: Program, run: _Run) -> None:
        self.program = program
        self.run = run
        self.registers = Registers(program)
        self.registrations = Registrations(program, self.registers)
        self.seen: set[_Key] = set()

    def find(self) -> None:
        """Runs every function that puts something into a register, and twice over those that call it with objects."""
        fresh = self._runs((put.package, put.function) for put in self.registers.puts)
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

    def _callers(self, path: str, name: str) -> Iterable[_Key]:
        for site in self.registrations.frequencies.sites(path, name):
            header = header_around(site.data, site.at)
            if site.is_call and header is not None and header.name != "init":
                yield site.package, header.full

    def _runs(self, keys: Iterable[_Key]) -> list[tuple[str, FunctionFacts]]:
        found = []
        for path, name in sorted(set(keys) - self.seen):
            self.seen.add((path, name))
            if self.registrations.frequencies.of(path, name).kind == "start":
                continue
            package = self.program.package(path)
            owner, _, short = name.rpartition(".")
            if package is None:
                continue
            declared = package.methods.get((owner, short)) if owner else package.functions.get(short)
            if declared is None:
                continue
            if len(self.seen) > MAX_RUNS:
                what = f"more than {MAX_RUNS} functions put something into package variables"
                self.program.problem(self.program.scan.tree.label, what, "some registers are not looked at")
                break
            found.append((path, self.run(package, declared)[1]))
        return found
