"""Function bodies: what they allocate, store, capture, start and set."""
