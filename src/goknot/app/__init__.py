"""The use cases: the only place that joins inputs, analyses and reports."""
