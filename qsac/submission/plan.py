"""What submitting a program means, before anybody is asked: where it runs, what it costs, whether it is verified.

An artifact may come from anybody. What is computed here comes from its circuit, from its model and from this qsac's own
description of the machine, never from what the artifact says of its target, its cost or its verification.
"""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from math import isfinite

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
from qsac.submission import ibm, quantinuum
from qsac.submission.client import Cost
from qsac.submission.machine import check_circuit, known_target
from qsac.submission.verified import expected_success, verified_before_submission

_MACHINE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Plan:
    """What is about to be submitted: ``shots`` of the program's circuit on ``machine``, as its vendor calls it.

    ``ceiling`` is the limit that the vendor is given, in the unit of ``cost``. ``warnings`` are for the user to know
    before the cost is agreed to; one of them says so where the circuit is not ``verified``.
    """

    compiled: Compiled
    vendor: str
    machine: str
    shots: int
    cost: Cost
    ceiling: float
    verified: bool
    warnings: tuple[str, ...] = ()


def plan(
    compiled: Compiled,
    shots: int,
    machine: str | None = None,
    max_cost: float | None = None,
    progress: Progress | None = None,
) -> Plan:
    """What submitting ``shots`` of a compiled program means, before anybody is asked.

    ``machine`` names another machine of the target's vendor, an emulator for instance. Raises
    :class:`~qsac.errors.InvalidInputError` where nothing can be submitted to the target, or the artifact describes
    another target than this qsac knows, :class:`~qsac.errors.DoesNotFitError` for too many shots or qubits, or a cost
    that may exceed ``max_cost``, and :class:`~qsac.errors.CheckFailedError` for a circuit that disagrees with its
    model.
    """
    shots = check_request(shots, max_cost)
    known = known_target(compiled.target)
    vendor = _vendor(known)
    chosen, host = _machine(vendor, known, machine)
    circuit = compiled.circuits[0]
    if host.max_shots is not None and shots > host.max_shots:
        raise DoesNotFitError(
            "the job has too many shots",
            code="job.too-many-shots",
            found=f"{shots:,}",
            wanted=f"at most {host.max_shots:,} on {host.name}",
            help="submit several",
        )
    check_circuit(circuit, host)
    cost = _cost(vendor, circuit, host, shots)
    ceiling = _ceiling(vendor, cost, shots, max_cost)
    verified = verified_before_submission(compiled, progress)
    warnings = _warnings(compiled, shots, verified)
    return Plan(compiled, vendor, chosen, shots, cost, ceiling, verified, warnings)


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


def _vendor(known: Target) -> str:
    if known.kind == "device":
        if known.vendor == "Quantinuum" and known.name in quantinuum.MACHINES:
            return known.vendor
        if known.vendor == "IBM":
            return known.vendor
    raise InvalidInputError(
        f"no jobs can be submitted to {known.name}",
        code="vendor.unsupported-target",
        wanted=f"a program compiled for {', '.join(quantinuum.MACHINES)} or a device of IBM's",
        help="qsac targets lists what can be compiled for",
    )


def _machine(vendor: str, known: Target, asked: str | None) -> tuple[str, Target]:
    """What the vendor calls the machine, and the target that says most about it."""
    if asked is None:
        return quantinuum.MACHINES[known.name] if vendor == "Quantinuum" else ibm.machine(known.name), known
    if not isinstance(asked, str) or not _MACHINE.fullmatch(asked):
        raise InvalidInputError(
            "the name of the machine is invalid",
            code="vendor.invalid-machine",
            found=describe(asked),
            wanted="letters and digits, with . _ - between them, as H2-1E",
        )
    name = quantinuum.target_of(asked) if vendor == "Quantinuum" else ibm.target_of(asked)
    host = known if name is None else target(name)
    if host.vendor != vendor:
        raise InvalidInputError(
            f"{quoted(asked)} is not a machine of {vendor}'s",
            code="vendor.unknown-machine",
        )
    return asked, host


def _cost(vendor: str, circuit: NativeCircuit, host: Target, shots: int) -> Cost:
    formula = cost_formula(circuit, host)
    cost = None
    if formula is not None:
        cost = quantinuum.cost(formula, shots) if vendor == "Quantinuum" else ibm.cost(formula, shots)
    if cost is None or not (isfinite(cost.highest) and 0 <= cost.amount <= cost.highest):
        raise InvalidInputError(
            "it is not known what the job would cost",
            code="job.unknown-cost",
            found=f"no cost formula, or invalid durations, of {host.name}" if cost is None else f"{cost.highest}",
            help="compile the model for another machine",
        )
    return cost


def _ceiling(vendor: str, cost: Cost, shots: int, max_cost: float | None) -> float:
    if max_cost is not None and cost.highest > max_cost:
        raise DoesNotFitError(
            "the job may cost more than is allowed",
            code="job.too-expensive",
            found=f"{cost.highest:,.1f} {cost.unit} for {shots:,} shots",
            wanted=f"at most {max_cost:,.1f} {cost.unit}",
            help="take fewer shots, or raise --max-cost",
        )
    rule = quantinuum.ceiling if vendor == "Quantinuum" else ibm.ceiling
    ceiling = rule(cost.highest, max_cost)
    if ceiling < cost.highest:
        raise DoesNotFitError(
            f"{vendor} limits jobs by whole {cost.unit}, and none lies between the expected and the highest cost",
            code="job.no-ceiling",
            found=f"{cost.highest:,.2f} {cost.unit} expected, at most {max_cost:,.2f} allowed",
            help=f"--max-cost {ibm.ceiling(cost.highest, None):,.0f}, or fewer shots",
        )
    return ceiling


def _warnings(compiled: Compiled, shots: int, verified: bool) -> tuple[str, ...]:
    if not verified:
        alive = width(compiled.circuits[0])
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
