"""Address spaces: read(addr, n) over a core file, a live process or a file image."""
