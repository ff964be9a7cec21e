"""What one step of a schedule costs where its qubits lie, the swaps before it included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qsac.emit.arrange import ALIVE, Edge, Region, Step, cost

IMPOSSIBLE = 1 << 20
"""The price of swapping nodes that are no neighbours; only empty ones can be."""


@dataclass
class Course:
    """What stood where before a step: qubit -> node, node -> qubit, node -> the node of its last gate."""

    place: list[int]
    holds: list[int]
    partner: dict[int, int]

    def copy(self) -> Course:
        return Course(self.place.copy(), self.holds.copy(), self.partner.copy())

    def swap(self, first: int, second: int) -> tuple[int, int]:
        """Exchange what two nodes hold; the qubits that now lie there (-1: none)."""
        held = self.holds[second], self.holds[first]
        self.holds[first], self.holds[second] = held
        if held[0] >= 0:
            self.place[held[0]] = first
        if held[1] >= 0:
            self.place[held[1]] = second
        return held


def priced(
    region: Region, step: Step, course: Course, lives: Sequence[int], swaps: Sequence[Edge]
) -> tuple[list[int], list[int]]:
    """Run a step, swaps first, on ``course``: the prices of the swaps and last the step's own, and of the swaps alone.

    A swap is three gates, two where one of the nodes is empty, none where both are; and one more where a gate of the
    same pair stands beside it.
    """
    partner = course.partner
    prices = []
    for first, second in swaps:
        held = course.swap(first, second)
        full = [qubit >= 0 and lives[qubit] == ALIVE for qubit in held]
        beside = partner.get(first) == second and partner.get(second) == first
        price = 1 if beside and any(full) else (0, 2, 3)[sum(full)]
        if price and not region.near[first] >> second & 1:
            price = IMPOSSIBLE
        prices.append(price)
        if any(full):
            partner[first], partner[second] = second, first
        else:
            partner.pop(first, None)
            partner.pop(second, None)
    if not step.controls:
        return [*prices, 0], prices
    full_nodes = 0
    for qubit, node in enumerate(course.place):
        if lives[qubit] == ALIVE:
            full_nodes |= 1 << node
    own, nearest = cost(region, step, course.place, full_nodes)
    target = course.place[step.target]
    touched: set[int] = set()
    for place in reversed(range(len(swaps))):
        pair = set(swaps[place])
        if prices[place] > 1 and pair == {target, nearest} and not touched & pair:
            prices[place] = 1
        touched |= pair
    for control in step.controls:
        partner.pop(course.place[control], None)
    if step.ends_nearest and nearest >= 0:
        partner[target], partner[nearest] = nearest, target
    else:
        partner.pop(target, None)
    return [*prices, own], prices
