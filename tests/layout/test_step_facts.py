"""What steps say before any qubit has a place, against its definition step by step."""

from __future__ import annotations

from hypothesis import given, settings

from qsac.ir.program import Program
from qsac.layout.arrangement import ALIVE, EMPTY, ENDED
from qsac.layout.step_facts import StepFacts
from tests.cases import examples
from tests.layout.schedules import ladders, order_of
from tests.shares import Share


def test_lives_masks_and_least_gates() -> None:
    with Share(0.3) as ended:

        @settings(max_examples=examples(60, one_of=3))
        @given(ladders())
        def holds(program: Program) -> None:
            order, qubits = order_of(program), len(program.registers)
            facts = StepFacts(order, qubits)
            now = [EMPTY] * qubits
            masks = facts.flat[1].tolist()
            for index, step in enumerate(order):
                assert facts.lives[index] == tuple(now)
                assert masks[index] == sum(1 << qubit for qubit, life in enumerate(now) if life == ALIVE)
                assert facts.least[index] == sum(sum(later.weights) for later in order[index:])
                assert (index in facts.turning) == bool(step.controls)
                if step.event != "visit":
                    now[step.target] = {"turn": ALIVE, "measure": ENDED, "reset": EMPTY}[step.event]
                for control in step.controls:
                    now[control] = ALIVE
            assert facts.least[len(order)] == 0
            ended.saw(ENDED in now)

        holds()
