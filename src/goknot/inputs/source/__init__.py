"""Import graphs from Go source: heads of files only, no Go toolchain, code need not compile."""

from __future__ import annotations

from goknot.inputs.source.edges import EdgeFacts
from goknot.inputs.source.git_tree import GitTree
from goknot.inputs.source.loader import HeaderCache
from goknot.inputs.source.options import SourceOptions
from goknot.inputs.source.package import Package
from goknot.inputs.source.scan import ScannedModule, SourceScan, scan_source
from goknot.inputs.source.tree import DiskTree, Listing, Tree

__all__ = [
    "DiskTree",
    "EdgeFacts",
    "GitTree",
    "HeaderCache",
    "Listing",
    "Package",
    "ScannedModule",
    "SourceOptions",
    "SourceScan",
    "Tree",
    "scan_source",
]
