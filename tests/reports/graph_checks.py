"""Small grammars of what the dot and mermaid renderers may write; each says what is wrong, or returns the drawing."""

from __future__ import annotations

import re

_DOT_TOKEN = re.compile(
    r'\s*(?:(?P<quoted>"(?:[^"\\\n]|\\.)*")|(?P<arrow>->)|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<number>[0-9.]+)'
    r"|(?P<sign>[{}\[\];=,]))"
)


class Malformed(AssertionError):
    """The text breaks the grammar."""


class DotReader:
    """Reads the subset of the DOT language (graphviz.org, "DOT Language") that goknot writes."""

    def __init__(self, text: str) -> None:
        self.tokens: list[str] = []
        at = 0
        text = text.rstrip()
        while at < len(text):
            match = _DOT_TOKEN.match(text, at)
            if match is None:
                raise Malformed(f"no token at {text[at : at + 40]!r}")
            self.tokens.append(match[0].strip())
            at = match.end()
        self.at = 0
        self.nodes: set[str] = set()
        self.edges: list[tuple[str, str, dict[str, str]]] = []
        self.labels: dict[str, str] = {}

    def take(self, wanted: str = "") -> str:
        if self.at >= len(self.tokens):
            raise Malformed("ended early")
        token = self.tokens[self.at]
        if wanted and token != wanted:
            raise Malformed(f"wanted {wanted!r}, found {token!r}")
        self.at += 1
        return token

    def read(self) -> DotReader:
        self.take("digraph")
        self.take("goknot")
        self.block()
        if self.at != len(self.tokens):
            raise Malformed("goes on after the end")
        for source, target, _ in self.edges:
            if not {source, target} <= self.nodes:
                raise Malformed(f"{source} -> {target}: an end was never declared")
        return self

    def block(self) -> None:
        self.take("{")
        while self.tokens[self.at] != "}":
            self.statement()
        self.take("}")

    def statement(self) -> None:
        first = self.take()
        if first == "subgraph":
            self.take()
            self.block()
            return
        following = self.tokens[self.at]
        if following == "=":
            self.take("=")
            self.take()
        elif following == "->":
            self.take("->")
            target = self.take()
            self.edges.append((first, target, self.attributes()))
        else:
            attributes = self.attributes()
            if first not in {"graph", "node", "edge"}:
                self.nodes.add(first)
                self.labels[first] = attributes["label"]
        self.take(";")

    def attributes(self) -> dict[str, str]:
        self.take("[")
        found = {}
        while True:
            name = self.take()
            self.take("=")
            found[name] = self.take()
            if self.take() == "]":
                return found


_LABEL = r'"(?:[\w ./\-@:(),→]|#\d+;)+"'
_MERMAID_LINES = {
    "subgraph": re.compile(rf"  subgraph k\d+\[{_LABEL}\]"),
    "node": re.compile(rf"    (k\d+n\d+)\[{_LABEL}\]"),
    "none": re.compile(r'  none\["no rings"\]'),
    "comment": re.compile(r" +%% left out: [\w ,]+"),
    "end": re.compile(r"  end"),
    "link": re.compile(r"  (k\d+n\d+) (-->|-\.->)(?:\|[a-z0-9, ]+\|)? (k\d+n\d+)"),
    "style": re.compile(r"  linkStyle (\d+(?:,\d+)*) [a-z0-9#:,\- ]+"),
}


def read_mermaid(text: str) -> list[tuple[str, str, bool]]:
    """Checks a flowchart; returns its links as (source, target, dashed)."""
    first, *lines = text.splitlines()
    if first != "flowchart LR":
        raise Malformed(first)
    nodes: set[str] = set()
    links: list[tuple[str, str, bool]] = []
    depth = 0
    for line in lines:
        kind, match = next(
            ((kind, match) for kind, pattern in _MERMAID_LINES.items() if (match := pattern.fullmatch(line))),
            ("", None),
        )
        if match is None:
            raise Malformed(f"no such line: {line!r}")
        depth += {"subgraph": 1, "end": -1}.get(kind, 0)
        if kind == "node":
            nodes.add(match[1])
        elif kind == "link":
            links.append((match[1], match[3], match[2] == "-.->"))
        elif kind == "style" and max(map(int, match[1].split(","))) >= len(links):
            raise Malformed(f"{line!r} styles a link that is not there")
    if depth:
        raise Malformed("a subgraph is open")
    if not all({source, target} <= nodes for source, target, _ in links):
        raise Malformed("a link to an undeclared node")
    return links
