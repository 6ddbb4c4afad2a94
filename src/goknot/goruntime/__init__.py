"""Go's runtime nouns read from an address space."""
