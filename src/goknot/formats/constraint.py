"""Build constraints: `//go:build` lines, `// +build` lines and file name suffixes.

Sources: go/build/constraint/expr.go (grammar), go/build/build.go (parseFileHeader, shouldBuild, goodOSArchFile),
internal/syslist/syslist.go (known systems and architectures).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

KNOWN_OS = frozenset(
    {"aix", "android", "darwin", "dragonfly", "freebsd", "hurd", "illumos", "ios", "js", "linux", "nacl", "netbsd"}
    | {"openbsd", "plan9", "solaris", "wasip1", "windows", "zos"}
)
UNIX_OS = KNOWN_OS - {"js", "nacl", "plan9", "wasip1", "windows", "zos"}
KNOWN_ARCH = frozenset(
    {"386", "amd64", "amd64p32", "arm", "armbe", "arm64", "arm64be", "loong64", "mips", "mipsle", "mips64", "mips64le"}
    | {"mips64p32", "mips64p32le", "ppc", "ppc64", "ppc64le", "riscv", "riscv64", "s390", "s390x", "sparc", "sparc64"}
    | {"wasm"}
)
IMPLIED_OS = {"android": "linux", "illumos": "solaris", "ios": "darwin"}
MAX_TERMS = 1000  # expr.go maxSize
MAX_OLD_OPERATORS = 100  # expr.go maxOldSize

IsOn = Callable[[str], bool]


class ConstraintError(ValueError):
    """A build constraint that Go refuses."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """An expression over build tags, as a program for a stack machine: depth costs no recursion.

    Attributes:
        steps: Tags, and the operators `!`, `&&`, `||` after their operands; empty: always true.
    """

    steps: tuple[str, ...] = ()

    def holds(self, is_on: IsOn) -> bool:
        """Whether the expression is true where `is_on` tells which tags are."""
        if not self.steps:
            return True
        stack: list[bool] = []
        for step in self.steps:
            if step == "!":
                stack[-1] = not stack[-1]
            elif step in _OPERATORS:
                right, left = stack.pop(), stack.pop()
                stack.append(left and right if step == "&&" else left or right)
            else:
                stack.append(is_on(step))
        return stack[0]

    def mask(self, mask_by_tag: Mapping[str, int], everywhere: int) -> int:
        """In which of many configurations the expression is true, one bit each.

        Args:
            mask_by_tag: Where each tag of the expression is on.
            everywhere: All configurations.
        """
        stack: list[int] = []
        for step in self.steps:
            if step == "!":
                stack[-1] ^= everywhere
            elif step in _OPERATORS:
                right, left = stack.pop(), stack.pop()
                stack.append(left & right if step == "&&" else left | right)
            else:
                stack.append(mask_by_tag[step])
        return stack[0] if stack else everywhere

    def tags(self) -> set[str]:
        """Every tag that occurs."""
        return {step for step in self.steps if step != "!" and step not in _OPERATORS}


_OPERATORS = ("&&", "||")
ALWAYS = Constraint()


def tag(name: str) -> Constraint:
    """The constraint that one tag is on."""
    return Constraint((name,))


def both(first: Constraint, second: Constraint) -> Constraint:
    """The constraint that both hold."""
    if not first.steps:
        return second
    return Constraint((*first.steps, *second.steps, "&&")) if second.steps else first


def parse_go_build(text: str) -> Constraint:
    """Parses what follows `//go:build`.

    Raises:
        ConstraintError: Go refuses it.
    """
    output: list[str] = []
    waiting: list[str] = []  # operators whose right side is not there yet
    wants_operand = True
    n_terms = 1
    for token in _tokens(text):
        if wants_operand != (token in ("!", "(") or _is_tag(token)):
            raise ConstraintError(f"unexpected token {token}")
        if token == "!":
            if waiting and waiting[-1] == "!":
                raise ConstraintError("double negation not allowed")
            waiting.append(token)
        elif token == "(":
            waiting.append(token)
            n_terms += 1
        elif wants_operand:
            output.append(token)
            _pop_while(waiting, output, ("!",))
            wants_operand = False
        elif token == ")":
            _pop_while(waiting, output, ("&&", "||"))
            if not waiting:
                raise ConstraintError("unexpected token )")
            waiting.pop()
            _pop_while(waiting, output, ("!",))
        else:
            _pop_while(waiting, output, ("&&",) if token == "&&" else ("&&", "||"))
            waiting.append(token)
            wants_operand = True
            n_terms += 1
        if n_terms > MAX_TERMS:
            raise ConstraintError("build expression too large")
    if wants_operand:
        raise ConstraintError("unexpected end of expression")
    _pop_while(waiting, output, ("&&", "||"))
    if waiting:
        raise ConstraintError("missing close paren")
    return Constraint(tuple(output))


def _pop_while(waiting: list[str], output: list[str], operators: tuple[str, ...]) -> None:
    while waiting and waiting[-1] in operators:
        output.append(waiting.pop())


_TOKEN = re.compile(r"[ \t]*(&&|\|\||[()!]|[\w.]+|.)?", re.DOTALL)


def _tokens(text: str) -> list[str]:
    tokens = []
    for match in _TOKEN.finditer(text):
        token = match[1]
        if token is None:
            continue
        if token not in ("&&", "||", "(", ")", "!") and not _is_tag(token):
            raise ConstraintError(f"invalid syntax at {token[0]}")
        tokens.append(token)
    return tokens


def _is_tag(word: str) -> bool:
    # expr.go isValidTag; \w alone also takes what unicode.IsLetter and IsDigit refuse
    if word.isascii():
        return word.replace("_", "a").replace(".", "a").isalnum()
    return all(c.isalpha() or c.isdecimal() or c in "_." for c in word)


def parse_plus_build(text: str) -> Constraint:
    """Parses what follows `// +build`: words are alternatives, commas join; a bad word is the tag `ignore`.

    Raises:
        ConstraintError: Longer than Go accepts.
    """
    steps: list[str] = []
    n_operators = -1
    for word in _WORDS.findall(text):
        alternative: list[str] = []
        for literal in word.split(","):
            n_operators += 1
            negated = literal.startswith("!") and not literal.startswith("!!") and literal != "!"
            name = literal[1:] if negated else literal
            term = [name if name and _is_tag(name) else "ignore", *(("!",) if negated else ())]
            alternative += [*term, "&&"] if alternative else term
        steps += [*alternative, "||"] if steps else alternative
    if n_operators > MAX_OLD_OPERATORS:
        raise ConstraintError("expression too complex for // +build lines")
    return Constraint(tuple(steps)) if steps else tag("ignore")


@lru_cache(maxsize=1 << 14)
def _parse_cached(text: str) -> Constraint:
    return parse_go_build(text)


_SPACES = " \t\n\v\f\r\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_WORDS = re.compile(f"[^{_SPACES}]+")
_GO_BUILD_LINES = re.compile(rb"^//go:build[ \t]++([^\n]*+)", re.MULTILINE)


def of_lead(lead: bytes) -> Constraint:
    """The constraint that the comments above a package clause state.

    Args:
        lead: What stands above: comments and space, nothing else.

    Raises:
        ConstraintError: Two `//go:build` lines, or one that Go refuses.
    """
    n_go_build = lead.count(b"//go:build")
    if not n_go_build and b"+build" not in lead:
        return ALWAYS
    if n_go_build == 1 and b"/*" not in lead:
        line = _GO_BUILD_LINES.search(lead)
        if line:  # then no +build line counts
            return _parse_cached(line[1].decode("utf-8", "replace").strip(_SPACES))
    return of_header(lead + b"package")


def of_header(text: bytes) -> Constraint:
    """The constraint that the beginning of any file states (build.go parseFileHeader and shouldBuild).

    Raises:
        ConstraintError: Two `//go:build` lines, or one that Go refuses.
    """
    go_build: str | None = None
    lines: list[str] = []
    n_before_blank = 0  # lines above the last blank line; only there does +build count
    ended = in_comment = code = False
    for raw in text.decode("utf-8", "replace").removesuffix("\n").split("\n"):
        line = raw.strip(_SPACES)
        lines.append(line)
        if not line and not ended:
            n_before_blank = len(lines)
            continue
        ended = ended or not line.startswith("//")
        if not in_comment and (expression := _after(line, "//go:build")) is not None:
            if go_build is not None:
                raise ConstraintError("multiple //go:build comments")
            go_build = expression
        in_comment, code = _skip_comments(line, in_comment)
        if code:
            break
    if go_build is not None:
        return _parse_cached(go_build)
    found = ALWAYS
    for line in lines[:n_before_blank]:
        words = _after(line[2:].strip(_SPACES), "+build") if line.startswith("//") else None
        if words is not None:
            try:
                found = both(found, parse_plus_build(words))
            except ConstraintError:
                continue  # build.go shouldBuild: a +build line it cannot parse does not count
    return found


def _after(line: str, marker: str) -> str | None:
    """What follows a marker that stands alone or before white space."""
    rest = line.removeprefix(marker)
    if not line.startswith(marker) or rest.lstrip(_SPACES) == rest != "":
        return None
    return rest.strip(_SPACES)


def _skip_comments(line: str, in_comment: bool) -> tuple[bool, bool]:
    """(still inside a block comment, whether code follows) after one line."""
    while line:
        if in_comment:
            _, closed, rest = line.partition("*/")
            if not closed:
                return True, False
            in_comment, line = False, rest.strip(_SPACES)
        elif line.startswith("//"):
            return False, False
        elif line.startswith("/*"):
            in_comment, line = True, line[2:].strip(_SPACES)
        else:
            return False, True
    return in_comment, False


def of_file_name(name: str) -> Constraint:
    """The constraint that a file's name states by its suffix (build.go goodOSArchFile)."""
    stem = name.partition(".")[0]
    start = stem.find("_")
    if start < 0:
        return ALWAYS
    words = stem[start:].split("_")
    if words[-1] == "test":
        words.pop()
    if len(words) >= 2 and words[-2] in KNOWN_OS and words[-1] in KNOWN_ARCH:
        return Constraint((words[-1], words[-2], "&&"))
    if words and (words[-1] in KNOWN_OS or words[-1] in KNOWN_ARCH):
        return tag(words[-1])
    return ALWAYS
