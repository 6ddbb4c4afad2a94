"""The nouns every room shares: graph, ring, knot, evidence, verdict, cut, report. No I/O."""
