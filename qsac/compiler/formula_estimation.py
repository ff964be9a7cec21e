"""Estimates of models with parts that are counted by a formula, beside what could stand in their place."""

from __future__ import annotations

from typing import Any, cast

from qsac.compiler.estimate_types import Beside, CountedPart, EstimatedCounts, EstimatedForecast
from qsac.compiler.estimation import Estimate, _Counted, estimate
from qsac.compiler.options import Options
from qsac.counting.formulas import two_qubit_gates
from qsac.counting.stats import together
from qsac.errors import QsacError
from qsac.families.contract import Model, Sizes
from qsac.families.formulas import Formula, PartlyCounted
from qsac.families.registry import family_of
from qsac.machine.target import Target
from qsac.report.forecast import forecast


def by_formula(
    source: Model, sizes: Sizes, formula: Formula, machine: Target, options: Options, *, rescaled: bool
) -> Estimate:
    """The estimate of a model of some ``sizes``, ``rescaled`` if they are not its own: gates, qubits and measurements,
    and nothing else. Gates of what is built are those of cost formulas too."""
    parts = [_counts(one, formula.ancillas, machine) for one in formula.circuits]
    counts, growth = together(parts), [1.0] * len(parts)
    once = _Counted(machine, options, formula.once)
    largest = max(one.gates[machine.family] for one in formula.circuits)
    told = CountedPart(
        of=formula.part,
        bits=formula.bits,
        two_qubit_gates_of_a_use=largest,
        uses=sum(one.uses for one in formula.circuits),
        beside=_beside(formula, once, machine, options),
    )
    reason = formula.reason
    if machine.coupling is not None:
        reason = f"counts are for all-to-all connections, before routing to {machine.name} adds to them; {reason}"
    return Estimate(
        name=source.name,
        target=machine.name,
        shape=family_of(source).shape(source, sizes),
        optimisation=options.optimisation,
        prefer=options.prefer,
        basis="formula",
        exact=False,
        reason=reason,
        limit=once.context.width_limit,
        counts=cast("EstimatedCounts", counts),
        forecast=cast("EstimatedForecast", forecast(None if rescaled else source, growth, counts, machine, parts)),
        source=source,
        sizes=sizes if rescaled else None,
        formula=told,
    )


def _counts(one: PartlyCounted, ancillas: int, machine: Target) -> dict[str, Any]:
    program = one.program
    measured = sum(register.size for register in program.registers)
    return {
        "qubits": measured + (ancillas if one.uses else 0),
        "two_qubit_gates": two_qubit_gates(program, machine.family) + one.uses * one.gates[machine.family],
        "one_qubit_gates": None,
        "measurements": measured,
        "resets": 0,
        "depth": None,
        "two_qubit_depth": None,
        "error_free_probability": None,
        "duration": None,
        "cost": None,
    }


def _beside(formula: Formula, once: _Counted, machine: Target, options: Options) -> Beside | None:
    """The other model's own estimate, and what a use of its part adds to the rest; None where that has no circuits."""
    try:
        whole = estimate(
            formula.beside, machine, optimisation=options.optimisation, qubits=options.qubits, prefer=options.prefer
        )
    except QsacError:
        return None
    use = once.of_shape["two_qubit_gates"] - two_qubit_gates(formula.rest, machine.family)
    return Beside(
        of=formula.other,
        two_qubit_gates_of_a_use=use,
        qubits=whole.counts["qubits"],
        two_qubit_gates=whole.counts["two_qubit_gates"],
    )
