"""What one step of a schedule costs where its qubits lie, the swaps before it included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from qsac.layout.arrangement import ALIVE, Edge, Region, Step

IMPOSSIBLE = 1 << 20
"""The price of swapping nodes that are no neighbours; only empty ones can be."""


LATEST = 48
"""Layers of two-qubit gates by which a node can be ahead of the last one; more make no difference."""


@dataclass
class Course:
    """What stood where before a step: qubit -> node, node -> qubit, node -> the nodes (a mask) of which one may have
    shared its last gate, node -> how many layers before the last one it is free (0 or less)."""

    place: list[int]
    holds: list[int]
    partners: dict[int, int]
    free: list[int]

    def copy(self) -> Course:
        return Course(self.place.copy(), self.holds.copy(), self.partners.copy(), self.free.copy())

    def swap(self, first: int, second: int) -> tuple[int, int]:
        """Exchange what two nodes hold; the qubits that now lie there (-1: none)."""
        held = self.holds[second], self.holds[first]
        self.holds[first], self.holds[second] = held
        if held[0] >= 0:
            self.place[held[0]] = first
        if held[1] >= 0:
            self.place[held[1]] = second
        return held

    def beside(self, first: int, second: int) -> bool:
        """Whether the last gate of both nodes may be the same."""
        partners = self.partners
        return bool(partners.get(first, 0) >> second & 1 and partners.get(second, 0) >> first & 1)


def together(free: list[int], nodes: Sequence[int], layers: int) -> None:
    """Let nodes wait for each other, and then take so many layers."""
    end = max([free[node] for node in nodes]) + layers
    for node in nodes:
        free[node] = end


def laddered(
    free: list[int], target: int, ranks: Sequence[Sequence[int]], options: int, weights: Sequence[int], gates: int
) -> list[int]:
    """Let a ladder take its layers; its controls' nodes in order, of those equally near first the one of ``options``,
    and what is free first: the first one toggles most often."""
    ranked: list[int] = []
    for rank in ranks:
        if len(rank) > 1:
            ranked += sorted(rank, key=lambda node: (not options >> node & 1, free[node], node))
        else:
            ranked += rank
    start, ahead = free[target], 0
    for node in ranked:
        start = max(start, free[node] - ahead)
        ahead = 2 * ahead + 1
    # While one chain is built, other toggles go on.
    toggled = sum(weights)
    free[target] = end = start + toggled + (gates - toggled) // 2
    ahead = 0
    for node in ranked:
        if free[node] < end - ahead:
            free[node] = end - ahead
        ahead = 2 * ahead + 1
    return ranked


def latest(free: list[int]) -> tuple[int, list[int]]:
    """The layers that were added, and the same with the last one as layer 0."""
    added = max(free)
    if added <= 0:
        return 0, free
    least = added - LATEST
    return added, [layer - added if layer > least else -LATEST for layer in free]


class Price(NamedTuple):
    """Two-qubit gates of each swap before a step and of the step itself, and the layers that they add. ``merges`` says
    of each swap whether it is one block with what comes before it (-1), after it (1) or none (0); ``ranked``: the
    controls' nodes where their order is free, in the order found; ``options``: the neighbours (a mask) of which any may
    toggle last."""

    swaps: list[int]
    own: int
    layers: int
    merges: list[int]
    ranked: list[int]
    options: int


def priced(region: Region, step: Step, course: Course, lives: Sequence[int], swaps: Sequence[Edge]) -> Price:
    """Run a step, swaps first, on ``course``.

    A swap is three gates, two where one of the nodes is empty, none where both are; and one more where a gate of the
    same pair stands beside it.
    """
    partners = course.partners
    prices: list[int] = []
    merges: list[int] = []
    for first, second in swaps:
        beside = course.beside(first, second)
        held = course.swap(first, second)
        full = [qubit >= 0 and lives[qubit] == ALIVE for qubit in held]
        price = (0, 2, 3)[sum(full)]
        if price:
            merges.append(-1 if beside else 0)
            if beside:
                price = 1
            elif not region.near[first] >> second & 1:
                price = IMPOSSIBLE
            partners[first], partners[second] = 1 << second, 1 << first
            free = course.free
            free[first] = free[second] = max(free[first], free[second]) + price
        else:
            merges.append(0)
            partners.pop(first, None)
            partners.pop(second, None)
        prices.append(price)
    if not step.controls:
        if step.event != "turn":
            partners.pop(course.place[step.target], None)
        added, course.free = latest(course.free)
        return Price(prices, 0, added, merges, [], 0)
    return _turned(region, step, course, lives, swaps, prices, merges)


def _turned(
    region: Region,
    step: Step,
    course: Course,
    lives: Sequence[int],
    swaps: Sequence[Edge],
    prices: list[int],
    merges: list[int],
) -> Price:
    """The price of a step with controls after its swaps."""
    place, free = course.place, course.free
    target = place[step.target]
    nodes = [place[control] for control in step.controls]
    if step.free:
        lying = full = 0
        for node in nodes:
            lying |= 1 << node
        for qubit, node in enumerate(place):
            if lives[qubit] == ALIVE:
                full |= 1 << node
        own, options, ranks = region.ladder(region.ladders(step.weights), step.weights, target, lying, full & ~lying)
    else:
        distance = region.distances[target]
        own = sum(weight * (4 * distance[node] - 4 or 1) for node, weight in zip(nodes, step.weights, strict=True))
        options, ranks = 1 << nodes[0] if len(nodes) == 1 and distance[nodes[0]] == 1 else 0, ()
    touched = 0
    for number in range(len(swaps) - 1, -1, -1):
        first, second = swaps[number]
        pair = 1 << first | 1 << second
        other = pair & ~(1 << target)
        if prices[number] > 1 and other != pair and other & options and not touched & pair:
            free[first] = free[second] = free[target] - prices[number] + 1
            prices[number], merges[number], options = 1, 1, other
            break
        touched |= pair
    if step.free:
        ranked = laddered(free, target, ranks, options, step.weights, own)
    else:
        ranked = []
        together(free, (target, *nodes), own)
    last = options if step.ends_nearest else 0
    _note_last_gates(course.partners, target, nodes, last)
    added, course.free = latest(free)
    return Price(prices, own, added, merges, ranked, last)


def _note_last_gates(partners: dict[int, int], target: int, nodes: Sequence[int], last: int) -> None:
    """Note that the last gate of a step was between its target and one of the nodes of ``last``, of none if it is 0."""
    for node in nodes:
        if last >> node & 1:
            partners[node] = 1 << target
        else:
            partners.pop(node, None)
    if last:
        partners[target] = last
    else:
        partners.pop(target, None)
