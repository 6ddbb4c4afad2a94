"""One package an input; each builds a Graph and describes its nodes and edges."""
