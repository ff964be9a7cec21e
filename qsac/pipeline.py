"""What a target and a pass are, and the context a compilation carries along.

Concrete targets live in ``targets/`` (one vendor a file), concrete passes in ``passes/`` (one pass a file). Both are
found by :mod:`qsac.registry`, which other packages can extend through the entry points ``qsac.targets`` and
``qsac.passes``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from math import exp, sqrt
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from qsac.errors import InvalidInputError, present

if TYPE_CHECKING:
    from qsac.ir.native import GateFamily, NativeCircuit
    from qsac.ir.program import Program


DEFAULT_TARGET = "h2"
"""The target of whoever names none."""

Preference = Literal["qubits", "depth"]

Progress: TypeAlias = Callable[[int, int, str], None]
"""What long work tells how far it is: (done, total, description)."""

Announce: TypeAlias = Callable[[str], None]
"""What is told, in a sentence, before long work begins."""


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


@dataclass(frozen=True)
class Target:
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

    def __post_init__(self) -> None:
        """:class:`~qsac.errors.InvalidInputError` for tables that are not of the machine's qubits."""
        wanted = self._wanted()
        if wanted is not None:
            raise InvalidInputError(f"the target {self.name} contradicts itself", wanted=wanted)

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


SLACK = 1 - 1e-9
"""What passes use of an error budget: the rest is for rounding."""


@dataclass
class ErrorLedger:
    """What approximating passes have spent of the user's error budget (infidelity), pass by pass. Exact: empty.

    An infidelity is the square of an error; errors of several ops and passes add up, in the worst case.
    """

    budget: float = 0.0
    spent: dict[str, float] = field(default_factory=dict)

    @property
    def available(self) -> float:
        """The error that is left to spend; not positive where there is none."""
        return SLACK * sqrt(self.budget) - sum(map(sqrt, self.spent.values()))

    def spend(self, name: str, error: float) -> None:
        """Write the error that the pass ``name`` has made into the ledger."""
        self.spent[name] = error**2

    def copy(self) -> ErrorLedger:
        """A ledger of its own for what is only tried."""
        return ErrorLedger(self.budget, dict(self.spent))


@dataclass(frozen=True)
class PassContext:
    """What a pass may know beside the program: the target, the error ledger and the seed. ``progress`` is told what
    long work is under way (done, total, description). ``template``: the program stands for all of its shape, and its
    numbers, which are generic, must not be decided by. ``qubits`` is the most qubits to use (None: all that the target
    has), ``prefer`` what to spare where gates are equal. ``announce`` is told what will take long before it begins."""

    target: Target
    optimisation: int = 2
    seed: int = 0
    qubits: int | None = None
    prefer: Preference = "qubits"
    ledger: ErrorLedger = field(default_factory=ErrorLedger)
    progress: Progress | None = None
    template: bool = False
    announce: Announce | None = None

    @property
    def width_limit(self) -> int | None:
        """The most qubits that a circuit may have; None where nothing but memory limits it."""
        limits = [limit for limit in (self.qubits, self.target.connected) if limit is not None]
        return min(limits, default=None)


@dataclass(frozen=True)
class Pass:
    """A program-to-program step. Fields are its options; the docstring of a subclass is its contract: what it needs,
    what it guarantees, and whether it is exact or within which error.

    ``name`` is the kebab-case of the module's file name. ``optimisation`` is the lowest ``-O`` level that runs it;
    there it comes after the passes named in ``after``. ``templates`` says that it may be part of a template's pipeline:
    what it decides depends on the shapes of tables and not on their values, tables that it makes have a derivation,
    and it leaves the numbers of ops with slots alone.
    """

    name: ClassVar[str]
    level: ClassVar[Literal["attention", "block"]]
    optimisation: ClassVar[int]
    after: ClassVar[tuple[str, ...]] = ()
    templates: ClassVar[bool] = False

    def apply(self, program: Program, context: PassContext) -> Program:
        """The program with the same meaning (up to global phase, and to the error written into the ledger)."""
        raise NotImplementedError


@dataclass(frozen=True)
class CircuitPass:
    """As :class:`Pass`, on native circuits: what a target still needs after emission (placement, routing)."""

    name: ClassVar[str]
    level: ClassVar[Literal["circuit"]]
    optimisation: ClassVar[int]

    def apply(self, circuit: NativeCircuit, context: PassContext) -> NativeCircuit:
        """The circuit with the same meaning up to its qubit maps."""
        raise NotImplementedError
