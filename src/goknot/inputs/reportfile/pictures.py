"""Dominator trees, goroutines, folder matrices and excerpts, read back."""

from __future__ import annotations

from goknot.errors import InputError
from goknot.inputs.reportfile.members import Members
from goknot.model.pictures import Excerpt, FolderMatrix, GoroutineSize, KeptNode


def read_kept(one: Members) -> tuple[KeptNode, ...]:
    """A folded dominator tree.

    Raises:
        InputError: The columns do not fit together, or a node stands before its parent.
    """
    names, kinds = one.texts("names"), one.texts("kind")
    numbers = [one.whole_numbers(name) for name in ("parent", "name", "objects", "bytes", "retained_bytes")]
    if any(len(column) != len(kinds) for column in numbers):
        raise InputError(one.file, f"{one.place}: columns of different lengths")
    found = []
    for at, (parent, name, objects, own, retained) in enumerate(zip(*numbers, strict=True)):
        if not (-1 <= parent < at and 0 <= name < len(names)):
            raise InputError(one.file, f"{one.place}: node {at} has no such parent or name")
        found.append(KeptNode(parent, names[name], kinds[at], objects, own, retained))
    return tuple(found)


def read_matrix(one: Members) -> FolderMatrix:
    """A folder matrix.

    Raises:
        InputError: It names a folder that is not there.
    """
    folders, rings = one.texts("folders"), one.whole_numbers("ring_by_folder")
    edges = tuple((source, target, n) for source, target, n in one.rows("edges", 3))
    if len(rings) != len(folders) or any(max(edge[:2]) >= len(folders) for edge in edges):
        raise InputError(one.file, f"{one.place} names a folder that is not there")
    return FolderMatrix(folders, rings, edges)


def read_goroutine(one: Members) -> GoroutineSize:
    """Goroutines of one stack."""
    return GoroutineSize(
        one.text("function"),
        one.text("waits"),
        one.flag("leaked"),
        one.number("goroutines"),
        one.number("retained_bytes"),
        one.number("goid"),
        one.text("created_at", ""),
        tuple((frame.text("function"), frame.text("where", "")) for frame in one.members("stack")),
    )


def read_excerpt(one: Members) -> Excerpt:
    """Lines of a file."""
    return Excerpt(one.text("file"), one.number("line"), one.texts("lines"))
