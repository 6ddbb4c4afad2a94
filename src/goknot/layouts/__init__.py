"""Runtime struct layouts: one JSON per Go minor version and architecture, and their loader."""
