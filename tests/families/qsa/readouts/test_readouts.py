"""Predictions and overlaps: every answer agrees with the definition, from the closed form to the native circuit."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import qsac
from qsac.compiler import compilation as compiler
from qsac.families.qsa.model import Model
from qsac.families.qsa.readouts.overlaps import Overlaps
from qsac.families.qsa.readouts.predict import Predict
from qsac.families.reading import load
from qsac.ir.parser import parse_program
from qsac.ir.printer import print_program
from qsac.ir.program import Program
from qsac.ir.verifier import verify
from qsac.native.circuit import NativeCircuit
from qsac.runtime.schema import RunResult
from qsac.simulation.statevector import simulate
from qsac.simulation.verification import of_program
from tests.cases import ALL, examples, seeds, some
from tests.programs import build
from tests.strategies import models, random_model

TOLERANCE = 1e-9
KINDS = ("basis", "tokens", "unitary", "isometry", "states", "one state", "complex", "abs2", "all")


def _pairs(rows: NDArray[Any]) -> list[Any]:
    return np.stack([rows.real, rows.imag], axis=-1).tolist() if np.iscomplexobj(rows) else rows.tolist()


def _readout(kind: str, model: dict[str, Any], seed: int) -> dict[str, Any]:
    """A readout of a kind for a model of inline tokens."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    dimension, length = len(model["tokens"]["values"][0]), len(model["tokens"]["values"])
    rows = rng.normal(size=(dimension + 3, dimension))
    if rng.random() < 0.6:
        rows = rows + 1j * rng.normal(size=rows.shape)
    if kind in ("complex", "abs2", "all"):
        pairs = "all" if kind == "all" else "mask"
        return {"type": "overlaps", "part": "abs2" if kind == "abs2" else "complex", "pairs": pairs}
    position = {"position": int(rng.integers(1, length + 1))} if rng.random() < 0.5 else {}
    over: dict[str, dict[str, Any]] = {
        "basis": {},
        "tokens": {"states": "tokens"},
        "unitary": {"vocabulary": _pairs(np.linalg.qr(rows[:dimension])[0])},
        "isometry": {"vocabulary": _pairs(np.linalg.qr(rows)[0])},
        "states": {"states": _pairs(rows[: rng.integers(2, 5)])},
        "one state": {"states": _pairs(rows[:1])},
    }
    return {"type": "predict", **position, **over[kind]}


def _defined(model: Model) -> dict[str, NDArray[Any] | float | None]:
    """What is asked for, written out from its definition, sum by sum."""
    score, value = model.score.matrix(model.dimension), model.value.matrix(model.dimension)
    tokens, readout = model.tokens, model.readout
    if isinstance(readout, Overlaps):
        matrix = np.full((model.context, model.context), complex(np.nan, np.nan))
        for j in range(model.context):
            for i in range(model.context if readout.mask == "full" else j + 1):
                matrix[j, i] = np.vdot(tokens[j], score @ tokens[i])
        parts: dict[str, NDArray[Any] | float | None] = {"re": matrix.real, "im": matrix.imag}
        return parts if readout.part == "complex" else {"abs2": np.abs(matrix) ** 2}
    assert isinstance(readout, Predict)
    j, last = readout.position, model.context + 1
    seen = last if j == last else (model.context if model.mask == "full" else j)
    state = np.zeros(model.dimension, dtype=complex)
    for i in range(seen):
        overlap = np.vdot(tokens[j - 1], score @ tokens[i])
        state += sum(c * overlap**p for p, c in enumerate(model.kernel)) * (value @ tokens[i])
    norm = float(np.vdot(state, state).real)
    rows = np.eye(model.dimension) if readout.states is None else readout.states
    shares = np.array([abs(np.vdot(row, state)) ** 2 / norm if norm else np.nan for row in rows])
    return {"probabilities": shares, "success_probability": norm / (model.lam * seen) ** 2}


def _assert_result(name: str, content: dict[str, Any], success: float, model: Model, where: str) -> None:
    """``success`` is the model's: a kernel that is written as a product is normalised anew."""
    expected = _defined(model)
    probability = expected.pop("success_probability", 1.0)
    assert success == pytest.approx(probability, abs=TOLERANCE), where
    for part, values in expected.items():
        found = np.array(content[part], dtype=float)
        np.testing.assert_allclose(found, values, atol=TOLERANCE, err_msg=f"{where}: {name} {part}")


def _reported(result: qsac.Result) -> tuple[str, dict[str, Any], float]:
    """What a result reports: the name and content of its one value, and the success probability."""
    ((name, content),) = result.values.items()
    assert result.success_probability is not None
    return name, content, result.success_probability


def _check(model: Model, target: str, optimisation: int) -> None:
    """Closed form, both levels of the interpreter and the simulated native circuit against the definition."""
    where = f"{target} -O{optimisation}"
    _assert_result(*_reported(model.readout.closed_form(model)), model, "closed form")
    blocks: list[Program] = []

    def keep(_stage: str, result: Program | NativeCircuit) -> None:
        if isinstance(result, Program) and result.level == "block":
            blocks.append(result)

    compiled = compiler.compile(model, target, optimisation=optimisation, verify=True, after=keep)
    (step,) = compiled.plan.circuits
    for program in (compiled.program, blocks[-1]):
        name, content, success = _reported(model.readout.result(model, {step.name: of_program(program)}))
        _assert_result(name, content, success * program.subnormalisation**2, model, f"{program.level} level, {where}")
    result = qsac.run(compiled, "statevector")
    name, content, success = _reported(result)
    _assert_result(name, content, success * compiled.subnormalisations[0] ** 2, model, f"circuit, {where}")
    RunResult.model_validate(result.to_dict())
    again = qsac.Compiled.parse(compiled.to_json().encode(), "again")
    assert again == compiled
    assert qsac.run(again, "statevector") == result


def _model(kind: str, seed: int) -> Model:
    given_model = random_model(seed)
    given_model["attention"].pop("phases", None)
    return load(given_model | {"readout": _readout(kind, given_model, seed)})


@pytest.mark.parametrize(("seed", "kind"), some(product(seeds(24, one_of=2), KINDS), 5))
def test_generated_models(kind: str, seed: int) -> None:
    model = _model(kind, seed)
    for optimisation in (0, 1, 2) if seed % 4 == 0 else (2,):
        _check(model, "statevector", optimisation)


def test_generated_models_cover_what_a_model_can_be() -> None:
    generated = [_model("basis", seed) for seed in seeds(24, one_of=2)]
    assert {model.context for model in generated} >= {1, 2, 3, 5}
    assert {model.dimension for model in generated} == {2, 4, 8}
    assert {np.iscomplexobj(model.tokens) for model in generated} == {False, True}
    assert {np.count_nonzero(model.kernel) > 1 for model in generated} == {False, True}
    assert {model.mask for model in generated} == {"causal", "full"}
    positions = {(model.readout.position <= model.context, model.mask) for model in generated}  # type: ignore[union-attr]
    assert len(positions) == 4


@settings(max_examples=examples(90))
@given(given_model=models(max_context=5, max_dimension=4), kind=st.sampled_from(KINDS), seed=st.integers(0, 99))
def test_degenerate_models(given_model: dict[str, Any], kind: str, seed: int) -> None:
    given_model["attention"].pop("phases", None)
    model = load(given_model | {"readout": _readout(kind, given_model, seed)})
    (exact,) = model.readout.expected(model).values()
    assume(exact.given >= 1e-6 or not exact.given)  # else the definition's quotients are rounding
    _check(model, "statevector", 2)


def test_outcomes_that_no_token_reaches_take_no_gate_and_have_probability_zero() -> None:
    values = [[1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]]
    for readout in ({"type": "predict"}, {"type": "predict", "states": "tokens"}, {"type": "overlaps"}):
        model = load(ORTHOGONAL | {"tokens": {"type": "inline", "values": values}, "readout": readout})
        if readout["type"] == "predict":
            model = load(model.canonical | {"attention": ORTHOGONAL["attention"] | {"kernel": MONOMIAL}})
        for optimisation in (0, 1, 2):
            _check(model, "h1", optimisation)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("short_search")
def test_routed_on_a_device(kind: str) -> None:
    for seed in (1, 7, 10) if ALL else (7,):
        _check(_model(kind, seed), "ibm-fez", 2)


@pytest.mark.parametrize("kind", KINDS)
def test_programs_keep_the_rules_and_come_back_from_text(kind: str) -> None:
    for seed in seeds(12, one_of=4):
        program = build(_model(kind, seed))
        verify(program)
        assert parse_program(print_program(program)) == program
        assert all(op.origin.startswith("/") for op in program.ops)


MONOMIAL = {"type": "monomial", "degree": 1}
ORTHOGONAL: dict[str, Any] = {
    "qsac": 1,
    "tokens": {"type": "inline", "values": [[1, 0, 0], [0, 1, 0], [0, 0, 1]]},
    "attention": {
        "type": "overlap",
        "kernel": {"type": "polynomial", "coefficients": [1, -1]},
        "value": {"type": "identity"},
        "score": {"type": "identity"},
    },
}


def test_a_prediction_that_is_zero_is_null_and_says_why() -> None:
    # g(1) = 0: the first position attends to nothing but itself.
    model = load(ORTHOGONAL | {"readout": {"type": "predict", "position": 1, "states": "tokens"}})
    compiled = qsac.compile(model, "aer")
    exact = qsac.run(compiled, "statevector")
    assert exact.values["predictions"]["probabilities"] == [None] * 3
    assert exact.value_errors == {}
    assert exact.success_probability == 0
    assert exact.warnings == ("the predictions do not exist: the prediction z is zero, so no shot is accepted",)
    shots = qsac.run(compiled, shots=200)
    for found in (shots.values, shots.value_errors):
        assert found["predictions"]["probabilities"] == [None] * 3
    assert "none of 200 shots were accepted" in shots.warnings[0]
    for result in (exact, shots):
        RunResult.model_validate(result.to_dict())


def test_entries_without_a_shot_are_null() -> None:
    compiled = qsac.compile(_model("complex", 5), "statevector")
    result = qsac.run(compiled, shots=3)
    entries = [entry for part in ("re", "im") for row in result.values["overlaps"][part] for entry in row]
    assert len(entries) == 72
    assert 69 <= entries.count(None) < 72
    assert f"{entries.count(None)} of the overlaps' entries are not resolved" in result.warnings[0]
    RunResult.model_validate(result.to_dict())


def _deviations(result: qsac.Result, model: Model) -> NDArray[np.float64]:
    """How many standard errors each entry is away from the closed form."""
    name, content, _ = _reported(model.readout.closed_form(model))
    found, errors = result.values[name], result.value_errors[name]
    parts = [part for part in ("probabilities", "re", "im", "abs2") if part in content]
    assert list(errors) == parts
    away = []
    for part in parts:
        value, error, wanted = (np.array(each[part], dtype=float) for each in (found, errors, content))
        away.append(((value - wanted) / error)[~np.isnan(wanted)])
    return np.concatenate(away)


@pytest.mark.parametrize(("kind", "target"), [*product(KINDS, ["statevector"]), *product(some(KINDS, 3), ["aer"])])
def test_shots_agree_with_the_closed_form_within_their_errors(kind: str, target: str) -> None:
    model = _model(kind, 2)
    compiled = qsac.compile(model, target)
    result = qsac.run(compiled, shots=100_000 if target == "statevector" else 20_000, seed=5)
    assert np.max(np.abs(_deviations(result, model))) < 5
    assert qsac.run(compiled, shots=500, seed=1) == qsac.run(compiled, shots=500, seed=1)
    assert qsac.run(compiled, shots=500, seed=1) != qsac.run(compiled, shots=500, seed=2)
    RunResult.model_validate(result.to_dict())


@pytest.mark.parametrize("kind", ["basis", "states", "complex", "abs2"])
def test_standard_errors_are_the_spread_of_the_estimates(kind: str) -> None:
    model = _model(kind, 2)
    compiled = qsac.compile(model, "statevector")
    away = np.stack(
        [_deviations(qsac.run(compiled, shots=100_000, seed=seed), model) for seed in range(300 if ALL else 150)]
    )
    assert np.sqrt(np.mean(away**2)) == pytest.approx(1, abs=0.1)


def test_two_qubit_gates_stay_as_low_as_they_are() -> None:
    """The example model's tokens: complex, T = 8, d = 4, all-to-all."""
    tokens = {"type": "tfim", "sites": 2, "context": 8, "dt": 0.35, "coupling": 1.0, "field": 0.8, "initial": "haar"}
    attention = ORTHOGONAL["attention"] | {"kernel": MONOMIAL}
    most = {"loss": 112, "predict": 70, "complex": 60, "abs2": 58}
    for kind, gates in most.items():
        readout = {"type": "overlaps", "part": kind} if kind in ("complex", "abs2") else {"type": kind}
        model = {"qsac": 1, "tokens": tokens | {"seed": 10}, "attention": attention, "readout": readout}
        assert qsac.compile(model, "h1").stats["two_qubit_gates"] <= gates, kind


def test_an_index_that_the_circuit_measures_names_its_entries() -> None:
    circuit = qsac.compile(_model("complex", 5), "h1").circuits[0]
    assert circuit.name == "overlaps"
    (readout,) = circuit.readouts
    registers = [circuit.bits[bit][0] for bit in readout.index_bits]
    assert list(dict.fromkeys(registers)) == ["quadrature", "query", "key"]
    assert simulate(circuit).given == pytest.approx(1)
