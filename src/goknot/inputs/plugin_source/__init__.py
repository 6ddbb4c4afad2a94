"""Calls of plugin.Open and Lookup in Go source, with tree-sitter: nothing is built or run."""
