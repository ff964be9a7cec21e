"""Evolution loaders: what they mean, how they are lowered, what they cost, on random Pauli sums."""

from dataclasses import replace
from functools import reduce

import numpy as np
import pytest
from scipy.linalg import expm

from qsac.counting.formulas import two_qubit_gates
from qsac.emit.emit import emit
from qsac.ir.attention import ApplyUnitary, LoadEvolution, PrepareIndices, Project
from qsac.ir.interpreter import interpret
from qsac.ir.op import Op, Register
from qsac.ir.parser import parse_program
from qsac.ir.printer import print_program
from qsac.ir.program import Program, Readout
from qsac.ir.save_probabilities import SaveProbabilities
from qsac.ir.table import Table
from qsac.ir.verifier import ProgramError, verify
from qsac.lowering.lower import lower
from qsac.machine.registry import target
from qsac.numerics.pauli import PAULI
from qsac.numerics.product_formulas import STAGES, Evolution, commuting_groups, pauli_applied, turned
from qsac.pipeline.contract import PassContext
from qsac.simulation.statevector import simulate
from tests.cases import seeds
from tests.strategies import random_unitary

SEEDS = range(12)
MATRICES = {**PAULI, "i": np.eye(2)}


def string_matrix(term: str) -> np.ndarray:
    return reduce(np.kron, [MATRICES[letter] for letter in term])


def hamiltonian(evolution: Evolution) -> np.ndarray:
    return sum(c * string_matrix(term) for c, term in zip(evolution.coefficients, evolution.terms, strict=True))


def random_evolution(rng: np.random.Generator, qubits: int, count: int) -> Evolution:
    terms = tuple("".join(rng.choice(list("ixyz"), qubits)) for _ in range(count))
    return Evolution(terms, tuple(rng.uniform(-1, 1, count).tolist()), float(rng.uniform(-0.8, 0.8)))


def random_state(rng: np.random.Generator, qubits: int, kind: str) -> np.ndarray:
    if kind == "product":
        return reduce(np.kron, [random_unitary(rng, 2)[0] for _ in range(qubits)])[None]
    state = rng.normal(size=1 << qubits) + (1j * rng.normal(size=1 << qubits) if kind == "complex" else 0)
    return state[None] / np.linalg.norm(state)


def program_of(op: LoadEvolution, state: np.ndarray, bits: int, rng: np.random.Generator) -> Program:
    size = len(op.terms[0])
    ops: list[Op] = [PrepareIndices("query", "key", "causal", 1 << bits)] if bits else []
    index = ("key",) if bits else ()
    inverse_load = replace(op, index=("query",) if bits else (), inverse=True)
    ops += [replace(op, index=index), ApplyUnitary("value", "matrix", "matrix"), inverse_load, Project(("value",))]
    if bits:
        observe = SaveProbabilities(("query",), "weights")
        ops += [observe, Project(("key",), "uniform", 1 << bits), Project(("query",), "uniform", 1 << bits)]
    registers = (*((Register("query", bits), Register("key", bits)) if bits else ()), Register("value", size))
    outcomes = ("value", "key", "query") if bits else ("value",)
    tables = {"state": Table(state), "matrix": Table(random_unitary(rng, 1 << size))}
    return Program("evolved", "attention", registers, tables, tuple(ops), (Readout("fidelity", (), outcomes),))


def random_program(seed: int) -> Program:
    rng = np.random.default_rng(seed)
    qubits, bits = int(rng.integers(1, 4)), int(rng.integers(0, 4))
    evolution = random_evolution(rng, qubits, int(rng.integers(1, 5)))
    lead = float(rng.uniform(-1, 1)) if rng.random() < 0.5 else 0.0
    stages = bits + (lead != 0)
    op = LoadEvolution(
        "value",
        (),
        "state",
        evolution.terms,
        evolution.coefficients,
        evolution.dt,
        tuple(str(name) for name in rng.choice(list(STAGES), stages)),  # type: ignore[arg-type]
        tuple(rng.integers(1, 4, stages).tolist()),
        lead,
        tuple(rng.uniform(-3, 3, bits).tolist()) if rng.random() < 0.5 else (),
        "".join(rng.choice(list("ixyz"), qubits)) if rng.random() < 0.7 else "",
    )
    return program_of(op, random_state(rng, qubits, str(rng.choice(["real", "complex", "product"]))), bits, rng)


@pytest.mark.parametrize("seed", SEEDS)
def test_exact_evolution(seed: int) -> None:
    rng = np.random.default_rng(seed)
    evolution = random_evolution(rng, 3, 6)
    states = random_unitary(rng, 8)
    for time in (0.0, 0.3, -2.0, 17.0):
        expected = states @ expm(-1j * time * hamiltonian(evolution)).T
        np.testing.assert_allclose(evolution.evolved(states, time), expected, atol=1e-12)
    for term in evolution.terms:
        np.testing.assert_allclose(pauli_applied(term, states), states @ string_matrix(term).T, atol=1e-14)


def test_an_evolution_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        Evolution(("z",), (1.0,), 1.0).evolved(np.eye(2), 1e6)


@pytest.mark.parametrize("formula", STAGES)
def test_orders_of_the_formulas(formula: str) -> None:
    evolution = Evolution(("zzi", "izz", "xii", "ixi", "iix", "yiy"), (-1.0, -1.0, 0.8, 0.8, 0.7, 0.4), 1.0)
    exact = expm(-0.7j * hamiltonian(evolution))
    errors = []
    for steps in (8, 16):
        states = np.eye(8, dtype=complex)
        for term, angle in evolution.turns(0.7, formula, steps):  # type: ignore[arg-type]
            states = turned(states, evolution.terms[term], angle)
        errors.append(np.linalg.norm(states.T - exact))
    order = {"lie-trotter": 1, "blanes-moan": 4}.get(formula, 2)
    assert np.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.2)


def test_terms_of_a_chain_come_in_layers_and_the_free_ones_outside() -> None:
    terms = ("zzii", "izzi", "iizz", "xiii", "ixii", "iixi", "iiix")
    assert commuting_groups(terms) == ((3, 4, 5, 6), (0, 2, 1))


@pytest.mark.parametrize("seed", seeds(40, one_of=5))
def test_all_levels_agree(seed: int) -> None:
    program = random_program(seed)
    verify(program)
    assert parse_program(print_program(program)) == program
    expected = interpret(program)
    for name in ("statevector", "ibm-fez"):
        context = PassContext(target(name))
        blocks = lower(program, context)
        verify(blocks)
        found = interpret(blocks)
        assert found.probabilities["fidelity"] == pytest.approx(expected.probabilities["fidelity"], abs=1e-11)
        for quantity, values in expected.observed.items():
            np.testing.assert_allclose(found.observed[quantity], values, atol=1e-11)
        circuit = emit(blocks, context)
        assert simulate(circuit).share("fidelity") == pytest.approx(expected.value("fidelity"), abs=1e-11)


@pytest.mark.parametrize("seed", seeds(40, one_of=3))
@pytest.mark.parametrize("name", ["statevector", "ibm-fez"])
def test_the_cost_is_what_is_emitted(name: str, seed: int) -> None:
    program = random_program(seed)
    context = PassContext(target(name))
    kept = [op for op in program.ops if not isinstance(op, ApplyUnitary)]
    program = replace(program, ops=tuple(kept), tables={"state": program.tables["state"]})
    assert two_qubit_gates(program, context.target.family) == two_qubit_gates(
        lower(program, context), context.target.family
    )
    assert emit(lower(program, context), context).two_qubit_gates == two_qubit_gates(program, context.target.family)


@pytest.mark.parametrize("seed", SEEDS)
def test_loaded_states_approach_the_intended_ones(seed: int) -> None:
    program = random_program(seed)
    op = next(op for op in program.ops if isinstance(op, LoadEvolution))
    many = replace(op, formulas=("blanes-moan",) * len(op.steps), steps=(60,) * len(op.steps), phases=())
    loaded, intended = many.loaded(program.scope), many.intended(program.scope)
    # The identity's part of H, a phase of each state, is not in the formulas.
    overlaps = np.abs(np.einsum("td,td->t", loaded.conj(), intended))
    np.testing.assert_allclose(overlaps, 1, atol=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": (1, 0)}, "steps"),
        ({"steps": (1, 1 << 20)}, "steps"),
        ({"steps": (1,)}, "take 2 formulas"),
        ({"phases": (0.1,)}, "phases"),
        ({"reversal": "zzz"}, "reversal"),
        ({"terms": ("zz", "x")}, "Pauli string"),
        ({"coefficients": (1.0,)}, "coefficients"),
        ({"dt": float("nan")}, "finite"),
        ({"table": "matrix"}, "one unit row"),
    ],
)
def test_what_is_wrong_with_the_fields_is_said(change: dict[str, object], message: str) -> None:
    formulas = ("strang", "strang")
    op = LoadEvolution("value", (), "state", ("zz", "xi"), (1.0, 0.5), 0.3, formulas, (1, 2))  # type: ignore[arg-type]
    program = program_of(op, np.eye(4)[:1], 2, np.random.default_rng(0))
    verify(program)
    wrong = program_of(replace(op, **change), np.eye(4)[:1], 2, np.random.default_rng(0))  # type: ignore[arg-type]
    with pytest.raises(ProgramError, match=message):
        verify(replace(wrong, registers=program.registers))
