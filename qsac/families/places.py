"""Where shots are lost: by which places of a model its circuits succeed less often, if its family says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

ByCircuit = tuple[float | None, ...]
"""A number for each circuit of the plan, None where it is beyond double precision."""


@dataclass(frozen=True)
class Place:
    """One place of a model.

    ``name`` says where it is: "layer 1: head 2". ``lambdas`` is what it has in lambda, by which amplitudes are smaller
    than the model's numbers: a part, for rows that are averaged, or a number of its own. ``factors`` are its factors of
    the success probability, at most 1. Either is None for a place that has none. ``subject`` ("the feed-forward of
    layer 1") and ``reason`` ("its polynomial has no linear term") say in a sentence why a factor is small.
    """

    name: str
    lambdas: ByCircuit | None = None
    factors: ByCircuit | None = None
    subject: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Boundary:
    """What it takes to measure states between layers, and to go on from the numbers that were measured.

    ``shots`` of circuits of one layer, about, for all ``rows`` to have a standard error of ``error`` times their
    length; ``success_probability`` of the circuits of the last layer alone, their mean.
    """

    rows: int
    error: float
    shots: float
    success_probability: float


@dataclass(frozen=True)
class Losses:
    """Where the shots of a model's circuits are lost, as its family constructs them.

    ``normalisers`` are the circuits' lambda. The factors of all ``places`` multiply to the success probability of each
    circuit; passes may find ways that succeed more often. ``boundary``: of a model of several layers, None where that
    does not help.
    """

    normalisers: ByCircuit
    places: tuple[Place, ...]
    boundary: Boundary | None = None


@runtime_checkable
class Placed(Protocol):
    """What a family offers besides where its circuits succeed seldom: forecasts then say why. No family has to."""

    def losses(self, model: Any) -> Losses:
        """From the closed form: as much work as :meth:`~qsac.families.contract.Readout.work` says."""
