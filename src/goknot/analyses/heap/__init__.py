"""The analyses of a heap: who holds what, rings and what the collector can do about them, leaked goroutines.

All work on `goknot.model.heap.HeapGraph`: numbers in, numbers out. Whoever built the graph knows the names.
"""
