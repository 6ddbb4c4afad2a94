"""Every order in which a function and its goroutines can run, as a graph of states."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from goknot.analyses.leaks.skeleton import PATIENT, Instruction, Mood, Op, Skeleton, TooLargeError, asked_of
from goknot.analyses.leaks.states import CLOSED, OVER, At, Decided, Got, Move, Schedule, State, begun
from goknot.analyses.leaks.waited import MAX_ROOM, Waited
from goknot.model.processes import TOGGLED, Act

MAX_STATES = 1_000
MAX_PROCESSES = 10
ENOUGH = 2  # of goroutines that a loop starts again and again
_STARTS = frozenset({Op.START, Op.START_AGAIN})
_DECIDES = frozenset({Op.CHOOSE, Op.RECEIVED, Op.VALUE})
_STILL = frozenset({Op.SELECT, Op.RANGE, Op.TURN, Op.ALIVE})
_EAGER = frozenset({"close", "cancel", "unlock", "runlock", "add", "done", "signal", "cond"})


def schedule_of(skeleton: Skeleton, waited: Waited, moods: set[Mood]) -> Schedule | None:
    """Every state that can be reached; None if there are too many.

    Args:
        skeleton: What runs.
        waited: What it waits for.
        moods: Choices of these moods suit; of others all alternatives happen.
    """
    runner = _Scheduler(skeleton, waited, moods)
    found = Schedule()
    number: dict[State, int] = {}

    def index(state: State) -> int:
        if state not in number:
            number[state] = len(found.states)
            found.states.append(state)
        return number[state]

    try:
        index(runner.begin())
    except TooLargeError:
        return None
    at = 0
    while at < len(found.states):
        if len(found.states) > MAX_STATES:
            return None
        try:
            moves, held = runner.moves(found.states[at])
        except TooLargeError:
            return None
        if held:
            found.held.add(at)
        found.moves.append(tuple(Move(index(move[0]), *move[1:]) for move in moves))
        at += 1
    return found


_Next = tuple[State, tuple[At, ...], int, int, bool]


class _Scheduler:
    def __init__(self, skeleton: Skeleton, waited: Waited, moods: set[Mood]) -> None:
        self.code = skeleton.code
        self.entry = skeleton.entry
        # identity of an act (the skeleton keeps them) -> index of what it is about, if that is looked at
        self.thing_by_act = {
            id(act): waited.index[act.places[0]]
            for at in skeleton.code
            for act in at.acts
            if act is not None and len(act.places) == 1 and act.places[0] in waited.index
        }
        self.kinds = waited.things
        self.murky = waited.murky
        self.moods = moods
        self.decides = [at.op in _DECIDES for at in self.code]
        self.still = [self._is_still(at) for at in self.code]  # pc -> whether `_quiet` never moves from there

    def _is_still(self, at: Instruction) -> bool:
        if at.op is not Op.ACT:
            return at.op in _STILL
        act = at.acts[0]
        return act is not None and (act.kind in PATIENT if self.thing(act) < 0 else act.kind not in _EAGER)

    def thing(self, act: Act | None) -> int:
        """The index of what an act is about; -1: nothing that is looked at."""
        return self.thing_by_act.get(id(act), -1)

    def _waited(self, act: Act | None, things: Sequence[int]) -> int:
        """The index of what an act has to wait for; -1: it may happen at any time."""
        thing = self.thing(act)
        return -1 if thing >= 0 and self.kinds[thing].kind == "open" and not things[thing] else thing

    def begin(self) -> State:
        return self.settle([At(self.entry, 0, Got.UNKNOWN, -1)], [0] * len(self.kinds), frozenset())

    def settle(self, processes: list[At], things: list[int], decided: Decided) -> State:
        """Runs everybody up to where something has to be waited for or decided."""
        done: list[At] = []
        known: dict[tuple[object, ...], bool] | None = None  # what is decided, once somebody asks
        waiting = processes[::-1]
        while waiting:
            at = waiting.pop()
            for _ in range(1000):
                if self.still[at.pc]:
                    break
                if known is None:
                    known = dict(decided)
                following = self._quiet(at, self.code[at.pc], things, known, done, waiting)
                if following is None:
                    break
                if following.pc < 0:
                    return OVER
                at = following
            if self.code[at.pc].op is not Op.END:
                done.append(at)
        done.sort()
        return State(tuple(done), tuple(things), decided if known is None else frozenset(known.items()))

    def _quiet(  # noqa: PLR0911, PLR0917 (one line a kind)
        self,
        at: At,
        instruction: Instruction,
        things: list[int],
        decided: dict[tuple[object, ...], bool],
        done: list[At],
        waiting: list[At],
    ) -> At | None:
        """What follows an instruction that never waits; None: it may, -1: the program ends."""
        op, targets = instruction.op, instruction.targets
        if op is Op.ACT:
            return self._quiet_act(at, instruction, things)
        if op is Op.TELL:
            told = instruction.acts[0]
            assert told is not None
            return at.with_got(targets[0], _value(told.word, decided.items()))
        if op is Op.DEFER:
            return At(targets[0], at.bits | 1 << instruction.number, at.got, at.goroutine)
        if op is Op.DEFERRED:
            bit = 1 << instruction.number
            return At(targets[0], at.bits & ~bit, at.got, at.goroutine) if at.bits & bit else at.to(targets[1])
        if op is Op.RECEIVED and at.got is not Got.UNKNOWN:
            return at.to(targets[at.got is Got.CLOSED])
        if op is Op.VALUE and at.got not in {Got.UNKNOWN, Got.ANY}:
            is_nil = at.got is not Got.VALUE
            if instruction.key is not None:
                decided[instruction.key] = is_nil
            return at.to(targets[is_nil])
        if op in _STARTS:
            decided[begun(instruction.number)] = True
            alive = [other for other in (*done, *waiting) if other.goroutine == instruction.number]
            if op is Op.START or len(alive) < ENOUGH:
                if len(done) + len(waiting) >= MAX_PROCESSES:
                    raise TooLargeError
                waiting.append(At(targets[1], 0, Got.UNKNOWN, instruction.number))
            return at.to(targets[0])
        if op is Op.CHOOSE:
            if instruction.key in decided and instruction.key is not None:
                return at.to(targets[0 if decided[instruction.key] != instruction.flips else 1])
            return None
        return at.to(-1) if op is Op.EXIT else None

    def _quiet_act(self, at: At, instruction: Instruction, things: list[int]) -> At | None:
        act = instruction.acts[0]
        thing = self._waited(act, things) if act is not None and act.kind == "receive" else self.thing(act)
        assert act is not None
        following = at.to(instruction.targets[0])
        if thing < 0:
            return None if act.kind in PATIENT else following
        if act.kind not in _EAGER:
            return None
        return following if self._change(act, thing, things) else at.to(-1)

    def _change(self, act: Act, thing: int, things: list[int]) -> bool:
        """Does what never waits; False if Go panics."""
        value = things[thing]
        if act.kind == "close":
            things[thing] = value | CLOSED
            return value < CLOSED
        if act.kind == "cancel":
            for below in self.kinds[thing].below:
                things[below] = 1
        elif act.kind in {"unlock", "runlock"}:
            things[thing] = value + 1 if act.kind == "unlock" else value - 1
            return value < 0 if act.kind == "unlock" else value > 0
        elif act.kind in {"add", "done"}:
            things[thing] = value + (-1 if act.kind == "done" else int(act.word) if act.word.isdecimal() else 2)
            return things[thing] >= 0
        return True

    def moves(self, state: State) -> tuple[list[_Next], bool]:
        """What can happen, and whether something is left out: what suits and further turns wait until nobody meets."""
        processes = list(dict.fromkeys(state.processes))
        for at in processes:
            if self.decides[at.pc] and self.code[at.pc].mood not in self.moods:
                return list(self._decisions(state, at, suits=False)), False
        found = [move for at in processes for move in self._waits(state, at)]
        meets = any(self._meets(move, state) for move in found)
        held = meets and any(move[-1] for move in found)
        if meets:
            found = [move for move in found if not move[-1]]
        turning = [at for at in state.processes if self.code[at.pc].op is Op.TURN]
        deciding = [at for at in processes if self.decides[at.pc]]
        if meets:
            return found, held or bool(turning or deciding)
        if turning:
            found.append(self._turn(state, turning))
        for at in deciding:
            found.extend(self._decisions(state, at, suits=True))
        return found, False

    def _turn(self, state: State, turning: list[At]) -> _Next:
        """The next turn of every loop that goes on for ever: none is ahead of the others."""
        moved: dict[At, list[At]] = {}
        for at in turning:
            moved.setdefault(at, []).append(at.to(self.code[at.pc].targets[0]))
        return self._moved(state, moved, list(state.things)), tuple(turning), turning[0].pc, 0, False

    def _meets(self, move: _Next, state: State) -> bool:
        """Whether a move is one that has to be waited for."""
        _, _, pc, alternative, _ = move
        return self._waited(self.code[pc].acts[alternative if self.code[pc].op is Op.SELECT else 0], state.things) >= 0

    def _decisions(self, state: State, at: At, *, suits: bool) -> Iterator[_Next]:
        instruction = self.code[at.pc]
        for alternative, target in enumerate(instruction.targets):
            decided = state.decided
            if instruction.key is not None and len(instruction.targets) == 2:
                answers = dict(decided)
                answers[instruction.key] = (alternative == 0) != instruction.flips
                decided = frozenset(answers.items())
            following = self._moved(state, {at: [at.to(target)]}, list(state.things), decided)
            if suits and following == OVER:
                continue  # to panic is no way out
            origin = instruction.origins[alternative] if instruction.origins else (at.pc, alternative)
            yield following, (at,), *origin, suits

    def _moved(
        self,
        state: State,
        moved: dict[At, list[At]],
        things: list[int],
        decided: Decided | None = None,
    ) -> State:
        """The state when some have moved; of equal ones only one for each entry moves."""
        processes: list[At] = []
        left = {at: list(following) for at, following in moved.items()}
        for at in state.processes:
            processes.append(left[at].pop() if left.get(at) else at)
        return self.settle(processes, things, state.decided if decided is None else decided)

    def _offers(self, at: At) -> Iterator[tuple[int, Act | None, int]]:
        """What a process may do next: alternative, act, where it goes on then."""
        instruction = self.code[at.pc]
        if instruction.op is Op.ACT or instruction.op is Op.RANGE:
            yield 0, instruction.acts[0], instruction.targets[0]
        elif instruction.op is Op.SELECT:
            yield from zip(range(len(instruction.acts)), instruction.acts, instruction.targets, strict=True)

    def _waits(self, state: State, at: At) -> Iterator[_Next]:
        """What a process that waits can do at once, and with others."""
        ready = any(self._is_there(act, state) for act in self.code[at.pc].acts)
        for alternative, act, target in self._offers(at):
            thing = self._waited(act, state.things)
            following = at.to(target)
            if (thing < 0 or act is None) and ready:
                continue  # what is there already is taken
            if thing < 0 or act is None:
                if self.code[at.pc].op is Op.RANGE:
                    ended = at.to(self.code[at.pc].targets[1])
                    yield self._moved(state, {at: [ended]}, list(state.things)), (at,), at.pc, 1, True
                suits = self.code[at.pc].op is not Op.SELECT or (act is not None and self._is_murky(act))
                moved = self._moved(state, {at: [at.with_got(target, Got.UNKNOWN)]}, list(state.things))
                yield moved, (at,), at.pc, alternative, suits
            elif self.kinds[thing].kind == "never":
                continue
            elif self.kinds[thing].kind == "chan":
                yield from self._channel(state, at, alternative, act, target)
            else:
                things = list(state.things)
                if self._takes(act, thing, things):
                    yield self._moved(state, {at: [following]}, things), (at,), at.pc, alternative, False

    def _is_murky(self, act: Act) -> bool:
        """Whether it hangs on what happens here when an act is possible."""
        return act.word == TOGGLED or not self.murky.isdisjoint(act.places)

    def _is_there(self, act: Act | None, state: State) -> bool:
        """Whether an act is a receive from what is closed, cancelled, or holds a value already."""
        thing = self._waited(act, state.things)
        if thing < 0 or act is None or act.kind != "receive":
            return False
        return self.kinds[thing].kind in {"chan", "context", "open"} and state.things[thing] > 0

    def _takes(self, act: Act, thing: int, things: list[int]) -> bool:
        """Whether a lock can be had now, or a context is done."""
        value = things[thing]
        if act.kind == "receive":
            return value == 1
        if act.kind == "wait":
            return value == 0
        if act.kind == "lock":
            things[thing] = -1
            return value == 0
        if act.kind == "rlock":
            things[thing] = value + 1
            return value >= 0
        return False  # a condition that nobody signals

    def _channel(self, state: State, at: At, alternative: int, act: Act, target: int) -> Iterator[_Next]:
        thing = self.thing(act)
        value, room = state.things[thing], self.kinds[thing].room
        things = list(state.things)
        following = at.to(target)
        if act.kind == "send":
            if value >= CLOSED:
                yield OVER, (at,), at.pc, alternative, False
            elif room > 0 and (value < room or room > MAX_ROOM):
                things[thing] = min(value + 1, MAX_ROOM + 2)
                yield self._moved(state, {at: [following]}, things), (at,), at.pc, alternative, False
            elif room == 0:
                yield from self._meet(state, at, alternative, act, following)
            return
        if value & ~CLOSED:
            things[thing] = value - 1
            moved = self._moved(state, {at: [at.with_got(target, Got.ANY)]}, things)
            yield moved, (at,), at.pc, alternative, False
        elif value >= CLOSED:
            after = self.code[at.pc].targets[1] if self.code[at.pc].op is Op.RANGE else target
            moved = self._moved(state, {at: [at.with_got(after, Got.CLOSED)]}, things)
            yield moved, (at,), at.pc, alternative, False

    def _meet(self, state: State, at: At, alternative: int, sent: Act, following: At) -> Iterator[_Next]:
        """A send on a channel without room, with everybody who receives."""
        thing, got = self.thing(sent), _value(sent.word, state.decided)
        processes = list(state.processes)
        processes.remove(at)
        for other in dict.fromkeys(processes):
            for _, act, target in self._offers(other):
                if act is not None and act.kind == "receive" and self.thing(act) == thing:
                    received = other.with_got(target, got)
                    moved = {at: [following]}
                    moved.setdefault(other, []).append(received)
                    yield self._moved(state, moved, list(state.things)), (at, other), at.pc, alternative, False


def _value(word: str, decided: Iterable[tuple[tuple[object, ...], bool]]) -> Got:
    """What is known of a value that is sent or returned."""
    if word in {"nil", "made"}:
        return Got.NIL if word == "nil" else Got.VALUE
    asked = asked_of(word)
    if asked:
        answers = {answer for key, answer in decided if key[:2] == asked}
        if len(answers) == 1:
            return Got.NIL if True in answers else Got.VALUE
    return Got.ANY
