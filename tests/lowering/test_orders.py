"""Ladders in other orders and of other parities mean the same, once the loader is worked out for them."""

import numpy as np
import pytest

from qsac.families.reading import load
from qsac.ir.blocks import UniformlyControlledGate
from qsac.ir.blocks.multiplexor import LadderOrder
from qsac.ir.interpreter import interpret
from qsac.ir.parser import parse_program
from qsac.ir.printer import print_program
from qsac.ir.table import Table
from qsac.lowering.lower import lower
from qsac.machine.registry import target
from qsac.pipeline.contract import PassContext
from tests.cases import some
from tests.programs import build
from tests.strategies import random_model

CONTEXT = PassContext(target("h1"))


def random_order(rng: np.random.Generator, controls: int) -> LadderOrder:
    parities = tuple(
        (1 << place) + int(rng.integers(1 << place)) if place else 1 for place in reversed(range(controls))
    )
    return LadderOrder(tuple(rng.permutation(controls).tolist()), parities)


# Models with ladders of at least two controls and all of their rows.
SEEDS = (3, 9, 11, 14, 20, 28, 54, 58, 62, *range(80, 84), 85, 88, 89, 94, 96, 97, 99, 102, 118, *range(122, 127))


@pytest.mark.parametrize("seed", some(SEEDS, 2))
def test_loaders_load_the_same_in_any_order(seed: int) -> None:
    program = build(load(random_model(seed)))
    rng = np.random.default_rng(seed)
    usual = lower(program, CONTEXT)
    gates = [op for op in usual.ops if isinstance(op, UniformlyControlledGate)]
    whole = [op.theta.shape[0] == 1 << len(op.controls) and bool(op.controls) for op in gates]
    orders = [random_order(rng, len(op.controls)) if free else None for op, free in zip(gates, whole, strict=True)]
    ordered = lower(program, CONTEXT, orders=orders)
    assert parse_program(print_program(ordered)) == ordered
    found, expected = interpret(ordered), interpret(program)
    for metric, pair in expected.probabilities.items():
        assert found.probabilities[metric] == pytest.approx(pair, abs=1e-10)
    written = [op for op in ordered.ops if isinstance(op, UniformlyControlledGate)]
    assert written != gates
    for op, before, order in zip(written, gates, orders, strict=True):
        if order is not None:
            assert op.controls == tuple(before.controls[place] for place in order.order)
            assert op.parities == order.parities


def test_an_adjoint_of_parities_undoes_its_op() -> None:
    rng = np.random.default_rng(5)
    angles = Table(rng.normal(size=8)), Table(rng.normal(size=8))
    op = UniformlyControlledGate(("a", "b", "c"), "t", *angles, parities=(0b101, 0b011, 0b001))
    both = op.adjoint().matrices(None) @ op.matrices(None)  # type: ignore[arg-type]
    np.testing.assert_allclose(both, np.tile(np.eye(2), (8, 1, 1)), atol=1e-12)


@pytest.mark.parametrize("parities", [(1, 2), (2,), (0, 1), (3, 0)])
def test_parities_that_are_none_are_refused(parities: tuple[int, ...]) -> None:
    angles = Table(np.zeros(4))
    op = UniformlyControlledGate(("a", "b"), "t", angles, angles, parities=parities)
    assert "parities" in (op.check(None) or "")  # type: ignore[arg-type]
