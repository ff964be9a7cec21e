"""Models as attention programs, and what their compiled circuits cost at most."""

from itertools import product
from typing import Any

import numpy as np
import pytest

from qsac.compiler import compilation as compiler
from qsac.counting.formulas import two_qubit_gates
from qsac.families.qsa.model import Model
from qsac.families.reading import load
from qsac.families.unitary import Ansatz, Matrix
from qsac.ir.attention import ApplyUnitary, LoadTokens, PrepareDegree, Project
from qsac.ir.parser import parse_program
from qsac.ir.printer import print_program
from qsac.ir.program import Program
from qsac.ir.save_probabilities import SaveProbabilities
from qsac.ir.verifier import verify
from qsac.machine.registry import target
from qsac.native.circuit import NativeCircuit
from tests.cases import seeds, some
from tests.programs import build
from tests.strategies import random_model

SEEDS = seeds(300)


def _given(
    context: int, dimension: int, *, degree: int = 1, real: bool = True, layers: int | None = 2, **attention: Any
) -> Model:
    """A model of random tokens; ``layers`` of the default ansatz as value and score, None for the identity."""
    rng = np.random.default_rng([context, dimension, degree])
    values = rng.normal(size=(context + 1, dimension) if real else (context + 1, dimension, 2))
    unitary: dict[str, Any] = {"type": "identity"}
    if layers is not None:
        init = {"init": "normal", "scale": 1.0, "seed": 3}
        unitary = {"type": "hardware-efficient", "layers": layers, "parameters": init}
    fields = {"kernel": {"type": "monomial", "degree": degree}, "value": unitary, "score": unitary}
    tokens = {"type": "inline", "values": values}
    return load({"qsac": 1, "tokens": tokens, "attention": {"type": "overlap", **fields, **attention}})


def _kinds(program: Program) -> list[str]:
    return [op.name for op in program.ops]


@pytest.mark.parametrize("seed", seeds(60, one_of=3))
def test_programs_of_models_keep_the_rules_and_come_back_from_text(seed: int) -> None:
    program = build(load(random_model(seed)))
    verify(program)
    assert parse_program(print_program(program)) == program
    assert all(op.origin.startswith("/") for op in program.ops)
    used = {op.table for op in program.ops if isinstance(op, (LoadTokens, ApplyUnitary))}
    assert set(program.tables) == used


def test_one_position_has_no_index() -> None:
    program = build(_given(1, 4))
    assert [register.name for register in program.registers] == ["value", "score[0]"]
    assert "prepare-indices" not in _kinds(program)
    assert not any(isinstance(op, SaveProbabilities) for op in program.ops)


def test_identities_apply_nothing() -> None:
    assert "apply-unitary" not in _kinds(build(_given(4, 4, layers=None)))


def test_phases_are_there_only_where_they_do_something() -> None:
    assert "phase-table" in _kinds(build(_given(3, 2, phases=[0.0, 0.1, 0.0])))
    assert "phase-table" not in _kinds(build(_given(3, 2, phases=[0.0, 0.0, 0.0])))


def test_a_polynomial_of_one_term_is_a_monomial() -> None:
    program = build(_given(3, 2, kernel={"type": "polynomial", "coefficients": [0, 0, -2.5]}))
    assert "prepare-degree" not in _kinds(program)
    assert sum(name.startswith("score") for name in program.scope.sizes) == 2


def test_signs_of_a_polynomial_are_prepared_and_not_projected() -> None:
    program = build(_given(3, 2, kernel={"type": "polynomial", "coefficients": [1, -2, 0, 1]}))
    (prepared,) = (op.amplitudes for op in program.ops if isinstance(op, PrepareDegree))
    (projected,) = (op.amplitudes for op in program.ops if isinstance(op, Project) and op.state == "unary")
    np.testing.assert_allclose(prepared, [0.5, -np.sqrt(0.5), 0, 0.5])
    np.testing.assert_allclose(projected, np.abs(prepared))


def test_a_constant_kernel_needs_no_score() -> None:
    program = build(_given(3, 2, kernel={"type": "polynomial", "coefficients": [2.0]}))
    assert not any(name.startswith(("score", "power")) for name in program.scope.sizes)


# Two-qubit gates.


def _circuit(model: Model, name: str = "h1", optimisation: int = 2) -> NativeCircuit:
    return compiler.compile(model, name, optimisation=optimisation, verify=False).circuits[0]


def _unitary_bound(unitary: Any, qubits: int) -> int:
    """One CX each for the entanglers of an ansatz; the general synthesis for a matrix."""
    if isinstance(unitary, Ansatz):
        return len(unitary.parameters) * {1: 0, 2: 1}.get(qubits, qubits)
    if isinstance(unitary, Matrix):
        return (23 * 4**qubits - 72 * 2**qubits + 64) // 48 if qubits > 1 else 0
    return 0


def _bound(model: Model) -> int:
    """What a monomial may cost (Construction, section 2)."""
    m, n, k = model.index_qubits, model.data_qubits, model.degree
    positions = 1 << m
    loaders = 2 * (k + 1) * (positions * (model.dimension - 1) - n)
    mask = (12 if positions == model.context else 48) * m
    diagonals = 2 * max(0, positions - 2) if np.iscomplexobj(model.tokens) or np.any(model.phases) else 0
    return loaders + mask + diagonals + k * _unitary_bound(model.score, n) + _unitary_bound(model.value, n)


def _is_monomial(model: dict[str, Any]) -> bool:
    kernel = model["attention"]["kernel"]
    return kernel["type"] == "monomial" or np.count_nonzero(kernel.get("coefficients", ())) == 1


MONOMIALS = [seed for seed in SEEDS if _is_monomial(random_model(seed))]


@pytest.mark.parametrize("seed", MONOMIALS)
def test_monomials_cost_no_more_than_their_shape_says(seed: int) -> None:
    model = load(random_model(seed))
    assert _circuit(model).two_qubit_gates <= _bound(model)


@pytest.mark.parametrize(("context", "dimension", "most"), [(8, 4, 128), (32, 16, 1980)])
def test_known_models(context: int, dimension: int, most: int) -> None:
    model = _given(context, dimension)
    assert _circuit(model).two_qubit_gates <= min(most, _bound(model))


@pytest.mark.parametrize(("degree", "context"), some(product([1, 2, 3], [4, 5, 8, 13, 16, 31, 32]), 8))
def test_shapes(context: int, degree: int) -> None:
    for model in (_given(context, 4, degree=degree), _given(context, 4, degree=degree, real=False)):
        assert _circuit(model, "statevector").two_qubit_gates <= _bound(model)


def _slopes(sizes: list[int], gates: list[int]) -> list[float]:
    steps = zip(sizes, sizes[1:], gates, gates[1:], strict=False)
    return [float(np.log(after / before) / np.log(right / left)) for left, right, before, after in steps]


def test_gates_grow_linearly_with_the_context() -> None:
    sizes = [64, 128, 256, 512, 1024]
    slopes = _slopes(sizes, [_circuit(_given(size, 16), "statevector").two_qubit_gates for size in sizes])
    assert all(0.98 <= slope <= 1.02 for slope in slopes), slopes


def test_gates_grow_linearly_with_the_dimension() -> None:
    sizes = [64, 128, 256, 512]
    slopes = _slopes(sizes, [_circuit(_given(64, size), "statevector", 1).two_qubit_gates for size in sizes])
    assert all(0.98 <= slope <= 1.02 for slope in slopes), slopes


def test_gates_grow_no_more_where_the_dimension_is_beyond_what_the_tokens_span() -> None:
    sizes = [32, 64, 128, 256]
    gates = [_circuit(_given(32, size), "statevector").two_qubit_gates for size in sizes]
    assert gates[0] < gates[1] < gates[2] == gates[3]


@pytest.mark.parametrize("seed", MONOMIALS)
def test_the_formula_of_a_monomial_is_what_is_written(seed: int) -> None:
    """Passes choose by it. What it does not know: two gates cancel where a real load meets its inverse load, and phases
    that are 0 or pi may save one."""
    model = load(random_model(seed))
    compiled = compiler.compile(model, "statevector", passes="default,-resynthesise-blocks", verify=False)
    formula = two_qubit_gates(compiled.program, target("statevector").family)
    real = not np.iscomplexobj(model.tokens)
    unknown = 2 * (model.degree + 1) + 1 if real else 0
    assert 0 <= formula - compiled.circuits[0].two_qubit_gates <= unknown
