"""Products of amplitudes: what the projection keeps of their lowering, signs included, and what they cost."""

from itertools import product
from typing import get_args

import numpy as np
import pytest

from qsac.ir.attention import LoadTokens, Multiply, Project
from qsac.ir.interpreter import interpret
from qsac.ir.op import Op, Register, Scope
from qsac.ir.program import Program, Readout
from qsac.ir.table import Table
from qsac.lowering.lower import lower
from qsac.machine.registry import target
from qsac.native.circuit import GateFamily
from qsac.pipeline.contract import PassContext
from tests.lowering.placed import agree, gates, lowered

WHENS = ((), ("when[0]",), ("when[0]", "when[1]"))
CASES = list(product((1, 2, 3), WHENS))


def _sizes(size: int, when: tuple[str, ...]) -> dict[str, int]:
    return {"data": size, "by": size, **dict.fromkeys(when, 1)}


@pytest.mark.parametrize(("size", "when"), CASES)
def test_what_is_kept_has_the_factor_one(size: int, when: tuple[str, ...]) -> None:
    scope = Scope(_sizes(size, when), {})
    op = Multiply("data", "by", when)
    agree(lowered(op, scope)[:, 0], op.matrices(scope)[:, 0])
    copy = op.adjoint()
    agree(lowered(copy, scope)[:, :, 0], copy.matrices(scope)[:, :, 0])


@pytest.mark.parametrize("family", get_args(GateFamily))
@pytest.mark.parametrize("adjoint", [False, True])
@pytest.mark.parametrize(("size", "when"), CASES)
def test_gates(size: int, when: tuple[str, ...], adjoint: bool, family: GateFamily) -> None:
    """One gate a bit, three with a register that it depends on."""
    written, emitted, formula = gates(Multiply("data", "by", when, adjoint), _sizes(size, when), family)
    assert written == emitted == formula == size * {0: 1, 1: 3, 2: 7}[len(when)]


@pytest.mark.parametrize("real", [True, False])
@pytest.mark.parametrize("gated", [False, True])
def test_amplitudes_are_multiplied_entry_by_entry(gated: bool, real: bool) -> None:
    """And found out by what the product is projected on, so that signs and phases count."""
    rng = np.random.default_rng(11)
    values = rng.normal(size=(3, 4)) + (0 if real else 1j * rng.normal(size=(3, 4)))
    first, second, last = rows = values / np.linalg.norm(values, axis=1, keepdims=True)
    branch = np.array([0.6, 0.8])
    when = ("branch",) if gated else ()
    ops: list[Op] = [
        LoadTokens("branch", (), "branch"),
        LoadTokens("value", (), "first"),
        LoadTokens("copy", (), "second", when=when),
        Multiply("copy", "value", when),
        Project(("copy",)),
        LoadTokens("value", (), "last", True),
        Project(("value",)),
        LoadTokens("branch", (), "branch", True),
        Project(("branch",)),
    ]
    tables = {name: Table(row[None]) for name, row in zip(("first", "second", "last"), rows, strict=True)}
    registers = (Register("branch", 1), Register("value", 2), Register("copy", 2))
    readout = Readout("product", (), ("copy", "value", "branch"))
    program = Program(
        "product", "attention", registers, tables | {"branch": Table(branch[None])}, tuple(ops), (readout,)
    )
    both = np.vdot(last, first * second)
    amplitude = 0.36 * np.vdot(last, first) + 0.64 * both if gated else both
    expected = pytest.approx((1.0, abs(amplitude) ** 2), abs=1e-12)
    assert interpret(program).probabilities["product"] == expected
    for machine in ("h1", "ibm-fez"):
        assert interpret(lower(program, PassContext(target(machine)))).probabilities["product"] == expected
