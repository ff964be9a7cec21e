"""Four answers to every model agree: closed form, both levels of the interpreter, and the simulated native circuit."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray

from qsac.artifact.compiled import Compiled
from qsac.compiler import compilation as compiler
from qsac.emit.emit import emit
from qsac.families.outcomes import Outcomes
from qsac.families.qsa.metrics import METRIC_NAMES, closed_form, metrics_from_probabilities, prefix_loss
from qsac.families.qsa.model import Model
from qsac.families.reading import load
from qsac.ir.interpreter import interpret
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.lowering.lower import lower
from qsac.machine.registry import target
from qsac.native.circuit import KIND, NativeCircuit
from qsac.pipeline.contract import PassContext
from qsac.simulation.statevector import simulate
from tests.cases import examples, seeds, some
from tests.programs import build
from tests.strategies import models, random_model

VECTORS = sorted((Path(__file__).parent / "vectors").glob("*.json"))
MODELS = range(300)
TOLERANCE = 1e-9

Values = dict[str, float | None]


def _values(
    model: Model, zeta: float, metrics: dict[str, float], weights: NDArray[np.float64], overlaps: NDArray[np.float64]
) -> Values:
    """Every metric from what a circuit or program came to; without an index register there is one position only."""
    if model.context == 1:
        weights, overlaps = np.ones(1), np.array([metrics["token_fidelity"]])
    values, _ = metrics_from_probabilities(
        zeta=zeta,
        fidelity=metrics["fidelity"],
        token_fidelity=metrics["token_fidelity"],
        weight_share=weights[: model.context],
        overlap_share=overlaps[: model.context],
        context=model.context,
        pairs=model.pairs,
        prefix=prefix_loss(model),
    )
    return values


def _interpreted(model: Model, program: Program) -> Values:
    found = interpret(program)
    zeta = found.probabilities["fidelity"][0]
    weights, overlaps = (found.observed.get(name, np.zeros(0)) / (zeta or 1.0) for name in ("weights", "overlaps"))
    metrics = {name: both / (given or 1.0) for name, (given, both) in found.probabilities.items()}
    return _values(model, zeta, metrics, weights, overlaps)


def _simulated(model: Model, circuit: NativeCircuit) -> Values:
    found = simulate(circuit)
    metrics = {name: found.share(name) for name in found.success}
    return _values(model, found.given, metrics, *_shares(found))


def _shares(found: Outcomes) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The marginal and the joint probabilities of each value of the index, given the given bits; empty without one."""
    if found.index is None:
        return np.zeros(0), np.zeros(0)
    return found.index.marginal / (found.given or 1.0), found.index.joint / (found.given or 1.0)


def _assert_agree(found: Values, expected: Values, where: str) -> None:
    assert set(found) == set(expected) == set(METRIC_NAMES)
    for name, value in expected.items():
        if value is None:
            assert found[name] is None, f"{where}: {name}"
        else:
            assert found[name] == pytest.approx(value, abs=TOLERANCE, rel=TOLERANCE), f"{where}: {name}"


def _machine(model: Model) -> str:
    """The target of a model: h1, or a simulator of the same family where its 20 qubits are too few."""
    powers = 0 if np.count_nonzero(model.kernel) == 1 else model.degree
    return "h1" if 2 * model.index_qubits + model.data_qubits + powers <= 20 else "statevector"


def _check(model: Model, name: str, optimisation: int) -> Compiled:
    """Compile, and compare all four answers."""
    expected = closed_form(model).values
    blocks: list[Program] = []

    def keep(_stage: str, result: Program | NativeCircuit) -> None:
        if isinstance(result, Program) and result.level == "block":
            blocks.append(result)

    compiled = compiler.compile(model, name, optimisation=optimisation, verify=False, after=keep)
    where = f"{name} -O{optimisation}"
    _assert_agree(_interpreted(model, compiled.program), expected, f"attention level, {where}")
    _assert_agree(_interpreted(model, blocks[-1]), expected, f"block level, {where}")
    _assert_agree(_simulated(model, compiled.circuits[0]), expected, f"circuit, {where}")
    return compiled


def _levels(index: int) -> tuple[int, ...]:
    return (0, 1, 2) if index % 3 == 0 else (2,)


@pytest.mark.parametrize("index", range(len(VECTORS)), ids=[path.stem for path in VECTORS])
def test_vectors(index: int) -> None:
    vector: dict[str, Any] = json.loads(VECTORS[index].read_text())
    model = load(vector["model"])
    for optimisation in _levels(index):
        compiled = _check(model, _machine(model), optimisation)
        found = _simulated(model, compiled.circuits[0])
        for name, value in vector["expected"].items():
            assert found[name] == pytest.approx(value, abs=TOLERANCE, rel=TOLERANCE), name


@pytest.mark.parametrize("seed", seeds(300, one_of=31))
def test_generated_models(seed: int) -> None:
    model = load(random_model(seed))
    for optimisation in _levels(seed):
        _check(model, _machine(model), optimisation)


def test_generated_models_cover_what_a_model_can_be() -> None:
    generated = [load(random_model(seed)) for seed in MODELS]
    assert {model.context for model in generated} == set(range(1, 10))
    assert {model.dimension for model in generated} == {2, 4, 8}
    assert {model.degree for model in generated} >= {0, 1, 2, 3, 4}
    assert {model.mask for model in generated} == {"causal", "full"}
    kinds = {(type(model.value).__name__, type(model.score).__name__) for model in generated}
    assert len(kinds) == 9
    assert {np.iscomplexobj(model.tokens) for model in generated} == {False, True}
    assert {bool(np.any(model.phases)) for model in generated} == {False, True}


@settings(max_examples=examples(60))
@given(models())
def test_degenerate_models(given_model: dict[str, Any]) -> None:
    model = load(given_model)
    _check(model, _machine(model), 2)


# Small ones: routing takes most of the time, and what it must keep does not depend on the size.
ROUTED = (1, 2, 4, 7, 8, 9, 10, 11, 14, 16, 17, 19, 20, 21, 24, 25, 28, 31, 36, 39)


@pytest.mark.parametrize("seed", some(ROUTED, 7))
@pytest.mark.usefixtures("short_search")
def test_generated_models_routed_on_a_device(seed: int) -> None:
    compiled = _check(load(random_model(seed)), "ibm-fez", 2)
    circuit = compiled.circuits[0]
    edges = set(target("ibm-fez").coupling or ())
    two = circuit.kind == KIND["CZ"]
    assert circuit.two_qubit_gates == np.count_nonzero(two)
    for first, second in zip(circuit.first[two].tolist(), circuit.second[two].tolist(), strict=True):
        assert tuple(sorted((circuit.qubits[first][1], circuit.qubits[second][1]))) in edges
    for places in (circuit.initial_map, circuit.final_map):
        assert len(set(places)) == len(places) <= len(circuit.qubits)


UNEVEN = [seed for seed in MODELS if len(random_model(seed)["tokens"]["values"]) - 1 in (3, 5, 6, 7, 9)][:24]


@pytest.mark.parametrize("seed", some(UNEVEN, 5))
def test_branches_beyond_the_last_token_do_not_contribute(seed: int) -> None:
    model = load(random_model(seed))
    found = simulate(compiler.compile(model, "statevector", verify=False).circuits[0])
    for shares in _shares(found):
        assert len(shares) == 1 << model.index_qubits
        assert float(shares[model.context :].sum()) * found.given < 1e-20


@pytest.mark.parametrize("seed", some(UNEVEN, 5))
def test_rows_for_missing_tokens_do_not_matter(seed: int) -> None:
    """What the loaders do where no token is, is free: whole tables of noise there change no probability."""
    model = load(random_model(seed))
    program = build(model)
    rng = np.random.default_rng(seed)
    tables = dict(program.tables)
    for name in ("context", "targets"):
        rows = tables[name].values
        filler = rng.normal(size=((1 << model.index_qubits) - len(rows), rows.shape[1]))
        filler /= np.linalg.norm(filler, axis=1, keepdims=True)
        tables[name] = Table(np.concatenate((rows, filler)))
    filled = replace(program, tables=tables)
    context = PassContext(target("statevector"))
    plain, noisy = (emit(lower(one, context), context) for one in (program, filled))
    assert not np.array_equal(plain.angles, noisy.angles)
    before, after = simulate(plain), simulate(noisy)
    assert after.given == pytest.approx(before.given, abs=1e-13)
    for name in before.success:
        assert after.share(name) == pytest.approx(before.share(name), abs=1e-12)
    for one, other in zip(_shares(after), _shares(before), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)
    _assert_agree(_interpreted(model, filled), closed_form(model).values, "attention level, filled")
