"""A machine or simulator as plain immutable data."""

from __future__ import annotations

import functools
import json
from dataclasses import asdict, dataclass
from math import exp
from typing import TYPE_CHECKING, Any, Literal

from qsac.errors import InvalidInputError, present, printable
from qsac.showing import Shown

if TYPE_CHECKING:
    from qsac.native.circuit import GateFamily


DEFAULT_TARGET = "h2"
"""The target of whoever names none."""


@dataclass(frozen=True)
class ErrorRates:
    """Published or calibrated error probabilities, with their date and source.

    ``measure_0`` is the probability to read 1 in state 0, ``measure_1`` to read 0 in state 1. ``memory`` is the error
    of one qubit idling for the time of one layer of two-qubit gates. ``two_qubit_by_edge`` and the other per-place
    tables override the averages where a device publishes them. ``two_qubit_scaling`` is (a, b) such that a ZZPhase of
    angle x half-turns has error ``two_qubit * (a * 2 |x| + b)``: small angles err less. (0, 1) where it does not.
    """

    one_qubit: float
    two_qubit: float
    measure_0: float
    measure_1: float
    memory: float
    date: str
    source: str
    two_qubit_scaling: tuple[float, float] = (0.0, 1.0)
    one_qubit_by_qubit: tuple[float, ...] = ()
    two_qubit_by_edge: tuple[tuple[int, int, float], ...] = ()
    measure_by_qubit: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Durations:
    """How long a machine takes, in seconds: typical values, with their source. Rz takes no time.

    ``delay`` is what passes between two shots, ``job`` what a job takes beside its shots.
    """

    one_qubit: float
    two_qubit: float
    measure: float
    reset: float
    delay: float
    job: float
    source: str


@dataclass(frozen=True, repr=False)
class Target(Shown):
    """A machine or simulator as plain immutable data.

    ``gates`` are pytket ``OpType`` names. ``qubits`` is None where only memory limits the width. ``coupling`` holds
    undirected edges (a < b), None for all-to-all; ``directions`` the ordered pairs that the two-qubit gate acts on,
    where order matters (ECR, CX). ``errors`` and ``durations`` are None where there are none or nothing was published;
    ``cost_formula`` likewise, "time" for a vendor who charges the machine's time. ``kind`` says
    what running on it means here: ``exact`` and ``shots`` are simulators, ``device`` is a machine that is simulated
    locally unless a job is submitted. ``notice`` is told to the user once per compilation.
    """

    name: str
    vendor: str
    description: str
    kind: Literal["device", "exact", "shots"]
    qubits: int | None
    family: GateFamily
    gates: tuple[str, ...]
    coupling: tuple[tuple[int, int], ...] | None = None
    directions: tuple[tuple[int, int], ...] | None = None
    mid_circuit_measurement: bool = True
    reset: bool = True
    feed_forward: bool = False
    max_shots: int | None = None
    errors: ErrorRates | None = None
    durations: Durations | None = None
    cost_formula: Literal["hqc", "time"] | None = None
    notice: str | None = None

    def __repr__(self) -> str:
        """In one line: name, kind, qubits, two-qubit gate and connectivity."""
        width = "any number of" if self.qubits is None else f"{self.qubits}"
        pairs = "all to all" if self.coupling is None else f"{len(self.coupling)} pairs"
        return printable(f"<Target {self.name!r}: {self.kind}, {width} qubits, {' '.join(self.gates)}, {pairs}>")

    def __post_init__(self) -> None:
        """:class:`~qsac.errors.InvalidInputError` for tables that are not of the machine's qubits."""
        wanted = self._wanted()
        if wanted is not None:
            raise InvalidInputError(
                f"the target {self.name} contradicts itself",
                code="target.contradiction",
                wanted=wanted,
            )

    @functools.cached_property
    def described(self) -> str:
        """What :func:`describe` says, as JSON."""
        return json.dumps(asdict(self))

    def _wanted(self) -> str | None:
        """What its tables want that they do not have."""
        rates = self.errors
        edges = () if rates is None else tuple(edge[:2] for edge in rates.two_qubit_by_edge)
        tables = () if rates is None else (rates.one_qubit_by_qubit, rates.measure_by_qubit)
        if self.qubits is None:
            placed = self.coupling is not None or edges or any(tables)
            return "a number of qubits, as it says something of single ones" if placed else None
        if self.coupling == ():
            return "at least one pair in its coupling (None for all-to-all)"
        pairs = (*(self.coupling or ()), *(self.directions or ()), *edges)
        if any(a == b or not (0 <= a < self.qubits and 0 <= b < self.qubits) for a, b in pairs):
            return f"pairs of two of its {self.qubits} qubits in its coupling, its directions and its errors by edge"
        if any(table and len(table) != self.qubits for table in tables):
            return f"errors by qubit of all of its {self.qubits} qubits, or of none"
        return None

    @property
    def part(self) -> tuple[int, ...]:
        """The qubits of the largest part of a machine with a coupling graph that its working pairs connect."""
        return _largest_part(present(self.coupling, "the coupling of the target"))

    @property
    def connected(self) -> int | None:
        """The most qubits that a circuit can use: those of the largest part, where not all are connected."""
        return self.qubits if self.coupling is None else len(self.part)


@functools.lru_cache(maxsize=32)
def _largest_part(edges: tuple[tuple[int, int], ...]) -> tuple[int, ...]:
    """The nodes of the largest connected part of a graph."""
    parts: dict[int, set[int]] = {}
    for a, b in edges:
        smaller, larger = sorted((parts.setdefault(a, {a}), parts.setdefault(b, {b})), key=len)
        if smaller is not larger:
            larger |= smaller
            for node in smaller:
                parts[node] = larger
    largest = max(parts.values(), key=len)
    return tuple(sorted(largest))


def idling_error(seconds: float, t1: float, t2: float) -> float:
    """Average infidelity of one qubit that relaxes (``t1``, ``t2``, all in the same unit) for a time.

    F = 1/2 + exp(-t/T1)/6 + exp(-t/T2)/3, the average fidelity of amplitude and phase damping over all pure states.
    """
    return 1 - (0.5 + exp(-seconds / t1) / 6 + exp(-seconds / t2) / 3)


def describe(target: Target) -> dict[str, Any]:
    """The target as it stands in an artifact."""
    described: dict[str, Any] = json.loads(target.described)
    return described
