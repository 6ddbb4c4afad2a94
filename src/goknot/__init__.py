"""goknot finds, proves and cuts circular references in Go systems."""

__version__ = "0.1.0"
