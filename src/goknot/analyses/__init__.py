"""Graph in, rings, cycles, cuts and verdicts out; none asks what a node is."""
