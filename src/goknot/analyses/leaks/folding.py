"""Makes a skeleton smaller without changing who can wait for what: fewer decisions, no steps that do nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from goknot.analyses.leaks.skeleton import PATIENT, Instruction, Mood, Op, Skeleton, asked_of
from goknot.model.context import Target
from goknot.model.processes import Act


def folded(skeleton: Skeleton, tracked: Collection[Target], moods: Collection[Mood]) -> Skeleton:
    """The skeleton with decisions that follow one another made at once.

    Args:
        skeleton: Instructions; of those that go on, the following stand before.
        tracked: What is waited for; other acts of goroutines that never wait are nothing.
        moods: Of these moods are the decisions that suit.
    """
    return _Folding(skeleton, set(tracked), moods).skeleton()


class _Folding:
    def __init__(self, skeleton: Skeleton, tracked: set[Target], moods: Collection[Mood]) -> None:
        self.code = skeleton.code
        self.entry = skeleton.entry
        self.guessed = skeleton.guessed
        self.tracked = tracked
        self.moods = moods
        self.uses = Counter(at.key for at in self.code if at.key is not None)
        sent = {asked_of(act.word) for at in self.code for act in at.acts if act is not None and act.word}
        self.uses.update(key for key in list(self.uses) if key is not None and key[:2] in sent)

    def skeleton(self) -> Skeleton:
        code = self.code
        for _ in range(20):
            self.code = tuple(self._folded(position, at) for position, at in enumerate(code))
            self.code = tuple(map(self._shortened, self.code))
            if self.code == code:
                break
            code = self.code
        return Skeleton(code, self._skip(self.entry), self.guessed)

    def _shortened(self, at: Instruction) -> Instruction:
        targets = tuple(map(self._skip, at.targets))
        return at if targets == at.targets else at._replace(targets=targets)

    def _skip(self, pc: int) -> int:
        """Where an instruction goes on, over what does nothing."""
        for _ in range(len(self.code)):
            at = self.code[pc]
            if not self._is_idle(at):
                break
            pc = at.targets[0]
        return pc

    def _is_idle(self, at: Instruction) -> bool:
        if at.op is Op.ACT:
            act = at.acts[0]
            return not self._is_tracked(act) and act is not None and act.kind not in PATIENT
        if at.op in {Op.START, Op.START_AGAIN}:
            return self.code[at.targets[1]].op is Op.END
        return at.op in {Op.CHOOSE, Op.DEFERRED, Op.RECEIVED, Op.VALUE} and len(set(at.targets)) == 1

    def _is_tracked(self, act: Act | None) -> bool:
        return act is not None and len(act.places) == 1 and act.places[0] in self.tracked

    def _folded(self, position: int, at: Instruction) -> Instruction:
        if at.op is Op.VALUE and at.key is not None and self.uses[at.key] < 2:
            return at._replace(key=None)
        if at.op is not Op.CHOOSE:
            return at
        at = at._replace(mood=Mood.SUITS if at.mood in self.moods else Mood.CHANCE)
        if at.key is not None and self.uses[at.key] < 2:
            at = at._replace(key=None)
        if at.key is not None:
            return at
        origins = at.origins or tuple((position, alternative) for alternative in range(len(at.targets)))
        ways: dict[int, tuple[int, int]] = {}
        for target, origin in zip(at.targets, origins, strict=True):
            inner = self.code[target]
            if inner.op is Op.CHOOSE and inner.key is None and inner.mood is at.mood and target != position:
                further = inner.origins or tuple((target, alternative) for alternative in range(len(inner.targets)))
                for below, where in zip(inner.targets, further, strict=True):
                    if below != position:
                        ways.setdefault(below, where)
            else:
                ways.setdefault(target, origin)
        return at._replace(targets=tuple(ways), origins=tuple(ways.values()))
