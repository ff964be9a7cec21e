"""Kernels by a walk in attention of several heads: three answers, what heads share, and what they take."""

from typing import Any

import numpy as np
import pytest
from numpy.polynomial import chebyshev

import qsac
from qsac.families.qsa.family import FAMILY
from qsac.families.qsa.joined import joined
from qsac.families.qsa.metrics import closed_form
from qsac.families.reading import load
from qsac.ir.attention import LoadTokens, LoadWhole, PhaseSignal, RotateDegree
from qsac.ir.program import Program
from qsac.simulation.statevector import simulate
from qsac.simulation.verification import compare, of_circuit, of_program
from tests.cases import seeds
from tests.families.qsa.drawn_heads import IDENTITY, heads_model
from tests.strategies import unitary_entries

TOLERANCE = 1e-9


def by_walk(coefficients: Any) -> dict[str, Any]:
    return {"type": "polynomial", "coefficients": np.asarray(coefficients).tolist(), "by": "qsvt"}


def bounded(order: int) -> Any:
    """The coefficients of T_k, whose absolute values sum to far more than the 1 that it is at most."""
    return chebyshev.cheb2poly(np.eye(order + 1)[order])


def generated(seed: int) -> Any:
    """A drawn model of heads on real tokens. Kernels of most heads are by a walk, of one parity or both, some of them
    the same up to a factor; W of the others may be complex."""
    rng = np.random.default_rng((71, seed))
    model = heads_model(1000 + seed)
    values = np.array(model["tokens"]["values"])
    model["tokens"]["values"] = (values[..., 0] if values.ndim == 3 else values).tolist()
    last = None
    for head in model["attention"]["heads"]:
        if rng.random() > 0.8:
            continue
        form = head["score"]
        if np.array(form.get("entries", [[[0, 0]]]))[..., 1].any() or "rz" in form.get("rotations", ()):
            head["score"] = IDENTITY
        coefficients = rng.normal(size=int(rng.integers(1, 7)))
        if rng.random() < 0.6:
            coefficients[len(coefficients) % 2 :: 2] = 0
        if rng.random() < 0.3 and last is not None:
            coefficients = -2 * last
        last = coefficients
        head["kernel"] = by_walk(coefficients)
    return model


def _program(model: Any) -> Program:
    (step,) = FAMILY.plan(load(model)).circuits
    return step.program


def _heads(count: int, *, seed: int = 0, dimension: int = 4, **fields: Any) -> list[dict[str, Any]]:
    """Heads whose V and W are generic and real."""
    rng = np.random.default_rng(seed)

    def matrix() -> dict[str, Any]:
        return {"type": "matrix", "entries": unitary_entries(rng, dimension, True)}

    return [{"value": matrix(), "score": matrix()} | fields for _ in range(count)]


def _model(heads: list[dict[str, Any]], context: int = 4, dimension: int = 4, **fields: Any) -> dict[str, Any]:
    rows = np.random.default_rng(context).normal(size=(context + 1, dimension))
    tokens = {"type": "inline", "values": rows.tolist()}
    return {"qsac": 1, "tokens": tokens, "attention": {"type": "overlap", "heads": heads}} | fields


def test_generated_models() -> None:
    """The closed form, the interpreted program, as built and as compiled, and the simulated circuit."""
    seen = dict.fromkeys(("several", "mixed", "beside copies", "by head"), 0)
    for seed in seeds(200, one_of=21):
        model = load(generated(seed))
        ((name, expected),) = model.readout.expected(model).items()
        program = _program(generated(seed))
        ops = program.ops
        walks = any(isinstance(op, PhaseSignal) for op in ops)
        seen["several"] += walks and "head" in program.scope.sizes
        seen["mixed"] += any(isinstance(op, RotateDegree) and op.degree == "parity" for op in ops)
        seen["beside copies"] += walks and "score[1]" in program.scope.sizes
        seen["by head"] += any(isinstance(op, PhaseSignal) and "head" in op.given for op in ops)
        made = qsac.compile(model, "h2", optimisation=seed // 21 % 4, verify=True)
        assert made.verified
        (growth,) = made.subnormalisations
        for found, share in (
            (of_program(program), program.subnormalisation),
            (of_program(made.programs[0]), growth),
            (simulate(made.circuits[0]), growth),
        ):
            for what, one, other in compare(found, of_circuit(expected, share)):
                assert one == pytest.approx(other, rel=1e-8, abs=1e-12), (seed, name, what)
    assert min(seen.values()) >= 2, seen


@pytest.mark.parametrize("readout", ["loss", "predict", "overlaps"])
def test_lambda_is_what_each_head_is_at_most(readout: str) -> None:
    """Two heads of T_8, one with a negative weight, and a third one that adds nothing."""
    heads = _heads(3)
    for head, weight in zip(heads, (1.0, -0.5, 0.0), strict=True):
        head |= {"kernel": by_walk(bounded(8)), "weight": weight}
    given = _model(heads, readout={"type": readout} | ({"head": 1} if readout == "overlaps" else {}))
    model = load(given)
    assert model.lam == pytest.approx(1.5, rel=2e-4)
    for head in heads:
        head["kernel"] = {name: field for name, field in head["kernel"].items() if name != "by"}
    said = dict(FAMILY.summary(model))["lambda"]
    assert said == "1.50015, the sum of the largest values of the kernels that a walk applies in 8 uses"
    copies = load(given)
    assert copies.lam == pytest.approx(1.5 * 577)
    made = qsac.compile(model, "h2", verify=True)
    assert made.verified
    if readout == "overlaps":
        return
    one, other = (each.readout.closed_form(each).success_probability for each in (model, copies))
    assert one == pytest.approx((copies.lam / model.lam) ** 2 * other, rel=1e-8)
    assert qsac.run(made).success_probability == pytest.approx(one, rel=1e-8)


def _loads(program: Program) -> list[Any]:
    return [op for op in program.ops if isinstance(op, LoadTokens | LoadWhole) and op.data == "score[0]"]


def test_heads_share_what_they_have_in_common() -> None:
    first, second = _heads(2)
    kernels = by_walk(bounded(6)), by_walk([0.1, 0, 0.9])
    # One kernel: its phases are not by the head. One W: neither are the loads.
    program = _program(_model([head | {"kernel": kernels[0]} for head in (first, second)]))
    assert {op.given for op in program.ops if isinstance(op, PhaseSignal)} == {()}
    assert {op.index for op in _loads(program)} == {("key", "head"), ("query",)}
    second["score"] = first["score"]
    program = _program(_model([first | {"kernel": kernels[0]}, second | {"kernel": kernels[1]}]))
    assert {op.given for op in program.ops if isinstance(op, PhaseSignal)} == {("head",)}
    assert {op.index for op in _loads(program)} == {("key",), ("query",)}
    assert len(_loads(program)) == 12
    # An even kernel and an odd one: the head says the parity.
    odd = by_walk([0, 0.3, 0, 0.7])
    for pair in ((kernels[1], odd), (odd, kernels[1]), (odd, {"type": "monomial", "degree": 1})):
        heads = [head | {"kernel": kernel} for head, kernel in zip((first, second), pair, strict=True)]
        program = _program(_model(heads))
        assert "parity" not in program.scope.sizes
        (last,) = (op for op in program.ops if isinstance(op, LoadTokens) and op.table == "ends")
        assert last.index == ("query", "head")
        assert program.tables["ends"].shape[0] == 8
    # All of one V and W: one head, whose kernel is the sum.
    second["value"] = first["value"]
    program = _program(_model([first | {"kernel": kernels[0]}, second | {"kernel": {"type": "monomial", "degree": 1}}]))
    assert "head" not in program.scope.sizes
    assert {op.given for op in program.ops if isinstance(op, PhaseSignal)} == {("parity",)}


def test_heads_whose_sum_has_no_walk_stay_apart() -> None:
    """T_18 sums to 3.9 10^6, and is all that is left."""
    (first,) = _heads(1)
    kernel = bounded(18)
    kernel[2] += 100
    heads = [first | {"kernel": by_walk(kernel)}, first | {"kernel": by_walk([0, 0, -100.0])}]
    model = load(_model(heads, context=3))
    assert len(joined(model, 3).heads) == 2
    made = qsac.compile(model, "h2", verify=True)
    assert made.verified
    assert qsac.run(made).metrics["loss"] == pytest.approx(closed_form(model)["loss"], abs=1e-6)


@pytest.mark.parametrize("second", [by_walk([0.2, 0.3, -0.4, 0.5]), {"type": "monomial", "degree": 2}])
def test_sizes_and_bindings(second: dict[str, Any]) -> None:
    """Estimates count the circuits, of other sizes too; bound templates are circuits of the numbers."""
    heads = _heads(2)
    for head, kernel, shift in zip(heads, (by_walk([0.2, 0, -1.0, 0, 0.8]), second), (1, 0), strict=True):
        head |= {"kernel": kernel, "key_shift": shift}
    model = load(_model(heads))
    own = qsac.compile(model, "h2", verify=False)
    assert qsac.estimate(model, "h2").counts["two_qubit_gates"] == own.stats["two_qubit_gates"]
    larger = _heads(2, dimension=3)
    for head, other in zip(larger, heads, strict=True):
        head |= {name: other[name] for name in ("kernel", "key_shift")}
    found = qsac.estimate(model, "h2", context=5, dimension=3)
    compiled = qsac.compile(_model(larger, 5, 3), "h2", verify=False)
    assert found.counts["two_qubit_gates"] == compiled.stats["two_qubit_gates"]
    rng = np.random.default_rng(9)
    turned = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    bound = qsac.template(model, "h2").bind(tokens=rng.normal(size=(5, 4)), parameters={"heads.1.score": turned})
    fresh = bound.model.readout.closed_form(bound.model)
    assert qsac.run(bound).metrics["loss"] == pytest.approx(fresh.metrics["loss"], abs=1e-9)


def test_kernels_by_a_walk_are_kept_in_training() -> None:
    """Their heads' weights are learned instead."""
    first, second = _heads(2)
    kernel = {"type": "polynomial", "coefficients": [0.5, 1.0]}
    shapes = FAMILY.learner_of(
        load(_model([first | {"kernel": by_walk([0.1, 1])}, second | {"kernel": kernel}]))
    ).outline.shapes
    assert "heads.0.weight" in shapes
    assert "heads.0.kernel" not in shapes
    assert "heads.1.kernel" in shapes


@pytest.mark.parametrize("readout", ["loss", "predict"])
def test_tables_hold_what_is_of_one_token(readout: str) -> None:
    """Another token changes its own rows, and neither those of other tokens nor phases: no score is worked out."""
    kernels = (by_walk([0.2, 0.3, *bounded(order)[2:]]) for order in (4, 6))
    heads = [head | {"kernel": kernel} for head, kernel in zip(_heads(2), kernels, strict=True)]
    given = _model(heads, readout={"type": readout})
    before = _program(given)
    given["tokens"]["values"][2] = [0.3, -1.0, 0.2, 0.8]
    after = _program(given)
    assert before.ops == after.ops
    rows = {
        name: np.flatnonzero(np.any(table.values != after.tables[name].values, axis=1)).tolist()
        for name, table in before.tables.items()
    }
    # By key and head; by key, parity and head: of queries the token's own row in place of all.
    assert rows["walked-keys"] == [4, 5]
    if readout == "loss":
        assert rows["walked-queries"] == [2]
        assert rows["ends"] == [8, 9, 10, 11]
    else:
        assert rows["walked-queries"] == []
        assert rows["ends"] == [8, 9]
