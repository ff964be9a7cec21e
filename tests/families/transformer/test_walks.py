"""Kernels by a walk in transformers of one layer: three answers, what they take, and what has none."""

import copy
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.errors import InvalidInputError
from qsac.families.reading import load
from qsac.ir.attention import PhaseSignal
from qsac.simulation.verification import compare, of_circuit, of_program
from tests.cases import seeds


def walked(seed: int, coefficients: list[float], **layer: Any) -> Any:
    """Real tokens, a kernel by a walk, and the first and the last position."""
    rng = np.random.default_rng((23, seed))
    tokens, dimension = layer.pop("tokens", 4), layer.pop("dimension", 3)
    names = ("query", "key", "value", "output")
    square = (dimension, dimension)
    heads = [{name: rng.normal(size=square).tolist() for name in names} for _ in range(layer.pop("heads", 1))]
    attention = {"kernel": {"type": "polynomial", "coefficients": coefficients, "by": "qsvt"}, "heads": heads}
    fed = layer.pop("fed", None)
    if fed == "gated":
        factors = [{"matrix": rng.normal(size=square).tolist(), "bias": rng.normal(size=dimension).tolist()}] * 2
        layer["feed_forward"] = {"type": "gated", "factors": factors}
    if fed == "polynomial":
        layer["feed_forward"] = {"type": "polynomial", "coefficients": [0, 0.5, 0.35]}
    return {
        "qsac": 1,
        "name": "walked",
        "tokens": {"type": "inline", "values": rng.normal(size=(tokens, dimension)).tolist()},
        "transformer": {"normalise": bool(rng.random() < 0.7), "layers": [{"attention": attention, **layer}]},
        "readout": {
            "type": "next-token",
            "vocabulary": rng.normal(size=(3, dimension)).tolist(),
            "positions": sorted({1, tokens}),
        },
    }


def generated(seed: int) -> Any:
    """Heads with and without the residual, which has a row of its own; copies of a polynomial, which are gated."""
    rng = np.random.default_rng((29, seed))
    coefficients = rng.normal(size=int(rng.integers(3, 7)))
    if rng.random() < 0.4:
        coefficients[len(coefficients) % 2 :: 2] = 0
    if np.count_nonzero(coefficients) < 2:
        coefficients[len(coefficients) % 2 - 1] = 0.3
    fed = str(rng.choice(["", "gated", "polynomial"]))
    residual = [[0, 1], [0.5, 0.5], [1, -1]][int(rng.integers(3))]
    sizes = {"tokens": int(rng.integers(1, 6)), "dimension": int(rng.integers(2, 5)), "heads": int(rng.integers(1, 4))}
    if fed == "polynomial":
        sizes = {"tokens": 3, "dimension": 2, "heads": int(rng.integers(1, 3))}
    return walked(seed, coefficients.tolist(), residual=residual, fed=fed, **sizes)


def at_once(given: Any, seed: int = 0) -> Any:
    """The same read at all positions at once."""
    targets = np.random.default_rng((37, seed)).normal(size=np.shape(given["tokens"]["values"]))
    return given | {"readout": {"type": "state-fidelity", "targets": targets.tolist()}}


def generated_at_once(seed: int) -> Any:
    """With both masks, norms and rotary positions."""
    rng = np.random.default_rng((31, seed))
    given = at_once(generated(seed), seed)
    tokens, dimension = np.shape(given["tokens"]["values"])
    layer = given["transformer"]["layers"][0]
    layer["attention"]["mask"] = str(rng.choice(["causal", "full"]))
    layer["norm"] = ["none", "centre", {"scale": rng.uniform(0.5, 1.5, tokens).tolist()}][int(rng.integers(3))]
    if dimension % 2 == 0 and rng.random() < 0.5:
        given["transformer"]["position"] = {"type": "rotary"}
    return given


def test_generated_models() -> None:
    gated = 0
    for seed in seeds(100, one_of=34):
        model = load(generated(seed))
        expected = model.readout.expected(model)
        for step in model.plan.circuits:
            program = step.program
            gated += any(op.name == "phase-signal" and len(op.given) > ("parity[0]" in op.given) for op in program.ops)
            assert "score[0]" in program.scope.sizes
            wanted = of_circuit(expected[step.name], program.subnormalisation)
            for name, one, other in compare(of_program(program), wanted):
                assert one == pytest.approx(other, rel=1e-8, abs=1e-12), (seed, name)
        compiled = qsac.compile(model, "h2", optimisation=seed // 34 % 3, verify=True)
        found, closed = qsac.run(compiled).values, model.readout.closed_form(model).values
        for one, other in zip(found["predictions"], closed["predictions"], strict=True):
            if other["success_probability"] > 1e-20:
                assert one["probabilities"] == pytest.approx(other["probabilities"], abs=1e-8), seed
    assert gated


def test_generated_models_at_once() -> None:
    """The closed form, the interpreted program and the simulated circuit. Rows of tables are keys and queries alone, by
    the head, the key and the position."""
    seen = dict.fromkeys(("branch", "by parity", "of one parity", "selected"), 0)
    for seed in seeds(100, one_of=9):
        model = load(generated_at_once(seed))
        expected = model.readout.expected(model)
        (step,) = model.plan.circuits
        program = step.program
        phases = [op for op in program.ops if op.name == "phase-signal"]
        assert phases, seed
        indices = {register.partition("[")[0] for op in program.ops if op.name == "load-whole" for register in op.index}
        assert indices <= {"head", "key", "query"}, seed
        seen["branch"] += any("branch[0]" in op.given for op in phases)
        seen["by parity"] += any("parity[0]" in op.given for op in phases)
        seen["of one parity"] += "query[0]" in program.scope.sizes and "parity[0]" not in program.scope.sizes
        seen["selected"] += any(op.name == "select-index" and op.degree == "branch[0]" for op in program.ops)
        wanted = of_circuit(expected[step.name], program.subnormalisation)
        for name, one, other in compare(of_program(program), wanted):
            assert one == pytest.approx(other, rel=1e-8, abs=1e-14), (seed, name)
        if sum(program.scope.sizes.values()) < 16:
            compiled = qsac.compile(model, "h2", optimisation=seed // 9 % 4, verify=True)
            assert compiled.verified, seed
            found, closed = qsac.run(compiled).metrics, model.readout.closed_form(model).metrics
            assert found["fidelity"] == pytest.approx(closed["fidelity"], rel=1e-8), seed
    assert min(seen.values()) >= 1, seen


@pytest.mark.parametrize("coefficients", [[0.3, 0.2, -1.0], [0.0, 0.2, 0.0, -1.0]])
def test_sizes_and_bindings_at_once(coefficients: list[float]) -> None:
    given, larger = (
        at_once(walked(1, coefficients, heads=2, residual=[0.5, 0.5], **sizes))
        for sizes in ({}, {"tokens": 6, "dimension": 4})
    )
    larger["transformer"]["normalise"] = given["transformer"]["normalise"]
    model = load(given)
    own = qsac.compile(model, "h2", verify=False)
    assert qsac.estimate(model, "h2").counts["two_qubit_gates"] == own.stats["two_qubit_gates"]
    compiled = qsac.compile(load(larger), "h2", verify=False)
    found = qsac.estimate(model, "h2", context=6, dimension=4)
    # Of both parities there are two selections, which share gates as numbers have it.
    assert found.exact is not all(coefficients)
    assert found.counts["two_qubit_gates"] == pytest.approx(
        compiled.stats["two_qubit_gates"], abs=0 if found.exact else 2
    )
    rows = 3 * np.random.default_rng(9).normal(size=(4, 3))
    fresh = load(given | {"tokens": {"type": "inline", "values": rows.tolist()}})
    bound = qsac.run(qsac.template(model, "h2").bind(tokens=rows))
    assert bound.metrics["loss"] == pytest.approx(fresh.readout.closed_form(fresh).metrics["loss"], abs=1e-9)


def test_tables_at_once_hold_what_is_of_one_token() -> None:
    """Another token of the same length changes its own rows, and neither those of other tokens nor phases."""
    given = at_once(walked(1, [0.3, 0.2, -1.0], heads=2, residual=[0.5, 0.5]))
    given["transformer"]["normalise"] = True
    for head in given["transformer"]["layers"][0]["attention"]["heads"]:
        head |= {name: np.linalg.qr(head[name])[0].tolist() for name in ("query", "key", "value", "output")}
    first, second = copy.deepcopy(given), given
    second["tokens"]["values"][2] = [0.3, -1.0, 0.2]
    before, after = (load(each).plan.circuits[0].program for each in (first, second))
    phases = [[op.angles for op in one.ops if isinstance(op, PhaseSignal)] for one in (before, after)]
    assert np.ravel(phases[0]) == pytest.approx(np.ravel(phases[1]), abs=1e-9)
    for name, rows in (("keys-0-0", {2, 6}), ("queries-0-0", {2, 6}), ("ends-0", {4, 5, 12, 13})):
        changed = np.abs(before.tables[name].values - after.tables[name].values).max(axis=1) > 1e-12
        assert set(np.flatnonzero(changed).tolist()) == rows, name


def test_queries_that_are_zero_take_no_walk() -> None:
    given = at_once(walked(3, [0.5, 0.0, -1.0]))
    head = given["transformer"]["layers"][0]["attention"]["heads"][0]
    head["query"] = np.zeros((3, 3)).tolist()
    model = load(given)
    compiled = qsac.compile(model, "h2", verify=True)
    assert compiled.verified
    assert not any(op.name == "phase-signal" for op in compiled.programs[0].ops)


def test_sizes_and_bindings() -> None:
    """Estimates count the circuits; phases follow the lengths of what is bound."""
    coefficients = [0.3, 0.2, -1.0]
    given = walked(1, coefficients, heads=2, residual=[0.5, 0.5])
    model = load(given)
    own = qsac.compile(model, "h2", verify=False)
    assert qsac.estimate(model, "h2").counts["two_qubit_gates"] == own.stats["two_qubit_gates"]
    larger = walked(2, coefficients, heads=2, residual=[0.5, 0.5], tokens=6, dimension=4)
    for each in (given, larger):
        each["readout"]["positions"] = "last"
        each["transformer"]["normalise"] = True
    compiled = qsac.compile(load(larger), "h2", verify=False)
    found = qsac.estimate(load(given), "h2", context=6, dimension=4)
    assert found.counts["two_qubit_gates"] == compiled.stats["two_qubit_gates"]
    rows = 3 * np.random.default_rng(9).normal(size=(4, 3))
    fresh = load(given | {"tokens": {"type": "inline", "values": rows.tolist()}})
    bound = qsac.run(qsac.template(load(given), "h2").bind(tokens=rows)).values["predictions"]
    for one, other in zip(bound, fresh.readout.closed_form(fresh).values["predictions"], strict=True):
        assert one["probabilities"] == pytest.approx(other["probabilities"], abs=1e-9)


def test_what_is_accepted() -> None:
    """T_6: sum |c_p| is 99, and it is at most 1."""
    coefficients = np.polynomial.chebyshev.cheb2poly(np.eye(7)[6]).tolist()
    given = walked(5, coefficients)
    given["transformer"]["normalise"] = True
    copies = copy.deepcopy(given)
    del copies["transformer"]["layers"][0]["attention"]["kernel"]["by"]
    one, other = (qsac.run(qsac.compile(load(each), "h2")) for each in (given, copies))
    assert one.metrics["success_probability"] > 1.3 * other.metrics["success_probability"]
    for mine, its in zip(one.values["predictions"], other.values["predictions"], strict=True):
        assert mine["probabilities"] == pytest.approx(its["probabilities"], abs=1e-8)


def _two_layers() -> Any:
    given = walked(1, [0.3, 1.0])
    given["transformer"]["layers"] *= 2
    return given


def _complex_tokens() -> Any:
    given = walked(1, [0.3, 1.0])
    given["tokens"]["values"] = np.random.default_rng(1).normal(size=(4, 3, 2)).tolist()
    return given


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (_two_layers(), "kernel.not-by-walk"),
        (at_once(_two_layers()), "kernel.not-by-walk"),
        (_complex_tokens(), "kernel.complex-scores"),
        (walked(1, np.polynomial.chebyshev.cheb2poly(np.eye(41)[40]).tolist()), "kernel.no-walk"),
    ],
)
def test_what_has_no_walk(given: Any, code: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        load(given)
    assert (caught.value.code, caught.value.pointer) == (code, "/transformer/layers/0/attention/kernel/by")
