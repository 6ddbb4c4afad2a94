"""The type graph of a tree, from source alone."""
