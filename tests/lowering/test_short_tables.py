"""Tables with fewer rows than their index has values: ladders of as many gates as rows, less one entangler."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsac.compiler.compilation import compile  # noqa: A004
from qsac.ir.blocks import UniformlyControlledGate
from qsac.ir.blocks.multiplexor import ladder_places, ruler
from qsac.ir.op import Scope
from qsac.ir.table import Table
from qsac.numerics.ladder import up_to_diagonal
from qsac.numerics.walsh import gray_angles
from tests.cases import some
from tests.pipelines import CASCADES

SCOPE = Scope({}, {})


def random_su2(rows, seed):
    generator = np.random.default_rng(seed)
    pairs = generator.normal(size=(rows, 2)) + 1j * generator.normal(size=(rows, 2))
    pairs /= np.linalg.norm(pairs, axis=1, keepdims=True)
    return pairs[:, 0], pairs[:, 1]


@pytest.mark.parametrize("rows", range(1, 40))
def test_places_are_one_less_than_rows(rows):
    controls = (rows - 1).bit_length()
    places = ladder_places(rows, controls)
    assert len(places) == rows - 1
    assert np.all((places >= 0) & (places < max(controls, 1)))
    if rows == 1 << controls:
        np.testing.assert_array_equal(places, ruler(controls))
        np.testing.assert_array_equal(places, places[::-1])


@pytest.mark.parametrize("rows", range(1, 40))
def test_a_gate_of_any_rows_up_to_a_diagonal(rows):
    p, q = random_su2(rows, rows)
    theta, phi, left = up_to_diagonal(p, q)
    controls = (rows - 1).bit_length()
    gate = UniformlyControlledGate(tuple(f"c{c}" for c in range(controls)), "t", Table(theta), Table(phi))
    found = gate.matrices(SCOPE)[:rows]
    wanted = np.array([[p, -q.conj()], [q, p.conj()]]).transpose(2, 0, 1)
    # What is left is diagonal, and on zero it is what was said, up to one phase for all rows.
    rest = found @ wanted.conj().transpose(0, 2, 1)
    np.testing.assert_allclose(rest[:, 0, 1], 0, atol=1e-12)
    phases = rest[:, 0, 0] * np.exp(-1j * left)
    np.testing.assert_allclose(phases, phases[0], atol=1e-12)
    np.testing.assert_allclose(np.abs(phases), 1, atol=1e-12)


@given(st.integers(1, 70), st.booleans(), st.integers(0, 1000))
def test_rotations_of_any_rows(rows, fresh, seed):
    angles = np.random.default_rng(seed).normal(size=rows)
    controls = (rows - 1).bit_length()
    ladder, places = gray_angles(angles, fresh=fresh), ladder_places(rows, controls)
    # Each entangler turns the sign of what is on its other side, seen from the end that is in zero.
    if fresh:
        ladder = ladder[::-1]
    values = np.arange(1 << controls)
    sign, total = np.ones(1 << controls), np.zeros(1 << controls)
    for step, angle in enumerate(ladder):
        total += sign * angle
        if step < len(places):
            sign *= 1 - 2 * (values >> (controls - 1 - places[step]) & 1)
    np.testing.assert_allclose(total[:rows], angles, atol=1e-12)


@pytest.mark.parametrize(("context", "complex_tokens"), some(product([3, 5, 6, 7, 9, 11, 13], [False, True]), 3))
def test_gates_follow_the_context_not_the_next_power_of_two(context, complex_tokens):
    shape = (context + 1, 4, 2) if complex_tokens else (context + 1, 4)
    values = np.random.default_rng(context).normal(size=shape).tolist()
    identity = {"type": "identity"}
    kernel = {"type": "monomial", "degree": 1}
    attention = {"type": "overlap", "mask": "full", "kernel": kernel, "value": identity, "score": identity}
    model = {"qsac": 1, "tokens": {"type": "inline", "values": values}, "attention": attention}
    compiled = compile(model, "h1", passes=CASCADES, verify=True)
    loads = 4 * (context * 3 - 2)
    index = (context - 1).bit_length()
    assert compiled.stats["two_qubit_gates"] <= loads + 8 * index + complex_tokens * 2 * ((1 << index) - 2)
