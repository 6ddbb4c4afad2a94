"""A walk through a heap: pages, and where each line of them leads. What shows them computes nothing."""

from goknot.app.heap.walk.page import Page, Place, Stop
from goknot.app.heap.walk.tree import Branch, branches
from goknot.app.heap.walk.walk import Walk

__all__ = ["Branch", "Page", "Place", "Stop", "Walk", "branches"]
