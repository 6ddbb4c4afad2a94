"""A heap as a profile for `go tool pprof`: own bytes on the path of what dominates them; cum is what is kept."""

from __future__ import annotations

from goknot.analyses.heap.profile import samples_of
from goknot.app.heap.labels import labels_of
from goknot.app.heap.study import HeapStudy
from goknot.reports.pprof import ProfileSample, ValueType, write_profile


def heap_profile(study: HeapStudy) -> bytes:
    """The gzipped profile; frames are names alone, so that `-diff_base` lines up."""
    names, _, label = labels_of(study)
    samples = (
        ProfileSample(tuple(names[one] for one in sample.labels), (sample.n_objects, sample.n_bytes))
        for sample in samples_of(study.tree, label, study.alloc)
    )
    comment = "retained heap by goknot: flat is own size, cum is what goes with it"
    kinds = (ValueType("objects", "count"), ValueType("space", "bytes"))
    return write_profile(kinds, samples, "space", (comment,))
