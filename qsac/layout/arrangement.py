"""Where the qubits of a block program lie on a device, and how its ladders follow the coupling graph.

A multiplexor is a parity network: the target's rotations need every parity of the controls once, and which control
toggles the target how often is free, as is the parity of controls after it that comes along. So a ladder is laid along
a tree that grows from the target over its controls and over empty places. The nearest control toggles most often. One
at distance D is added into its neighbour on the way by CX, and so on to the target's neighbour, which then toggles in
its place, and back: 2 (D - 1) gates more for each toggle, where moving it would cost swaps (after Nash, Gheorghiu and
Mosca, arXiv 1904.01972: phase polynomials on Steiner trees). What such a chain adds on its way are controls that
toggle more often, and the angles are computed for these parities (:class:`~qsac.ir.blocks.multiplexor.LadderOrder`).

Here is what a ladder costs at a given place; :mod:`qsac.layout.annealing` looks for the places.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

from qsac.ir.blocks import Diagonal, Measure, Multiplexor, PauliRotation, Reset, UniformlyControlledGate
from qsac.ir.blocks.multiplexor import LadderOrder, ladder_places
from qsac.ir.program import Program
from qsac.layout.compiled import region_of
from qsac.numerics.pauli import pair_gates

Edge = tuple[int, int]

_MOST_LADDERS = 100_000
"""Ladders of the same toggles that a region remembers."""

EMPTY, ALIVE, ENDED = range(3)
"""A qubit before its first gate; in use; after its measurement, when a reset makes it empty again."""


@dataclass(frozen=True)
class Step:
    """Toggles of one target: by each of ``controls`` as often as ``weights`` says (qubits by number).

    ``free`` if the controls may take any order (``weights`` then falls) and bring others along. ``ends_nearest`` if
    the last toggle is the nearest control's. A step without controls is a one-qubit gate or its ``event``. A target
    that is only an ancilla is in zero before and after.
    """

    op: int
    target: int
    controls: tuple[int, ...] = ()
    weights: tuple[int, ...] = ()
    free: bool = False
    ends_nearest: bool = False
    event: Literal["turn", "visit", "measure", "reset"] = "turn"


class Toggle(NamedTuple):
    """How a control reaches the target: the nodes from its own to the one beside the target.

    ``exact`` if what the nodes on the way hold must not come along.
    """

    control: int
    nodes: tuple[int, ...]
    exact: bool


class Swap(NamedTuple):
    """Two neighbouring nodes exchange what they hold. ``merges`` if a gate of the same pair stands beside it, with
    which resynthesis makes it two gates in all."""

    first: int
    second: int
    merges: bool


@dataclass(frozen=True)
class Arranged:
    """A step on the device: what is swapped before it, and how its controls reach the target, nearest first."""

    step: Step
    swaps: tuple[Swap, ...]
    toggles: tuple[Toggle, ...]


@dataclass(frozen=True)
class Arrangement:
    """Where every qubit starts (``nodes`` of the device, by qubit number), and the steps in their order."""

    start: tuple[int, ...]
    steps: tuple[Arranged, ...]
    cost: int

    def orders(self, program: Program) -> list[LadderOrder | None]:
        """For each uniformly controlled gate of the program how its ladder is to be written."""
        number = {register.name: index for index, register in enumerate(program.registers)}
        by_op = {arranged.step.op: arranged for arranged in self.steps}
        found: list[LadderOrder | None] = []
        for index, op in enumerate(program.ops):
            if isinstance(op, UniformlyControlledGate):
                arranged = by_op.get(index)
                usual = [number[name] for name in op.controls]
                found.append(_order(arranged, usual) if arranged and arranged.step.free else None)
        return found


def fits(program: Program, arrangement: Arrangement) -> bool:
    """Whether a program has the steps of the arrangement, its ladders written in whatever order."""
    diagonals: dict[int, list[int]] = {}
    number = {register.name: index for index, register in enumerate(program.registers)}
    for arranged in arrangement.steps:
        step = arranged.step
        if step.op < len(program.ops) and isinstance(op := program.ops[step.op], Diagonal) and not op.through:
            usual = [number[name] for name in op.qubits]
            targets = diagonals.setdefault(step.op, [])
            if step.target not in usual or set(step.controls) - set(usual):
                return False
            targets.insert(0, usual.index(step.target))
            if len(targets) == len(usual) - 1:
                targets.insert(0, usual.index(step.controls[0]))
    if any(len(order) != len(program.ops[index].controlled_by) for index, order in diagonals.items()):
        return False
    orders = [diagonals.get(i, ()) for i, op in enumerate(program.ops) if isinstance(op, Diagonal)]
    resets = any(arranged.step.event == "measure" for arranged in arrangement.steps)
    found = steps(program, orders, resets=resets)
    return [_regardless_of_order(step) for step in found] == [
        _regardless_of_order(arranged.step) for arranged in arrangement.steps
    ]


def _regardless_of_order(step: Step) -> tuple[object, ...]:
    controls = frozenset(step.controls) if step.free else step.controls
    return step.op, step.target, controls, step.weights, step.event


def _order(arranged: Arranged, usual: Sequence[int]) -> LadderOrder:
    """The ladder's order, the farthest control first, and the parities that come of the controls on the ways."""
    ranked = [toggle.control for toggle in reversed(arranged.toggles)]
    bit = {control: 1 << place for place, control in enumerate(reversed(ranked))}
    parities = []
    for toggle in reversed(arranged.toggles):
        parities.append(sum(bit[control] for control in brought(toggle, arranged)))
    return LadderOrder(tuple(usual.index(control) for control in ranked), tuple(parities))


def brought(toggle: Toggle, arranged: Arranged) -> set[int]:
    """The controls whose parity a toggle takes: its own, and those that lie on the way."""
    if toggle.exact:
        return {toggle.control}
    lies = {other.nodes[0]: other.control for other in arranged.toggles}
    return {lies[node] for node in toggle.nodes if node in lies}


def steps(program: Program, diagonals: Sequence[Sequence[int]] = (), *, resets: bool = True) -> list[Step]:
    """The program's toggles, measurements and resets.

    Without ``resets`` what has been measured is in the way as before, until the end. ``diagonals`` orders the qubits of
    each diagonal (places in its ``qubits``); each is a multiplexed Rz of the last one under all before it, and so on,
    unless it goes through a qubit in zero: then it is one of that qubit.
    """
    number = {register.name: index for index, register in enumerate(program.registers)}
    orders = iter(diagonals)
    found: list[Step] = []
    for index, op in enumerate(program.ops):
        match op:
            case PauliRotation() if len(op.qubits) == 2 and (count := pair_gates(op.angle, "cz")):
                first, second = (number[name] for name in op.qubits)
                found.append(Step(index, second, (first,), (count,), ends_nearest=True))
            case Multiplexor() if op.controls:
                found.append(_multiplexor(index, op, number))
            case UniformlyControlledGate() if op.controls:
                controls = tuple(number[name] for name in op.controls)
                rows = op.theta.shape[0]
                free = rows == 1 << len(controls)
                weights = _inner(len(controls)) if free else _counted(rows, len(controls))
                found.append(Step(index, number[op.target], controls, weights, free, ends_nearest=free))
            case Diagonal():
                qubits = [number[name] for name in op.qubits]
                order = next(orders, range(len(qubits)))
                if op.through:
                    whole = _closed(len(qubits))
                    through = number[op.through]
                    found.append(Step(index, through, tuple(qubits), whole, free=len(qubits) > 1, event="visit"))
                    continue
                qubits = [qubits[place] for place in order]
                for last in reversed(range(1, len(qubits))):
                    found.append(Step(index, qubits[last], tuple(qubits[:last]), _closed(last), free=last > 1))
            case Measure():
                found.append(Step(index, number[op.qubit], event="measure" if resets else "turn"))
            case Reset():
                found.append(Step(index, number[op.qubit], event="reset"))
            case _:
                found += [Step(index, number[name]) for name in op.targets]
    if not resets:
        measured = [number[op.qubit] for op in program.ops if isinstance(op, Measure)]
        found += [Step(len(program.ops) - 1, qubit) for qubit in measured]
    return found


def _multiplexor(index: int, op: Multiplexor, number: dict[str, int]) -> Step:
    size, rows = len(op.controls), op.angles.shape[0]
    controls, target = tuple(number[name] for name in op.controls), number[op.target]
    open_ended = open_end(op) != "none"
    if size == 1:
        angles = op.angles.values
        count = 1 if open_ended else pair_gates(float(angles[0] - angles[-1]) / 2, "cz")
        return Step(index, target, controls, (count,), ends_nearest=True) if count else Step(index, target)
    if rows == 1 << size and op.pair == "none":
        return Step(index, target, controls, _inner(size) if open_ended else _closed(size), True, open_ended)
    places = [*ladder_places(rows, size).tolist(), *(() if open_ended else (0,))]
    return Step(index, target, controls, tuple(places.count(control) for control in range(size)))


def open_end(op: Multiplexor) -> Literal["first", "last", "none"]:
    """Which of its toggles, if any, a multiplexor may leave out; one about z is turned to x and back, and needs all."""
    if op.axis == "z":
        return "none"
    return "first" if op.first_entangler_free else "last" if op.last_entangler_free else "none"


def _counted(rows: int, controls: int) -> tuple[int, ...]:
    """How often each control of a ladder of fewer rows than its controls have values toggles."""
    places = ladder_places(rows, controls).tolist()
    return tuple(places.count(control) for control in range(controls))


def _inner(controls: int) -> tuple[int, ...]:
    return tuple(1 << place for place in reversed(range(controls)))


def _closed(controls: int) -> tuple[int, ...]:
    return (*_inner(controls)[:-1], 2) if controls > 1 else (2,)


class Ladder(NamedTuple):
    """Two-qubit gates of a ladder; the mask of the controls beside the target, any of which may toggle first and most
    often; and the controls' nodes, nearest first, those equally near together."""

    gates: int
    beside: int
    ranks: tuple[tuple[int, ...], ...]


Ladders = dict[tuple[int, int, int], Ladder]
"""What ladders take, by the target's node and the masks of the controls' nodes and of other nodes in use."""


@dataclass(frozen=True)
class DeviceSubgraph:
    """A part of a device: neighbours and distances of its nodes, which are numbered from 0; ``nodes`` are their
    numbers on the device."""

    nodes: tuple[int, ...]
    neighbours: tuple[tuple[int, ...], ...]
    distances: list[list[int]] = field(init=False)
    near: tuple[int, ...] = field(init=False)
    """The neighbours of each node as a mask."""
    _ladders: dict[tuple[int, ...], Ladders] = field(init=False, default_factory=dict, compare=False)
    _toggles: dict[tuple[tuple[int, ...], bool], int] = field(init=False, default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        distances = [self._distances(node) for node in range(len(self.nodes))]
        object.__setattr__(self, "distances", distances)
        object.__setattr__(self, "near", tuple(sum(1 << node for node in nodes) for nodes in self.neighbours))

    @cached_property
    def compiled(self) -> object | None:
        """As the compiled code knows it, if there is any."""
        return region_of(self)

    def number(self, weights: tuple[int, ...], free: bool) -> int:
        """A number for all steps whose controls toggle so often."""
        return self._toggles.setdefault((weights, free), len(self._toggles))

    def ladders(self, weights: tuple[int, ...]) -> Ladders:
        """What is known of the ladders whose controls toggle so often, in any order."""
        return self._ladders.setdefault(weights, {})

    def ladder(self, known: Ladders, weights: tuple[int, ...], target: int, lying: int, blocked: int) -> Ladder:
        """A ladder whose controls may take any order. ``lying``: the mask of the controls' nodes, ``blocked``: of other
        nodes in use; ``known``: the :meth:`ladders` of these weights.

        The same as what :func:`toggles` finds, without the ways. The search asks for the same ladders again and again.
        """
        key = target, lying, blocked
        found = known.get(key)
        if found is None:
            if len(known) >= _MOST_LADDERS:
                known.clear()
            found = known[key] = self._ladder(weights, *key)
        return found

    def _ladder(self, weights: tuple[int, ...], target: int, lying: int, blocked: int) -> Ladder:
        near, distance = self.near, self.distances[target]
        total = reached = away = 0
        ranks: list[tuple[int, ...]] = []
        seen = 1 << target | blocked
        layer = 1 << target
        rest = lying
        while layer and rest:
            away += 1
            following = 0
            while layer:
                lowest = layer & -layer
                following |= near[lowest.bit_length() - 1]
                layer ^= lowest
            layer = following & ~seen
            seen |= layer
            if layer & rest:
                ranks.append(_members(layer & rest))
                stop = reached + len(ranks[-1])
                total += sum(weights[reached:stop]) * (2 * away - 1)
                reached = stop
                rest &= ~layer
        for node in sorted(_members(rest), key=distance.__getitem__):
            ranks.append((node,))
            total += weights[reached] * 4 * (distance[node] - 1)
            reached += 1
        return Ladder(total, near[target] & lying & ~blocked, tuple(ranks))

    def _distances(self, start: int) -> list[int]:
        far = len(self.nodes)
        found = [far] * far
        found[start] = 0
        waiting = deque([start])
        while waiting:
            node = waiting.popleft()
            for other in self.neighbours[node]:
                if found[other] == far:
                    found[other] = found[node] + 1
                    waiting.append(other)
        return found


def _members(mask: int) -> tuple[int, ...]:
    """The nodes of a mask, in order."""
    found = []
    while mask:
        lowest = mask & -mask
        found.append(lowest.bit_length() - 1)
        mask ^= lowest
    return tuple(found)


def toggles(
    region: DeviceSubgraph,
    step: Step,
    place: Sequence[int],
    holds: Sequence[int],
    lives: Sequence[int],
    ranked: Sequence[int],
) -> list[Toggle]:
    """How each control reaches the target: ``place`` of each qubit, qubit that each node ``holds`` (-1: none) and how
    each qubit ``lives``. Where the order is free, in that of ``ranked``, the controls' nodes."""
    start = place[step.target]
    if not step.free:
        return [Toggle(control, *_shortest(region, place[control], start, holds, lives)) for control in step.controls]
    lying = {place[control]: control for control in step.controls}
    before = {start: start}
    layer = [start]
    found: list[Toggle] = []
    while layer and len(found) < len(lying):
        following = []
        for node in layer:
            for other in region.neighbours[node]:
                if other in before:
                    continue
                if other in lying:
                    before[other] = node
                    following.append(other)
                    found.append(Toggle(lying[other], _way(other, start, before), False))
                elif holds[other] < 0 or lives[holds[other]] != ALIVE:
                    before[other] = node
                    following.append(other)
        layer = following
    rest = sorted((node for node in lying if node not in before), key=lambda node: region.distances[start][node])
    found += [Toggle(lying[node], *_shortest(region, node, start, holds, lives)) for node in rest]
    return sorted(found, key=lambda toggle: ranked.index(toggle.nodes[0]))


def _way(node: int, stop: int, before: dict[int, int]) -> tuple[int, ...]:
    way = []
    while node != stop:
        way.append(node)
        node = before[node]
    return tuple(way)


def _shortest(
    region: DeviceSubgraph, node: int, stop: int, holds: Sequence[int], lives: Sequence[int]
) -> tuple[tuple[int, ...], bool]:
    """A shortest way between two nodes, without the second, through empty nodes where there are some; and whether any
    on the way is not empty."""
    distance = region.distances[stop]
    way, filled = [node], False
    while distance[way[-1]] > 1:
        closer = [other for other in region.neighbours[way[-1]] if distance[other] < distance[way[-1]]]
        empty = [other for other in closer if holds[other] < 0 or lives[holds[other]] != ALIVE]
        way.append(min(empty or closer))
        filled = filled or not empty
    return tuple(way), filled
