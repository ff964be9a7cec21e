"""What submitting a program means, before anybody is asked: where it runs, what it costs, whether it is verified.

An artifact may come from anybody. What is computed here comes from its circuits, its model and this qsac's own
description of the machine, never from what the artifact says of its target, its cost or its verification.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import fsum, isfinite, nextafter

from qsac.artifact.compiled import Compiled
from qsac.counting.stats import cost as cost_formula
from qsac.errors import DoesNotFitError, InvalidInputError
from qsac.files.pointer import describe, quoted
from qsac.machine.registry import target
from qsac.machine.target import Target
from qsac.native.circuit import NativeCircuit
from qsac.progress import Progress
from qsac.runtime.counts import SHOTS_LIMIT
from qsac.simulation.statevector import width
from qsac.simulation.verification import AUTOMATIC_WIDTH
from qsac.submission.client import Cost, Vendor
from qsac.submission.feeding import first_places
from qsac.submission.machine import check_circuit, known_target
from qsac.submission.vendors import taken, vendor, vendor_names
from qsac.submission.verified import expected_success, verified_before_submission, verified_for_counts

_MACHINE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

_GRID = 1000
"""Allowances are shared out by thousandths of the vendor's unit."""


@dataclass(frozen=True)
class Share:
    """One circuit of what is about to be submitted: its place in the program, its cost and its limit."""

    place: int
    cost: Cost
    ceiling: float


@dataclass(frozen=True)
class Plan:
    """What is about to be submitted: ``shots`` of each of the program's circuits that ``shares`` names, on ``machine``,
    as its vendor calls it.

    ``warnings`` are for the user to know before the cost is agreed to; one of them says so where the circuits are not
    ``verified``.
    """

    compiled: Compiled
    vendor: str
    machine: str
    shots: int
    shares: tuple[Share, ...]
    verified: bool
    warnings: tuple[str, ...] = ()

    @property
    def first(self) -> tuple[int, ...]:
        """The places of the circuits that do not wait for counts of others."""
        return first_places(self.compiled.model)

    @property
    def cost(self) -> Cost:
        """What all of it costs."""
        costs = [share.cost for share in self.shares]
        amount, highest = fsum(cost.amount for cost in costs), fsum(cost.highest for cost in costs)
        return Cost(amount, highest, costs[0].unit, costs[0].note)

    @property
    def ceiling(self) -> float:
        """The sum of the limits that the vendor is given, one a circuit, in the unit of the cost."""
        return fsum(share.ceiling for share in self.shares)


def plan(
    compiled: Compiled,
    shots: int,
    machine: str | None = None,
    max_cost: float | None = None,
    progress: Progress | None = None,
    *,
    agreed: Mapping[int, float | None] | None = None,
    fed: bool = False,
) -> Plan:
    """What submitting ``shots`` of each circuit of a compiled program means, before anybody is asked.

    ``machine`` names another machine of the target's vendor, an emulator for instance. ``max_cost`` is for all circuits
    together, also those that wait for counts of others. ``agreed`` are the places of the circuits that are left of a
    job, with the limits that were agreed to when it was submitted; ``fed``: they were made for counts. Raises
    :class:`~qsac.errors.InvalidInputError` where nothing can be submitted to the target, or the artifact describes
    another target than this qsac knows, :class:`~qsac.errors.DoesNotFitError` for too many shots or qubits, or a cost
    that may exceed ``max_cost`` or a limit, and :class:`~qsac.errors.CheckFailedError` for a circuit that disagrees
    with its model.
    """
    shots = check_request(shots, max_cost)
    known = known_target(compiled.target)
    seller = _vendor(known)
    chosen, host = _machine(seller, known, machine)
    if host.max_shots is not None and shots > host.max_shots:
        raise DoesNotFitError(
            "the job has too many shots",
            code="job.too-many-shots",
            found=f"{shots:,}",
            wanted=f"at most {host.max_shots:,} on {host.name}",
            help="submit several",
        )
    for place, circuit in enumerate(compiled.circuits):
        check_circuit(circuit, host, f"/circuits/{place}")
    places = range(len(compiled.circuits)) if agreed is None else sorted(agreed)
    costs = [_cost(seller, compiled.circuits[place], host, shots) for place in places]
    if agreed is None:
        ceilings = _ceilings(seller, costs, shots, max_cost)
    else:
        ceilings = [
            _agreed(seller, compiled.names[place], cost, agreed[place])
            for place, cost in zip(places, costs, strict=True)
        ]
    shares = tuple(map(Share, places, costs, ceilings))
    if fed:
        verified = verified_for_counts(compiled, list(places), progress)
    else:
        verified = verified_before_submission(compiled, progress)
    return Plan(compiled, seller.name, chosen, shots, shares, verified, _warnings(compiled, shots, verified))


def check_request(shots: int, max_cost: float | None) -> int:
    """The number of shots; :class:`~qsac.errors.InvalidInputError` if it or ``max_cost`` cannot be one."""
    try:
        number = 0 if isinstance(shots, bool) else operator.index(shots)
    except TypeError:
        number = 0
    if not 1 <= number <= SHOTS_LIMIT:
        raise InvalidInputError(
            "the number of shots is out of range",
            code="option.out-of-range",
            found=describe(shots),
            wanted=f"a whole number from 1 to {SHOTS_LIMIT:,}",
        )
    if max_cost is not None and not (isinstance(max_cost, int | float) and isfinite(max_cost) and max_cost >= 0):
        raise InvalidInputError(
            "the highest cost is invalid",
            code="option.out-of-range",
            found=describe(max_cost),
            wanted="a number from 0 up, in the vendor's unit",
        )
    return number


def _vendor(known: Target) -> Vendor:
    if known.kind == "device" and known.vendor in vendor_names():
        found = vendor(known.vendor)
        if found.machine(known.name) is not None:
            return found
    raise InvalidInputError(
        f"no jobs can be submitted to {known.name}",
        code="vendor.unsupported-target",
        wanted=f"a program compiled for {taken()}",
        help="qsac targets lists what can be compiled for",
    )


def _machine(seller: Vendor, known: Target, asked: str | None) -> tuple[str, Target]:
    """What the vendor calls the machine, and the target that says most about it."""
    if asked is None:
        return str(seller.machine(known.name)), known
    if not isinstance(asked, str) or not _MACHINE.fullmatch(asked):
        raise InvalidInputError(
            "the name of the machine is invalid",
            code="vendor.invalid-machine",
            found=describe(asked),
            wanted="letters and digits, with . _ - between them, as H2-1E",
        )
    name = seller.target_of(asked)
    host = known if name is None else target(name)
    if host.vendor != seller.name:
        raise InvalidInputError(f"{quoted(asked)} is not a machine of {seller.name}'s", code="vendor.unknown-machine")
    return asked, host


def _cost(seller: Vendor, circuit: NativeCircuit, host: Target, shots: int) -> Cost:
    formula = cost_formula(circuit, host)
    cost = None if formula is None else seller.cost(formula, shots)
    if cost is None or not (isfinite(cost.highest) and 0 <= cost.amount <= cost.highest):
        raise InvalidInputError(
            "it is not known what the job would cost",
            code="job.unknown-cost",
            found=f"no cost formula, or invalid durations, of {host.name}" if cost is None else f"{cost.highest}",
            help="compile the model for another machine",
        )
    return cost


def _ceilings(seller: Vendor, costs: Sequence[Cost], shots: int, max_cost: float | None) -> list[float]:
    """The limit of each circuit's job, which together are no more than ``max_cost``."""
    if max_cost is None:
        return [seller.ceiling(cost.highest, None) for cost in costs]
    unit, highest = costs[0].unit, fsum(cost.highest for cost in costs)
    if sum(Fraction(cost.highest) for cost in costs) > max_cost:
        raise DoesNotFitError(
            "the job may cost more than is allowed",
            code="job.too-expensive",
            found=f"{highest:,.1f} {unit} for {shots:,} shots" + (" of each circuit" if len(costs) > 1 else ""),
            wanted=f"at most {max_cost:,.1f} {unit}",
            help="take fewer shots, or raise --max-cost",
        )
    least = [seller.least(cost.highest) for cost in costs]
    if sum(map(Fraction, least)) > max_cost:
        raise DoesNotFitError(
            f"{seller.name} limits jobs by whole {unit}, and none lies between the expected and the highest cost",
            code="job.no-ceiling",
            found=f"{highest:,.2f} {unit} expected, at most {max_cost:,.2f} allowed",
            help=f"--max-cost {fsum(least):,.0f}, or fewer shots",
        )
    return [seller.ceiling(cost.highest, most) for cost, most in zip(costs, _shared(max_cost, least), strict=True)]


def _shared(most: float, least: Sequence[float]) -> list[float]:
    """``most`` shared out in proportion to ``least``, none getting less; a single one gets all of it."""
    exact = [Fraction(one) for one in least]
    factor = Fraction(most) / sum(exact) if any(exact) else Fraction(1)
    others = [max(float(one), float(Fraction(int(one * factor * _GRID), _GRID))) for one in exact[1:]]
    left = Fraction(most) - sum(map(Fraction, others))
    first = float(left)
    return [max(float(least[0]), first if first <= left else nextafter(first, 0.0)), *others]


def _agreed(seller: Vendor, name: str, cost: Cost, limit: float | None) -> float:
    """The limit of a circuit that is left of a job: the one that was agreed to then, which has to be enough now."""
    if limit is None:
        return seller.ceiling(cost.highest, None)
    if cost.highest > limit:
        raise DoesNotFitError(
            f"the circuit {name} may cost more than was agreed to when the job was submitted",
            code="job.too-expensive",
            found=f"{cost.highest:,.1f} {cost.unit}",
            wanted=f"at most {limit:,.1f} {cost.unit}",
            help="submit the model again as another job",
        )
    return limit


def _warnings(compiled: Compiled, shots: int, verified: bool) -> tuple[str, ...]:
    if not verified:
        alive = max(map(width, compiled.circuits))
        if alive <= AUTOMATIC_WIDTH:
            return ("the circuit is not verified: its program, of which passes approximate parts, is too wide for it",)
        return (
            f"the circuit is not verified: {alive} of its qubits are alive at once, and at most {AUTOMATIC_WIDTH} are "
            "simulated",
        )
    hits = shots * expected_success(compiled)
    if hits >= 1:
        return ()
    return (f"less than one of {shots:,} shots is expected to succeed, even without noise: {hits:.2g}",)
