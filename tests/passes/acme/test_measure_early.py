"""A pass is tested by text, by meaning, and as what it is for."""

from acme_passes import MeasureEarly
from hypothesis import given

import qsac
from qsac.ir.blocks import Measure
from qsac.ir.interpreter import interpret
from qsac.ir.program import Program
from qsac.machine.registry import target
from qsac.pipeline.contract import PassContext
from tests.strategies import block_programs

CONTEXT = PassContext(target("h2"))

BEFORE = """qsac-ir 2
program "two qubits" block
register q[0] 1
register q[1] 1
op pauli-rotation paulis="y" qubits=["q[0]"] angle=0.3
op multiplexor axis="y" controls=["q[0]"] target="q[1]" angles=[0.1,0.2]
op pauli-rotation paulis="x" qubits=["q[1]"] angle=0.4
op pauli-rotation paulis="y" qubits=["q[1]"] angle=0.5
op measure qubit="q[0]" register="b" index=0
op measure qubit="q[1]" register="b" index=1
readout fidelity given=["b[0]"] success=["b[1]"]
"""


def after(window: int = 256) -> list[str]:
    """The lines of the ops after the pass."""
    text = qsac.ir.print(MeasureEarly(window).apply(qsac.ir.parse(BEFORE), CONTEXT))
    return [line for line in text.splitlines() if line.startswith("op ")]


def test_text_in_text_out() -> None:
    rotation, multiplexor, second, third, measurement, last = (
        line for line in BEFORE.splitlines() if line.startswith("op ")
    )
    assert after() == [rotation, multiplexor, measurement, second, third, last]
    assert after(window=1) == [rotation, multiplexor, second, measurement, third, last]


@given(block_programs())
def test_the_meaning_is_the_same(program: Program) -> None:
    moved = MeasureEarly().apply(program, CONTEXT)
    assert qsac.ir.parse(qsac.ir.print(moved)) == moved  # which keeps the rules of the language
    for metric, wanted in interpret(program).probabilities.items():
        found = interpret(moved).probabilities[metric]
        assert max(abs(one - other) for one, other in zip(found, wanted, strict=True)) < 1e-9


def test_measurements_come_earlier_in_a_model() -> None:
    def places(passes: str) -> list[int]:
        stages: dict[str, Program] = {}
        qsac.compile("docs/examples/tfim.json", passes=passes, verify=True, after=stages.__setitem__)
        ops = [found for found in stages.values() if isinstance(found, Program)][-1].ops
        return [place for place, op in enumerate(ops) if isinstance(op, Measure)]

    usual, early = places("default"), places("default,+measure-early")
    assert len(usual) == len(early) == 10
    assert all(one <= other for one, other in zip(early, usual, strict=True))
    assert sum(usual) - sum(early) >= 5
