"""What no block can be made of: one clear error each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import qsac
from qsac import DoesNotFitError, InvalidInputError, synthesis

HALF = np.sqrt(0.5)

INVALID: list[tuple[Callable[..., Any], tuple[Any, ...], str]] = [
    (synthesis.state, ([1.0, 1.0],), "block.not-normalised"),
    (synthesis.state, ([1.0 + 1e-8, 0.0],), "block.not-normalised"),
    (synthesis.state, ([0.0, 0.0],), "block.zero-norm"),
    (synthesis.state, ([1.0, 0.0, 0.0],), "block.wrong-shape"),
    (synthesis.state, ([1.0],), "block.wrong-shape"),
    (synthesis.state, ([],), "block.wrong-shape"),
    (synthesis.state, (1.0,), "block.wrong-shape"),
    (synthesis.state, ([[1.0, 0.0]],), "block.wrong-shape"),
    (synthesis.state, ([np.nan, 1.0],), "number.not-finite"),
    (synthesis.state, ([complex(0, np.inf), 1.0],), "number.not-finite"),
    (synthesis.state, (["a", "b"],), "array.not-numbers"),
    (synthesis.state, ([True, False],), "array.not-numbers"),
    (synthesis.state, (None,), "array.not-numbers"),
    (synthesis.state, ([[1.0], [1.0, 2.0]],), "array.unreadable"),
    (synthesis.rows, ([[1.0, 0.0], [1.0, 1.0]],), "block.not-normalised"),
    (synthesis.rows, ([[1.0, 0.0], [0.0, 0.0]],), "block.zero-norm"),
    (synthesis.rows, ([1.0, 0.0],), "block.wrong-shape"),
    (synthesis.rows, ([[1.0], [1.0]],), "block.wrong-shape"),
    (synthesis.rows, (np.eye(3),), "block.wrong-shape"),
    (synthesis.rows, ([[np.nan, 0.0]],), "number.not-finite"),
    (synthesis.multiplexor, ("w", [0.1]), "option.unknown-choice"),
    (synthesis.multiplexor, ("x", [0.1, 0.2, 0.3]), "block.wrong-shape"),
    (synthesis.multiplexor, ("x", [0.1, 0.2j]), "array.not-numbers"),
    (synthesis.multiplexor, ("x", [0.1, np.inf]), "number.not-finite"),
    (synthesis.uniformly_controlled, (np.eye(2),), "block.wrong-shape"),
    (synthesis.uniformly_controlled, (np.ones((2, 2, 3)),), "block.wrong-shape"),
    (synthesis.uniformly_controlled, (np.stack([np.eye(2)] * 3),), "block.wrong-shape"),
    (synthesis.uniformly_controlled, ([np.eye(2), [[1, 1], [0, 1]]],), "block.not-unitary"),
    (synthesis.uniformly_controlled, ([[[1e200, 0], [0, 1]]],), "block.not-unitary"),
    (synthesis.uniformly_controlled, ([np.eye(2), [[np.nan, 1], [0, 1]]],), "number.not-finite"),
    (synthesis.diagonal, ([0.1],), "block.wrong-shape"),
    (synthesis.diagonal, ([0.1, 0.2, 0.3],), "block.wrong-shape"),
    (synthesis.diagonal, ([0.1, np.nan],), "number.not-finite"),
    (synthesis.diagonal, ([0.1, 0.2j],), "array.not-numbers"),
]


@pytest.mark.parametrize(("function", "given", "code"), INVALID)
def test_invalid_numbers(function: Callable[..., Any], given: tuple[Any, ...], code: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        function(*given)
    assert error.value.code == code
    assert "found" in str(error.value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: synthesis.state(np.broadcast_to(2.0**-7.5, 1 << 15)),
        lambda: synthesis.state(np.broadcast_to(1.0, 1 << 40)),
        lambda: synthesis.rows(np.broadcast_to(HALF, (1 << 14, 2))),
        lambda: synthesis.rows(np.broadcast_to(HALF, ((1 << 13) + 1, 2))),
        lambda: synthesis.multiplexor("x", np.broadcast_to(0.1, 1 << 14)),
        lambda: synthesis.uniformly_controlled(np.broadcast_to(np.eye(2), (1 << 14, 2, 2))),
        lambda: synthesis.diagonal(np.broadcast_to(0.1, 1 << 15)),
        lambda: synthesis.diagonal(np.broadcast_to(0.1, 1 << 40)),
    ],
)
def test_sizes(make: Callable[[], object]) -> None:
    with pytest.raises(DoesNotFitError) as error:
        make()
    assert error.value.code == "capacity.block-too-large"
    assert "14 qubits" in str(error.value)


def test_options() -> None:
    with pytest.raises(InvalidInputError) as error:
        synthesis.state([1.0, 0.0], target="nowhere")
    assert error.value.code == "target.unknown"
    with pytest.raises(InvalidInputError) as error:
        synthesis.state([1.0, 0.0], optimisation=4)
    assert error.value.code == "option.out-of-range"
    with pytest.raises(InvalidInputError) as error:
        synthesis.state([1.0, 0.0]).counts("nowhere")
    assert error.value.code == "target.unknown"


def test_what_is_given_stays_as_it_is() -> None:
    v = np.array([0.6, 0.8])
    block = synthesis.state(v)
    v[0] = 5
    assert block.columns[0, 0, 0] == 0.6
    assert not block.columns.flags.writeable
    gates = np.array([np.eye(2), -np.eye(2)], dtype=complex)
    block = synthesis.uniformly_controlled(gates)
    gates[0] = 7
    assert block.columns[0, 0, 0] == 1


def test_it_is_an_attribute_of_the_package() -> None:
    assert qsac.synthesis is synthesis
    assert sorted(synthesis.__all__) == synthesis.__all__
