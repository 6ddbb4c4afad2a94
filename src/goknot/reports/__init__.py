"""One file a format: Report in, text out; nothing is computed here."""
