"""Asks go/types: `go list` for files and export data, then the helper of confirm_go with the questions.

Nothing of the tree is run: `go list -export` compiles packages (without cgo unless asked) and starts no program of
theirs. Sources: cmd/go/internal/list/list.go, go/importer/importer.go (ForCompiler with a lookup).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from goknot.errors import ToolError
from goknot.inputs.confirm_tool import GoTool, find_go
from goknot.model.confirmation import Answer, Answers, AnswerState, Question, Target
from goknot.model.leakfacts import Spot
from goknot.model.report import Problem

EFFECT = "findings there are neither confirmed nor refuted"
_LISTED = "Dir,ImportPath,GoFiles,CgoFiles,Imports,ImportMap,Error"
_EXPORTED = "Dir,ImportPath,Export,Error,Standard"


@dataclass(frozen=True, slots=True)
class Tree:
    """What the questions are about.

    Attributes:
        root: Folder that the questions' paths are relative to, resolved.
        module_folders: Folders of the modules, absolute.
        goos: System the source is read for.
        goarch: Its architecture.
        cgo: Whether files that import "C" are part of it.
        tags: Build tags.
        mod: What the user's -mod= says; empty if nothing.
    """

    root: Path
    module_folders: tuple[Path, ...]
    goos: str
    goarch: str
    cgo: bool
    tags: tuple[str, ...]
    mod: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may take and do.

    Attributes:
        seconds: For everything that Go does.
        cache: Where the helper is kept; None: nowhere.
        compile_cgo: Whether dependencies are compiled with cgo, which runs the C compiler.
    """

    seconds: float
    cache: Path | None
    compile_cgo: bool = False


@dataclass(slots=True)
class _Module:
    """What is asked about one module."""

    questions: list[Question] = field(default_factory=list)
    folders: set[Path] = field(default_factory=set)


def ask_go(tree: Tree, findings: Sequence[Sequence[Question]], limits: Limits) -> Answers:
    """The answers to questions about findings. What goes wrong is among the problems, and leaves questions open.

    Args:
        tree: The source.
        findings: The questions about each finding; those about one are asked in the module of their first place.
        limits: Time and place.
    """
    try:
        tool = GoTool(find_go(), limits.seconds)
        version = tool.version()
        helper = tool.helper(version, limits.cache)
    except ToolError as error:
        return Answers("", {}, (_problem("--confirm=go", error),))
    found: dict[Question, Answer] = {}
    problems: list[Problem] = []
    for folder, module in sorted(_by_module(tree, findings).items()):
        try:
            reply = _ask_module(tool, helper, tree, folder, module, limits, problems)
        except ToolError as error:
            problems.append(_problem(_shown(tree, folder), error))
            continue
        found.update(reply)
    return Answers(version, found, tuple(sorted(set(problems))))


def _problem(where: str, error: ToolError) -> Problem:
    return Problem(where, error.what, f"{EFFECT}. {error.hint}".strip())


def _shown(tree: Tree, folder: Path) -> str:
    return os.path.relpath(folder, tree.root).replace(os.sep, "/")


def _by_module(tree: Tree, findings: Iterable[Sequence[Question]]) -> dict[Path, _Module]:
    """Module folder -> what is asked there."""
    modules: dict[Path, _Module] = {}
    nearest = sorted(tree.module_folders, key=lambda folder: -len(folder.parts))
    for questions in findings:
        if not questions:
            continue
        first = _absolute(tree, questions[0].spot.file)
        home = next((folder for folder in nearest if first.is_relative_to(folder)), tree.root)
        module = modules.setdefault(home, _Module())
        for question in questions:
            module.questions.append(question)
            for spot in (question.spot, *question.places):
                module.folders.add(_absolute(tree, spot.file).parent)
    return modules


def _absolute(tree: Tree, file: str) -> Path:
    return Path(os.path.normpath(tree.root / file))


def _ask_module(  # noqa: PLR0917
    tool: GoTool,
    helper: Path,
    tree: Tree,
    folder: Path,
    module: _Module,
    limits: Limits,
    problems: list[Problem],
) -> dict[Question, Answer]:
    settings = {"GOOS": tree.goos, "GOARCH": tree.goarch, "GOFLAGS": _flags(tree, folder)}
    env = tool.environment(**settings, CGO_ENABLED="1" if tree.cgo else "0")
    patterns = sorted(_pattern(folder, wanted) for wanted in module.folders)
    listed = list(_listed(tool, ["-json=" + _LISTED, "--", *patterns], folder, env))
    for package in listed:
        _note_error(package, tree, problems)
    sources = [package for package in listed if package.get("GoFiles") or package.get("CgoFiles")]
    if not sources:
        raise ToolError("go", f"list knows none of the packages in question ({', '.join(patterns[:3])})")
    needed = sorted({_mapped(package, path) for package in sources for path in package.get("Imports", ())} - _NONE)
    exported: list[dict[str, Any]] = []
    if needed:
        env = tool.environment(**settings, CGO_ENABLED="1" if limits.compile_cgo else "0")
        exported = list(_listed(tool, ["-deps", "-export", "-json=" + _EXPORTED, "--", *needed], folder, env))
    missing = [package for package in exported if not package.get("Export") and package["ImportPath"] != "unsafe"]
    for package in missing[:3]:
        _note_error(package, tree, problems, otherwise="the compiler exported nothing")
    request = _request(tree, sources, exported, module.questions)
    said = tool.run([str(helper)], folder, env, json.dumps(request).encode())
    return _replies(said, module.questions, problems)


_NONE = frozenset({"C", "unsafe"})


def _mapped(package: Mapping[str, Any], path: str) -> str:
    return str(package.get("ImportMap", {}).get(path, path))


def _pattern(folder: Path, wanted: Path) -> str:
    below = os.path.relpath(wanted, folder).replace(os.sep, "/")
    return "./" + below if below != "." else "."


def _flags(tree: Tree, folder: Path) -> str:
    """GOFLAGS: nothing of the user's but -tags and -mod=vendor; no go.mod is written, and git is not run."""
    flags = ["-buildvcs=false"]
    vendored = (folder / "vendor" / "modules.txt").is_file() or any(
        (parent / "go.work").is_file() and (parent / "vendor" / "modules.txt").is_file() for parent in folder.parents
    )
    if tree.mod in {"vendor", "readonly"}:
        flags.append(f"-mod={tree.mod}")
    elif not vendored:  # else Go's own default, which is vendor or readonly
        flags.append("-mod=readonly")
    if tree.tags:
        flags.append("-tags=" + ",".join(tree.tags))
    return " ".join(flags)


def _listed(tool: GoTool, arguments: list[str], folder: Path, env: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The packages that `go list -e` tells of.

    Raises:
        ToolError: It fails, or prints what is no JSON.
    """
    text = tool.run([str(tool.go), "list", "-e", *arguments], folder, env).decode("utf-8", "replace")
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        try:
            package, at = decoder.raw_decode(text, at)
        except ValueError as error:
            raise ToolError("go", f"list printed what is no JSON: {error}") from error
        if isinstance(package, dict) and isinstance(package.get("ImportPath"), str):
            yield package


def _note_error(package: Mapping[str, Any], tree: Tree, problems: list[Problem], otherwise: str = "") -> None:
    error = package.get("Error")
    said = str(error.get("Err", "")) if isinstance(error, dict) else otherwise
    if said:
        text = " ".join(said.replace(f"{tree.root}{os.sep}", "").split())
        problems.append(Problem(str(package["ImportPath"]), f"go list: {text[:400]}", EFFECT))


def _request(
    tree: Tree,
    sources: Sequence[Mapping[str, Any]],
    exported: Sequence[Mapping[str, Any]],
    questions: Sequence[Question],
) -> dict[str, Any]:
    known = [package for package in (*exported, *sources) if not package.get("Standard") and package.get("Dir")]
    return {
        "root": str(tree.root),
        "goarch": tree.goarch,
        "packages": [
            {
                "path": package["ImportPath"],
                "files": [
                    str(Path(package["Dir"]) / name)
                    for name in sorted([*(package.get("GoFiles") or ()), *(package.get("CgoFiles") or ())])
                ],
                "import_map": package.get("ImportMap") or {},
            }
            for package in sources
        ],
        "exports": {package["ImportPath"]: package["Export"] for package in exported if package.get("Export")},
        "dirs": {str(package["Dir"]): package["ImportPath"] for package in known},
        "questions": [_asked(tree, number, question) for number, question in enumerate(questions)],
    }


def _asked(tree: Tree, number: int, question: Question) -> dict[str, Any]:
    def spot(given: Spot) -> dict[str, Any]:
        file = _absolute(tree, given.file).as_posix() if given.file else ""
        return {"file": file, "line": given.line, "column": given.column}

    def target(given: Target) -> dict[str, Any]:
        return asdict(given) | {"spot": spot(given.spot)}

    return {
        "id": number,
        "kind": question.kind,
        "spot": spot(question.spot),
        "names": list(question.names),
        "through": question.through,
        "arguments": [{"index": index, "target": target(wanted)} for index, wanted in question.arguments],
        "name": question.name,
        "target": target(question.target),
        "unbounded": question.unbounded,
        "places": [spot(place) for place in question.places],
    }


def _replies(said: bytes, questions: Sequence[Question], problems: list[Problem]) -> dict[Question, Answer]:
    try:
        reply = json.loads(said)
        found = {
            questions[answer["id"]]: Answer(AnswerState(answer["state"]), " ".join(str(answer["why"]).split()))
            for answer in reply["answers"]
        }
        problems += [
            Problem(str(problem["where"]), " ".join(str(problem["what"]).split())[:400], EFFECT)
            for problem in reply["problems"]
        ]
    except (ValueError, LookupError, TypeError) as error:
        raise ToolError("go", f"the helper printed what is no answer: {error}") from error
    return found
