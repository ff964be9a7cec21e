"""What amplitude amplification gains and costs in a circuit, beside the same circuit without it."""

from __future__ import annotations

from dataclasses import replace

from qsac.counting.formulas import two_qubit_gates
from qsac.ir.attention import Amplify
from qsac.ir.program import Program
from qsac.native.circuit import GateFamily
from qsac.native.statistics import AmplificationFields
from qsac.numerics.amplification import amplified


def amplification_of(program: Program, family: GateFamily) -> AmplificationFields | None:
    """The rounds of an attention program, and its acceptance probability and two-qubit gates without and with them, by
    the formulas of its ops; None where there are no rounds."""
    op = next((op for op in program.ops if isinstance(op, Amplify)), None)
    if op is None:
        return None
    plain = replace(program, ops=tuple(other for other in program.ops if other is not op))
    return {
        "rounds": op.rounds,
        "success_probability": [op.accepted, amplified(op.accepted, op.rounds)],
        "two_qubit_gates": [two_qubit_gates(plain, family), two_qubit_gates(program, family)],
    }


def amplification_row(told: AmplificationFields) -> tuple[str, str]:
    """The same for people."""
    (before, after), (few, many) = told["success_probability"], told["two_qubit_gates"]
    rounds = f"{told['rounds']} round{'s' * (told['rounds'] != 1)}"
    return (
        "amplified",
        f"{rounds}: {before:.4g} to {after:.4g} accepted, {few:,} to {many:,} two-qubit gates, "
        f"{few / before:,.0f} to {many / after:,.0f} for an accepted shot",
    )
