"""What a target and a pass are, and the context a compilation carries along.

Concrete targets live in ``targets/`` (one vendor a file), concrete passes in ``passes/`` (one pass a file). Both are
found by :mod:`qsac.pipeline.registry`, which other packages can extend through the entry points ``qsac.targets`` and
``qsac.passes``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import sqrt
from typing import TYPE_CHECKING, ClassVar, Literal

from qsac.machine.target import Target
from qsac.progress import Announce, Progress

if TYPE_CHECKING:
    from qsac.ir.program import Program
    from qsac.native.circuit import NativeCircuit


Preference = Literal["qubits", "depth"]


BY_NAME = 1 << 8
"""The optimisation level of passes that no level runs: they are named, or left out."""


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
        """Add the error that the pass ``name`` has made to what it has spent before: nothing that was spent is lost
        where it spends twice. Raises ``ValueError`` for what is no error: a negative number, or none."""
        if not error >= 0:
            raise ValueError(f"an error of {error!r}")
        self.spent[name] = (sqrt(self.spent.get(name, 0.0)) + error) ** 2

    def restore(self, earlier: ErrorLedger) -> None:
        """Forget what was spent since ``earlier`` was copied from it."""
        self.spent.clear()
        self.spent.update(earlier.spent)

    def copy(self) -> ErrorLedger:
        """A ledger of its own for what is only tried."""
        return ErrorLedger(self.budget, dict(self.spent))


@dataclass(frozen=True)
class PassContext:
    """What a pass may use besides the program: the target, the error ledger and the seed. ``progress`` is called
    during long work (done, total, description). ``template``: the program represents all programs of its shape, and no
    decision may depend on its numbers, which are generic. ``qubits`` is the most qubits to use (None: all of the
    target's), ``prefer`` what to minimise if gates are equal. ``announce`` is called before long work begins. ``rest``
    are the remaining passes of the pipeline, as used by :meth:`finish`. ``barriers`` are the ops, by their place in the
    attention program, whose gates circuit passes keep apart from others."""

    target: Target
    optimisation: int = 2
    seed: int = 0
    qubits: int | None = None
    prefer: Preference = "qubits"
    ledger: ErrorLedger = field(default_factory=ErrorLedger)
    progress: Progress | None = None
    template: bool = False
    announce: Announce | None = None
    barriers: tuple[int, ...] = ()
    rest: Callable[[Program, PassContext], Program] | None = field(default=None, compare=False, repr=False)

    def finish(self, program: Program, error: float | None = None) -> Program:
        """The program after the remaining passes at its level: with it, a pass that has a choice compares candidates.
        It commits to nothing, and its results are kept, so they are not computed again.

        The remaining passes have no error to spend; or, given the ``error`` of the calling pass, what that leaves of
        the budget. Without a pipeline the program is returned unchanged.
        """
        if self.rest is None:
            return program
        ledger = ErrorLedger() if error is None else self.ledger.copy()
        if error:
            ledger.spend("ahead", error)
        return self.rest(program, replace(self, ledger=ledger))

    @property
    def width_limit(self) -> int | None:
        """The most qubits that a circuit may have; None where nothing but memory limits it."""
        limits = [limit for limit in (self.qubits, self.target.connected) if limit is not None]
        return min(limits, default=None)


@dataclass(frozen=True)
class Pass:
    """A program-to-program step. Fields are its options; the docstring of a subclass is its contract: what it needs,
    what it guarantees, and whether it is exact or within which error.

    ``name`` is the kebab-case of the module's file name. ``optimisation`` is the lowest ``-O`` level that runs it,
    :data:`BY_NAME` for none. In every pipeline it comes after the passes named in ``after``, where they are there.
    ``templates`` says that it may be part of a template's pipeline: what it decides depends on the shapes of tables and
    not on their values, tables that it makes have a derivation, and it leaves the numbers of ops with slots alone.
    ``classical_work`` is what it works out that circuits of this kind are there to compute, in words; empty for all
    that are part of a level.
    """

    name: ClassVar[str]
    level: ClassVar[Literal["attention", "block"]]
    optimisation: ClassVar[int]
    after: ClassVar[tuple[str, ...]] = ()
    templates: ClassVar[bool] = False
    classical_work: ClassVar[str] = ""

    def apply(self, program: Program, context: PassContext) -> Program:
        """The program with the same meaning (up to global phase, and to the error written into the ledger)."""
        raise NotImplementedError

    def foretold(self, program: Program, context: PassContext) -> Program:
        """What passes before this one are shown (:meth:`PassContext.finish`) in place of what it would make of a
        program: a pass that computes for long shows a program of the same costs, by default what it makes."""
        return self.apply(program, context)

    def foreseen(self, program: Program, context: PassContext) -> bool:
        """Whether passes before this one may ask what it would make of a program (:meth:`PassContext.finish`): not
        where that takes too long to be done for what is only a candidate."""
        return True


@dataclass(frozen=True)
class CircuitPass:
    """As :class:`Pass`, on native circuits: what a target still needs after emission (placement, routing)."""

    name: ClassVar[str]
    level: ClassVar[Literal["circuit"]]
    optimisation: ClassVar[int]
    after: ClassVar[tuple[str, ...]] = ()

    def apply(self, circuit: NativeCircuit, context: PassContext) -> NativeCircuit:
        """The circuit with the same meaning up to its qubit maps."""
        raise NotImplementedError
