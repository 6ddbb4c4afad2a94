"""The application: one page at a time, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Footer, Input, OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import Worker, WorkerState

from goknot.app.heap.walk import Page, Place, Stop
from goknot.cli.heap_tui.dominator_tree import DominatorTree
from goknot.errors import GoknotError
from goknot.reports.view import View
from goknot.reports.words import printable

if TYPE_CHECKING:
    from textual import events

    from goknot.app.heap.walk import Walk

_COLOURS = {"bad": "bold red", "warn": "bold yellow", "calm": "bold cyan", "good": "bold green"}
_HOME = Stop(Place.KNOTS)
_GAP = "  "


class HeapWalk(App[None]):
    """Walks through a heap.

    Args:
        walk: The heap, page by page.
    """

    ENABLE_COMMAND_PALETTE = False
    TITLE = "goknot heap"
    CSS = """
    #title { height: 1; background: $primary-darken-2; color: $text; text-style: bold; padding: 0 1; }
    #head { height: auto; max-height: 55%; padding: 0 1; }
    #head.alone { max-height: 100%; height: 1fr; }
    #columns { height: 1; padding: 0 1; color: $text-muted; }
    #rows { height: 1fr; border: none; padding: 0 1; }
    #rows:focus { border: none; }
    #tree { height: 1fr; padding: 0 1; }
    #search { dock: bottom; }
    .hidden { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "home('knots')", "Knots"),
        Binding("2", "home('types')", "Types"),
        Binding("3", "home('dominators')", "Dominators"),
        Binding("4", "home('goroutines')", "Goroutines"),
        Binding("5", "home('roots')", "Roots"),
        Binding("slash", "search", "Search"),
        Binding("backspace", "go_back", "Back"),
        Binding("q", "quit", "Quit"),
    ]

    def __init__(self, walk: Walk) -> None:
        super().__init__()
        self._walk = walk
        self._way: list[tuple[Stop, int]] = []  # pages behind, each with the line that was left
        self._shown: Page | None = None
        self._stop = _HOME
        self._line = 0  # to stand on once the page has come

    def compose(self) -> ComposeResult:
        """Title, head, list or tree, search, keys."""
        yield Static(id="title", markup=False)
        yield VerticalScroll(Static(id="text", markup=False), id="head")
        yield Static(id="columns", markup=False)
        yield OptionList(id="rows", markup=False)
        yield DominatorTree(self._walk.study, id="tree", classes="hidden")
        yield Input(placeholder="a part of a name, or an address: 0xc000012345", id="search", classes="hidden")
        yield Footer()

    def on_mount(self) -> None:
        """Begins with the knots."""
        self._go(_HOME)

    def on_resize(self, _event: events.Resize) -> None:
        """Pages are as wide as the terminal."""
        if self._shown is not None and self._stop.place is not Place.DOMINATORS:
            self._go(self._stop, self._at)

    # what the keys do

    def action_home(self, place: str) -> None:
        """One of the lists."""
        self._forward(Stop(Place(place)))

    def action_search(self) -> None:
        """Asks for a name or an address."""
        field = self.query_one("#search", Input)
        field.remove_class("hidden")
        field.value = ""
        field.focus()

    def action_go_back(self) -> None:
        """The page before."""
        if self._way:
            self._go(*self._way.pop())

    def key_escape(self) -> None:
        """Leaves the search, or the page."""
        if self.query_one("#search", Input).has_focus:
            self._end_search()
        else:
            self.action_go_back()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Searches."""
        self._end_search()
        if event.value.strip():
            self._forward(Stop(Place.SEARCH, text=event.value.strip()))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Follows a line."""
        stop = self._shown.lines[event.option_index].stop if self._shown is not None else None
        if stop is not None:
            self._forward(stop)

    def on_dominator_tree_opened(self, event: DominatorTree.Opened) -> None:
        """Follows a branch."""
        self._forward(event.stop_at)

    # how pages come

    @property
    def _at(self) -> int:
        return self.query_one("#rows", OptionList).highlighted or 0

    def _forward(self, stop: Stop) -> None:
        if stop != self._stop:
            self._way.append((self._stop, self._at))
            self._go(stop)

    def _go(self, stop: Stop, line: int = 0) -> None:
        self._stop, self._line = stop, line
        is_tree = stop.place is Place.DOMINATORS
        for name in ("#head", "#columns", "#rows"):
            self.query_one(name).set_class(is_tree, "hidden")
        tree = self.query_one("#tree", DominatorTree)
        tree.set_class(not is_tree, "hidden")
        if is_tree:
            self.query_one("#title", Static).update("who alone keeps how much: Enter unfolds, o opens")
            tree.begin()
            tree.focus()
            return
        self.query_one("#title", Static).update(f"{stop.place} ...")
        view = View(width=max(self.size.width - 3, 1), color=True)
        self.run_worker(lambda: self._walk.page(stop, view), thread=True, exclusive=True, exit_on_error=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A page has come, or cannot."""
        if event.state is WorkerState.SUCCESS and isinstance(event.worker.result, Page):
            self._put(event.worker.result)
        elif event.state is WorkerState.ERROR:
            error = event.worker.error
            if not isinstance(error, GoknotError):
                raise error if error is not None else RuntimeError("a page failed")
            self.notify(printable(error.what), severity="error", markup=False)
            self.action_go_back()

    def _put(self, page: Page) -> None:
        self._shown = page
        self.query_one("#title", Static).update(page.title)
        head = self.query_one("#head")
        head.set_class(not page.rows, "alone")
        self.query_one("#text", Static).update(Text.from_ansi(page.head))
        head.scroll_home(animate=False)
        self.query_one("#columns", Static).update(_GAP.join(page.columns))
        rows = self.query_one("#rows", OptionList)
        rows.clear_options()
        rows.add_options([Option(_row(page, at)) for at in range(len(page.rows))])
        if page.rows:
            rows.highlighted = min(self._line, len(page.rows) - 1)
            rows.focus()
        else:
            head.focus()

    def _end_search(self) -> None:
        self.query_one("#search", Input).add_class("hidden")
        is_tree = self._stop.place is Place.DOMINATORS
        self.query_one("#tree" if is_tree else "#rows").focus()


def _row(page: Page, at: int) -> Text:
    first, *rest = page.rows[at]
    line: list[Any] = [(first, _COLOURS.get(page.lines[at].style, "")), *(_GAP + cell for cell in rest)]
    return Text.assemble(*line, no_wrap=True, overflow="ellipsis")
