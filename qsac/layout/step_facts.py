"""What the steps of a program say before any of its qubits has a place: worked out once for all schedules of them."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate

from qsac.layout import compiled
from qsac.layout.arrangement import ALIVE, EMPTY, ENDED, Step

_AFTER = {"turn": ALIVE, "measure": ENDED, "reset": EMPTY}
"""How the target of a step lives after it; one that is only an ancilla as before."""


class StepFacts:
    """Of so many ``qubits`` and the steps in their ``order``: which of them have controls (``turning``), and the gates
    that each and all after it take at the least (``least``, and 0 in the end)."""

    def __init__(self, order: Sequence[Step], qubits: int) -> None:
        self._order, self._qubits = order, qubits
        self.turning = [index for index, step in enumerate(order) if step.controls]
        self.least = list(accumulate((sum(step.weights) for step in reversed(order)), initial=0))[::-1]

    @cached_property
    def lives(self) -> list[tuple[int, ...]]:
        """How each qubit lives before each step."""
        now = [EMPTY] * self._qubits
        same = tuple(now)
        found = []
        for step in self._order:
            found.append(same)
            changed = [(control, ALIVE) for control in step.controls if now[control] != ALIVE]
            if step.event != "visit" and now[step.target] != _AFTER[step.event]:
                changed.append((step.target, _AFTER[step.event]))
            for qubit, life in changed:
                now[qubit] = life
            same = tuple(now) if changed else same
        return found

    @cached_property
    def flat(self) -> tuple[array[int], array[int]]:
        """The steps, and the masks of the qubits that are alive before each, as the compiled code takes them."""
        alive, masks = 0, array("Q")
        for step in self._order:
            masks.append(alive)
            if step.event != "visit":
                target = 1 << step.target
                alive = alive | target if step.event == "turn" else alive & ~target
            for control in step.controls:
                alive |= 1 << control
        return compiled.steps_of(self._order), masks
