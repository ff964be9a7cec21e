"""Amplify what is accepted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from qsac.counting.formulas import op_cost, two_qubit_gates
from qsac.errors import InvalidInputError
from qsac.ir.attention import Amplify as Amplification
from qsac.ir.attention.amplify import clean_qubits
from qsac.ir.interpreter import interpret
from qsac.ir.program import Program
from qsac.ir.save_probabilities import SaveProbabilities
from qsac.numerics.amplification import MOST_ROUNDS, best_rounds, growth
from qsac.pipeline.contract import BY_NAME, Pass, PassContext


@dataclass(frozen=True)
class Amplify(Pass):
    """Take rounds of amplitude amplification: more shots are accepted, and each takes more gates.

    Needs a verified attention program that projects all that its readouts are conditional on before anything else, and
    that can be interpreted densely. Guarantees the same meaning, exactly: what is accepted with probability sin^2 theta
    is accepted with sin^2((2 rounds + 1) theta), and is the same (quant-ph/0005055). Everything up to the last of these
    projections is deferred and repeated, 2 rounds + 1 times, with two reflections a round (``amplify`` in the IR); no
    qubit is used again before. ``rounds`` 0, the default, takes those with the fewest two-qubit gates for a shot that
    is accepted and free of errors, by the target's rates; none where that is best, where the target has too few qubits,
    and on coupling graphs, where routing adds what is not foretold. Other programs stay as they are.
    """

    name: ClassVar[str] = "amplify"
    level: ClassVar[Literal["attention", "block"]] = "attention"
    optimisation: ClassVar[int] = BY_NAME
    after: ClassVar[tuple[str, ...]] = (
        "alternate-load-order",
        "compress-tokens",
        "evolve-tokens",
        "factor-kernel",
        "fold-scores",
        "fold-unitaries",
        "gate-load-only",
        "load-by-structure",
        "merge-degrees",
        "park-keys",
        "prune-loaders",
        "rotate-ladders",
        "select-indices",
        "stage-degree",
        "truncate-tokens",
        "weigh-indices",
    )

    rounds: int = 0

    def apply(self, program: Program, context: PassContext) -> Program:
        """The program with the rounds."""
        if not 0 <= self.rounds <= MOST_ROUNDS:
            raise InvalidInputError(
                "the option rounds of amplify is out of range",
                code="pass.option-out-of-range",
                found=str(self.rounds),
                wanted=f"1 to {MOST_ROUNDS}, or 0 for those that pay",
            )
        place, hindrance = _last_given(program)
        if hindrance and self.rounds:
            raise InvalidInputError(
                "the program cannot be amplified",
                code="pass.not-amplified",
                found=f"{hindrance}, before the last projection that a readout is conditional on",
                wanted="all that is post-selected to be projected first",
                help="leave the rounds out: such programs then stay as they are",
            )
        if place is None or hindrance:
            return program
        probability, _ = interpret(program).probabilities[program.readouts[0].metric]
        if not probability > 0:
            return program
        before = program.ops[: place + 1]
        registers = tuple(dict.fromkeys(name for op in before for name in op.targets))
        one = Amplification(registers, program.readouts[0].given, 1, min(1.0, probability), origin="/readout")
        rounds = self.rounds or _best(program, one, place, probability, context)
        if not rounds:
            return program
        ops = (*before, replace(one, rounds=rounds), *program.ops[place + 1 :])
        return replace(
            program.with_ops(ops), subnormalisation=program.subnormalisation / abs(growth(probability, rounds))
        )

    def foreseen(self, program: Program, context: PassContext) -> bool:
        """Not: it interprets the program."""
        return False


def _best(program: Program, one: Amplification, place: int, probability: float, context: PassContext) -> int:
    """The rounds that pay, 0 for none."""
    target, scope = context.target, program.scope
    needed = sum(register.size for register in program.registers) + clean_qubits(one, scope)
    if target.coupling is not None or (context.width_limit is not None and needed > context.width_limit):
        return 0
    before = two_qubit_gates(program.with_ops(program.ops[: place + 1]), target.family)
    each = 2 * before + op_cost(one, scope, target.family)
    error = 0.0 if target.errors is None else target.errors.two_qubit
    return best_rounds(probability, two_qubit_gates(program, target.family), each, error)


def _last_given(program: Program) -> tuple[int | None, str]:
    """The place of the last projection that readouts are conditional on, None where there is none, and an op before it
    that cannot be deferred."""
    given = set(program.readouts[0].given) if program.readouts else set()
    places = [place for place, op in enumerate(program.ops) if given.intersection(op.outcomes)]
    if not places:
        return None, ""
    for op in program.ops[: places[-1]]:
        if set(op.outcomes) - given or isinstance(op, SaveProbabilities | Amplification):
            return places[-1], op.name
    return places[-1], ""
