"""Pure parsers: bytes or text in, records out."""
