"""Templates: whatever is bound, the circuit means what the model says and has the gates of its shape."""

import json
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import qsac
from qsac.artifact.compiled import Compiled
from qsac.compiler.compilation import compile as compile_model
from qsac.counting.stats import circuit_stats
from qsac.errors import InvalidInputError
from qsac.families.qsa.model import Model
from qsac.families.reading import load
from qsac.files.numbers import as_lists
from qsac.ir.attention.unitary import has_synthesis
from qsac.ir.interpreter import interpret
from qsac.machine.registry import target
from qsac.machine.target import Target
from qsac.native.circuit import NativeCircuit
from qsac.simulation.statevector import simulate
from qsac.templates.template import Template, template
from tests.cases import seeds, some
from tests.strategies import random_model, unitary_entries

SEEDS = seeds(48, one_of=5)
CZ = replace(target("ibm-fez"), name="all-to-all", coupling=None, directions=None)


def _machine(model: Model, seed: int) -> str | Target:
    """Both families of gates, and enough qubits."""
    powers = 0 if np.count_nonzero(model.kernel) == 1 else model.degree
    if seed % 3 == 2:
        return CZ
    return "h1" if 2 * model.index_qubits + model.data_qubits + powers <= 20 else "statevector"


def _parameters(model: Model, rng: np.random.Generator) -> dict[str, Any]:
    """Random values of everything that can be bound."""
    found: dict[str, Any] = {}
    attention = model.canonical["attention"]
    for name in ("value", "score"):
        unitary = getattr(model, name)
        if attention[name]["type"] == "hardware-efficient":
            found[name] = rng.uniform(-3, 3, unitary.parameters.shape)
        elif attention[name]["type"] == "matrix":
            found[name] = unitary_entries(rng, len(attention[name]["entries"]), unitary.is_real)
    if "phases" in attention:
        found["phases"] = rng.uniform(-3, 3, model.context)
    return found


def tokens_of(model: Model, rng: np.random.Generator) -> NDArray[Any]:
    values = rng.normal(size=model.given_tokens.shape)
    return values + 1j * rng.normal(size=values.shape) if np.iscomplexobj(model.given_tokens) else values


def _bindings(made: Template, seed: int) -> list[Compiled]:
    """The template's own model, random numbers, and numbers at which gates vanish; all verified."""
    model, rng = made.model, np.random.default_rng(seed)
    same = np.zeros(model.given_tokens.shape)
    same[:, 0] = 1
    few = rng.integers(-1, 2, same.shape) + 2 * same
    flat = {name: np.zeros_like(value) for name, value in _parameters(model, rng).items() if name == "phases"}
    flat |= {
        name: np.zeros(getattr(model, name).parameters.shape)
        for name in ("value", "score")
        if model.canonical["attention"][name]["type"] == "hardware-efficient"
    }
    return [
        made.bind(verify=True),
        made.bind(tokens_of(model, rng), _parameters(model, rng), verify=True),
        made.bind(same, flat, verify=True),
        made.bind(few, verify=True),
    ]


def _assert_same_gates(first: NativeCircuit, second: NativeCircuit) -> None:
    for column in ("kind", "first", "second"):
        np.testing.assert_array_equal(getattr(first, column), getattr(second, column))
    for part in ("qubits", "bits", "readouts", "snapshot", "groups", "initial_map", "final_map"):
        assert getattr(first, part) == getattr(second, part)


def _of_the_shape(stats: dict[str, Any]) -> dict[str, Any]:
    """The statistics that do not depend on what is bound."""
    return {name: value for name, value in stats.items() if name not in ("error_free_probability", "forecast")}


@pytest.mark.parametrize("seed", SEEDS)
def test_every_binding_agrees_and_has_the_same_gates(seed: int) -> None:
    model = load(random_model(seed))
    made = template(model, _machine(model, seed))
    bound = _bindings(made, seed)
    for compiled in bound:
        # Verification has compared the circuit with the closed form; the programs of both levels say the same.
        _assert_same_gates(bound[0].circuits[0], compiled.circuits[0])
        assert _of_the_shape(compiled.stats) == _of_the_shape(bound[0].stats)
    found = simulate(bound[1].circuits[0])
    _, blocks = made.filled(bound[1].model)
    for program in (bound[1].program, blocks):
        for metric, (given, both) in interpret(program).probabilities.items():
            assert given == pytest.approx(found.given, abs=1e-12)
            assert both == pytest.approx(found.success[metric], abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_template_takes_the_gates_of_a_compilation(seed: int) -> None:
    model = load(random_model(seed))
    made = template(model, _machine(model, seed))
    other = made.bound_model(
        tokens_of(model, np.random.default_rng(seed)), _parameters(model, np.random.default_rng(1))
    )
    compiled = compile_model(other, _machine(model, seed), passes=made.options.passes, verify=False)
    bound = made.bind(verify=False)
    found, expected = (one.circuits[0].two_qubit_gates for one in (bound, compiled))
    # A template cannot synthesise a matrix, as its gates would depend on the numbers.
    assert found == expected or (has_synthesis(compiled.program) and found > expected)
    assert bound.circuits[0].count("Measure", "Reset") == compiled.circuits[0].count("Measure", "Reset")


@pytest.mark.parametrize(("seed", "optimisation"), some(product([2, 6, 8, 13, 14, 16, 28], [0, 1]), 3))
def test_other_levels(seed: int, optimisation: int) -> None:
    description = random_model(seed)
    for name in ("value", "score"):
        if description["attention"][name]["type"] == "matrix":
            description["attention"][name] = {"type": "identity"}
    made = template(description, "statevector", optimisation=optimisation)
    for compiled in _bindings(made, seed):
        assert compiled.verified


def test_a_routed_target() -> None:
    made = template(random_model(7), "ibm-fez")
    rng = np.random.default_rng(0)
    for compiled in (made.bind(verify=True), made.bind(tokens_of(made.model, rng), verify=True)):
        edges = set(target("ibm-fez").coupling or ())
        circuit = compiled.circuits[0]
        pairs = zip(circuit.first[circuit.kind == 5].tolist(), circuit.second[circuit.kind == 5].tolist(), strict=True)
        assert all(tuple(sorted((circuit.qubits[a][1], circuit.qubits[b][1]))) in edges for a, b in pairs)


# What is bound


COMPLEX = {
    "qsac": 1,
    "name": "shape",
    "tokens": {"type": "inline", "values": [[[1, 0], [0, 1]], [[0, 1], [1, 1]], [[2, 0], [1, 0]]]},
    "attention": {
        "type": "overlap",
        "kernel": {"type": "polynomial", "coefficients": [0.5, 1.0]},
        "value": {"type": "hardware-efficient", "layers": 1, "parameters": {"init": "normal"}},
        "score": {"type": "matrix", "entries": [[[0, 0], [1, 0]], [[1, 0], [0, 0]]]},
        "phases": [0.1, 0.2],
    },
}
REAL: dict[str, Any] = json.loads(json.dumps(COMPLEX))
REAL["tokens"]["values"] = [[1, 0], [1, 1], [0, 2]]
REAL["attention"] |= {"value": {"type": "identity"}, "score": {"type": "identity"}}
del REAL["attention"]["phases"]


def test_a_binding_is_the_compiled_model_of_what_was_bound() -> None:
    made = template(COMPLEX)
    tokens = np.array([[1, 2], [3, 4], [5, -6]])
    compiled = made.bind(tokens, {"phases": "optimal", "value": np.ones((1, 1, 3))})
    expected = json.loads(json.dumps(COMPLEX))
    expected["tokens"]["values"] = tokens.tolist()
    expected["attention"] |= {"phases": "optimal"}
    expected["attention"]["value"]["parameters"] = [[[1, 1, 1]]]
    assert compiled.model == load(expected)
    assert compiled.options["template"] is True
    again = Compiled.parse(compiled.to_json().encode(), "again")
    assert again == compiled
    assert qsac.run(again, "statevector").metrics["loss"] == pytest.approx(qsac.run(compiled).metrics["loss"])


MATRICES: dict[str, Any] = json.loads(json.dumps(COMPLEX))
MATRICES["attention"] |= {
    "value": {"type": "matrix", "entries": [[[0.6, 0.0], [-0.8, 0.0]], [[0.8, 0.0], [0.6, 0.0]]]},
    "score": {"type": "matrix", "entries": [[[0.0, 1.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]]]},
    "phases": [0.5, -500.0],
}


@pytest.mark.parametrize("source", [COMPLEX, MATRICES], ids=["angles", "matrices"])
def test_arrays_make_the_model_that_lists_make(source: dict[str, Any]) -> None:
    made, rng = template(source), np.random.default_rng(3)
    tokens = rng.normal(size=(3, 2)) + 1j * rng.normal(size=(3, 2))
    arrays: dict[str, np.ndarray] = {"phases": np.array([1e3, 2.0])}
    if source is MATRICES:
        arrays |= {"value": np.array([[0.0, -1.0], [1.0, 0.0]]), "score": np.diag([1j, 0.6 - 0.8j])}
    else:
        arrays |= {"value": rng.normal(0, 1e3, (1, 1, 3))}
    lists = {name: as_lists(array) for name, array in arrays.items()}
    one, other = made.bound_model(tokens, arrays), made.bound_model(as_lists(tokens), lists)
    assert one.canonical == other.canonical == load(one.canonical).canonical
    assert made.bind(tokens, arrays).to_json() == made.bind(as_lists(tokens), lists).to_json()


def test_a_prediction_over_the_tokens_is_over_those_that_were_bound() -> None:
    source: dict[str, Any] = {**REAL, "readout": {"type": "predict", "states": "tokens"}}
    tokens = np.random.default_rng(5).normal(size=(3, 2))
    expected = load({**source, "tokens": {"type": "inline", "values": tokens.tolist()}})
    bound = template(source).bind(tokens, verify=True)
    assert bound.model == expected
    found, wanted = (
        result.values["predictions"]["probabilities"]
        for result in (qsac.run(bound, "statevector"), expected.readout.closed_form(expected))
    )
    np.testing.assert_allclose(found, wanted, rtol=1e-9)


def test_the_arrays_of_the_caller_stay_his_own() -> None:
    made = template(COMPLEX)
    tokens, phases = np.ones((3, 2), complex), np.array([0.25, 0.5])
    model = made.bound_model(tokens, {"phases": phases})
    before = model.sha256, json.dumps(model.canonical)
    tokens[0], phases[0] = 5, 5
    assert (model.given_tokens == 1).all()
    assert model.given_phases.tolist() == [0.25, 0.5]
    assert (made.bound_model(np.ones((3, 2), complex), {"phases": [0.25, 0.5]}).sha256, before[1]) == before


def test_statistics_of_a_binding_are_those_of_its_circuit() -> None:
    """Though only what angles decide is counted anew."""
    made, rng = template(REAL, "h1"), np.random.default_rng(4)
    found = []
    for _ in range(3):
        bound = made.bind(rng.normal(size=(3, 2)), verify=False)
        counted = circuit_stats(bound.circuits[0], target("h1"))
        assert {name: bound.stats[name] for name in counted} == counted
        found.append(counted["error_free_probability"])
    assert len(set(found)) == 3


def test_real_numbers_go_into_a_complex_template() -> None:
    made = template(COMPLEX)
    real = made.bind([[1, 0], [1, 1], [0, 2]], verify=True)
    _assert_same_gates(real.circuits[0], made.bind(verify=True).circuits[0])
    pairs = made.bind([[[1, 0], [0, 0]], [[1, 0], [1, 0]], [[0, 0], [2, 0]]])
    assert pairs == real
    exactly_real = template(REAL).bind(np.array([[1, 0], [1, 1], [0, 2]], dtype=complex))
    assert exactly_real.model == load(REAL)


@pytest.mark.parametrize(
    ("model", "tokens", "said"),
    [
        (REAL, [[1, 0], [1, 1j], [0, 2]], "the tokens are complex, and the template is for real ones"),
        (REAL, [[1, 0], [1, 1]], "the tokens do not have the template's shape"),
        (REAL, [[1, 0, 0]] * 3, "the tokens do not have the template's shape"),
        (REAL, 1.0, "the tokens do not have the template's shape"),
        (REAL, [[1, 0], [1, 1], [0]], "the tokens are not an array"),
        (REAL, [["a", "b"]] * 3, "the tokens are not numbers"),
        (REAL, [[1, 0], [np.nan, 1], [0, 2]], "a number is not finite"),
        (REAL, [[1, 0], [np.inf, 1], [0, 2]], "a number is not finite"),
        (REAL, [[1, 0], [0, 0], [0, 2]], "token 1 is zero"),
    ],
)
def test_tokens_that_do_not_fit(model: dict[str, Any], tokens: Any, said: str) -> None:
    made = template(model)
    with pytest.raises(InvalidInputError, match=said):
        made.bind(tokens)
    with pytest.raises(InvalidInputError, match=said):
        made.angles(tokens)


@pytest.mark.parametrize(
    ("model", "parameters", "said"),
    [
        (REAL, {"value": [[[1.0]]]}, "the template has nothing to bind as value"),
        (REAL, {"phases": [0, 0]}, "the template has no phases"),
        (REAL, {"kernel": 1}, "there is no such parameter"),
        (COMPLEX, {"value": [[[1.0, 2.0]]]}, "the list has too few items"),
        (COMPLEX, {"value": "normal"}, '"parameters" is neither angles'),
        (COMPLEX, {"value": [[[1.0, np.nan, 0]]]}, "a number is not finite"),
        (COMPLEX, {"score": np.eye(3)}, "the matrix does not have the template's shape"),
        (COMPLEX, {"score": "x"}, "the matrix does not have the template's shape"),
        (COMPLEX, {"score": [[1, "a"], [0, 1]]}, "the matrix does not have the template's shape"),
        (COMPLEX, {"score": np.array([[1, 0], [0, 1j]])}, "the matrix does not have the template's shape"),
        (COMPLEX, {"score": 2 * np.eye(2)}, "the matrix is not unitary"),
        (COMPLEX, {"phases": [0.0]}, "the list has too few items"),
        (COMPLEX, {"phases": "best"}, '"phases" is neither a list nor "optimal"'),
    ],
)
def test_parameters_that_do_not_fit(model: dict[str, Any], parameters: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        template(model).bind(parameters=parameters)


def test_angles_are_the_numbers_of_the_blocks() -> None:
    made = template(random_model(9))
    tokens = tokens_of(made.model, np.random.default_rng(3))
    _, blocks = made.filled(made.bound_model(tokens))
    angles = made.angles(tokens)
    assert set(angles) == {place for place, op in enumerate(blocks.ops) if op.slots}
    for place, arrays in angles.items():
        op: Any = blocks.ops[place]
        names = {"multiplexor": ["angles"], "uniformly-controlled-gate": ["theta", "phi"], "diagonal": ["phases"]}
        for name, array in zip(names[op.name], arrays, strict=True):
            np.testing.assert_array_equal(getattr(op, name).values, array)


# What a template cannot be


def test_passes_that_look_at_numbers_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="the pass evolve-tokens cannot be part of a template"):
        template(COMPLEX, passes="evolve-tokens")
    assert "evolve-tokens" not in (template(COMPLEX, optimisation=3).options.passes or "")


def test_a_matrix_must_be_folded() -> None:
    with pytest.raises(InvalidInputError, match="a matrix that is not folded"):
        template(COMPLEX, optimisation=1)
    with pytest.raises(InvalidInputError, match="a matrix that is not folded"):
        template(COMPLEX, fold=False)


# Symbols


SYMBOLIC = [seed for seed in range(1, 60, 2) if np.size(random_model(seed)["tokens"]["values"]) <= 50]


def _substituted(made: Template, tokens: NDArray[Any], parameters: dict[str, Any]) -> NativeCircuit:
    from sympy import Symbol

    from qsac.export.tket import from_tket

    circuit = made.to_tket(tokens)
    assert {str(symbol) for symbol in circuit.free_symbols()} == set(made.symbols)
    values = {}
    for symbol in made.symbols:
        name, *index = symbol.split("_")
        array = np.asarray(parameters["phases" if name == "phase" else name])
        values[Symbol(symbol)] = float(array[tuple(map(int, index))])
    circuit.symbol_substitution(values)
    bound = made.bind(tokens, parameters, verify=True).circuits[0]
    found = from_tket(circuit, qubits=bound.qubits, bits=bound.bits)
    assert found.two_qubit_gates == bound.two_qubit_gates
    return replace(found, readouts=bound.readouts)


@pytest.mark.parametrize(("seed", "gates"), some(product(SYMBOLIC, ["zz", "cz"]), 5))
def test_symbols_take_the_place_of_parameters(seed: int, gates: str) -> None:
    machine: str | Target = {"zz": "statevector", "cz": CZ}[gates]
    description = random_model(seed)
    for name in ("value", "score"):
        if description["attention"][name]["type"] == "matrix":
            description["attention"][name] = {
                "type": "hardware-efficient",
                "layers": 1,
                "parameters": {"init": "normal"},
            }
    model = load(description)
    made = template(model, machine, fold=False)
    rng = np.random.default_rng(seed)
    tokens, parameters = tokens_of(model, rng), _parameters(model, rng)
    # One position has no register for phases, and a constant kernel no scores.
    used = {"value", *(["score"] if model.degree else []), *(["phases"] if model.context > 1 else [])}
    assert len(made.symbols) == sum(np.size(value) for name, value in parameters.items() if name in used)
    found = simulate(_substituted(made, tokens, parameters))
    expected = simulate(made.bind(tokens, parameters, verify=False).circuits[0])
    assert found.given == pytest.approx(expected.given, abs=1e-12)
    assert found.success.keys() == expected.success.keys() == {"fidelity", "token_fidelity"}
    for name in found.success:
        assert found.share(name) == pytest.approx(expected.share(name), abs=1e-11)


def test_routed_circuits_have_no_symbols() -> None:
    with pytest.raises(InvalidInputError, match="circuits for ibm-fez have no symbols"):
        template(COMPLEX, "ibm-fez").to_tket()
