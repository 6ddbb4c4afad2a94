"""Module rings: the requirement graph from a saved text, from Go, or from go.mod files alone; its edges proven."""

from goknot.inputs.modules.proof import ImportKind, Proof
from goknot.inputs.modules.scan import How, ModuleScan, RequireFacts, load, load_graph
from goknot.inputs.modules.views import ModuleView, View

__all__ = ["How", "ImportKind", "ModuleScan", "ModuleView", "Proof", "RequireFacts", "View", "load", "load_graph"]
