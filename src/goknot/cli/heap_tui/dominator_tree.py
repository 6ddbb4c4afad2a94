"""The dominator tree as a widget: branches come when they are unfolded."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from goknot.app.heap.walk import Branch, Stop, branches
from goknot.reports.words import bytes_text, name_of

if TYPE_CHECKING:
    from goknot.app.heap.study import HeapStudy

_AT_ONCE = 50


class _More:
    """Stands for branches that were not asked for yet."""

    def __init__(self, above: Branch | None, first: int) -> None:
        self.above = above
        self.first = first


class DominatorTree(Tree["Branch | _More | None"]):
    """The tree.

    Args:
        study: The heap.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("o", "open", "Open")]

    class Opened(Message):
        """A branch's page was asked for.

        Attributes:
            stop_at: That page.
        """

        def __init__(self, stop_at: Stop) -> None:
            super().__init__()
            self.stop_at = stop_at

    def __init__(self, study: HeapStudy, *, id: str, classes: str) -> None:
        super().__init__("everything", None, id=id, classes=classes)
        self._study = study

    def begin(self) -> None:
        """Unfolds the first branches, once."""
        if not self.root.children:
            self._unfold(self.root, None, 0)
            self.root.expand()
            self.move_cursor(self.root.children[0] if self.root.children else self.root)

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[Branch | _More | None]) -> None:
        """Fills a branch when it is first unfolded."""
        if isinstance(event.node.data, Branch) and not event.node.children:
            self._unfold(event.node, event.node.data, 0)

    def on_tree_node_selected(self, event: Tree.NodeSelected[Branch | _More | None]) -> None:
        """Asks for more, or opens what has nothing below it."""
        data, above = event.node.data, event.node.parent
        if isinstance(data, _More) and above is not None:
            event.node.remove()
            self._unfold(above, data.above, data.first)
        elif isinstance(data, Branch) and data.is_leaf:
            self.action_open()

    def action_open(self) -> None:
        """The page of the branch the cursor is on."""
        data = self.cursor_node.data if self.cursor_node is not None else None
        if isinstance(data, Branch) and data.stop is not None:
            self.post_message(self.Opened(data.stop))

    def _unfold(self, node: TreeNode[Branch | _More | None], above: Branch | None, first: int) -> None:
        found, n = branches(self._study, above, first, _AT_ONCE)
        for one in found:
            label = Text.assemble((f"{bytes_text(one.retained_bytes):>10}", "bold"), "  ", name_of(one.name))
            node.add(label, one, allow_expand=not one.is_leaf)
        if first + len(found) < n:
            node.add_leaf(Text(f"{n - first - len(found):,} more", "dim"), _More(above, first + len(found)))
