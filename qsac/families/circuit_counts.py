"""How many circuits a model takes, where its family knows that before it plans them."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, runtime_checkable


class CircuitCount(NamedTuple):
    """How many circuits a plan has: ``number`` of them, what each is ``one_for``, the ``pointer`` to the field of the
    model that decides it most, and ``help``, what of the model to change so that they are fewer."""

    number: int
    one_for: str
    pointer: str
    help: str


@runtime_checkable
class CountsCircuits(Protocol):
    """What a family offers that says how many circuits a model's plan has before it is made. No family has to."""

    def circuit_count(self, model: Any) -> CircuitCount | None:
        """The number of circuits; None where that is not known without the plan."""
