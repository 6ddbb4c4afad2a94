"""Detectors of leak-making knots: facts in, knots out."""
