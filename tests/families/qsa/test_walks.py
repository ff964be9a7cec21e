"""Kernels by a walk: three answers, what they take, and what has none."""

import copy
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.errors import InvalidInputError
from qsac.families.qsa.family import FAMILY
from qsac.families.reading import load
from qsac.simulation.verification import compare, of_circuit, of_program
from tests.cases import seeds

IDENTITY = {"type": "identity"}


def walked(coefficients: list[float], context: int = 4, dimension: int = 4, seed: int = 1, **fields: Any) -> Any:
    """Real tokens, and the kernel by a walk."""
    rows = np.random.default_rng(seed).normal(size=(context + 1, dimension))
    kernel = {"type": "polynomial", "coefficients": coefficients, "by": "qsvt"}
    attention = {"type": "overlap", "kernel": kernel, "value": IDENTITY, "score": IDENTITY} | fields
    readout = attention.pop("readout", {"type": "loss"})
    tokens = {"type": "inline", "values": rows.tolist()}
    return {"qsac": 1, "name": "walked", "tokens": tokens, "attention": attention, "readout": readout}


def orthogonal(rng: np.random.Generator, size: int) -> dict[str, Any]:
    matrix = np.linalg.qr(rng.normal(size=(size, size)))[0]
    return {"type": "matrix", "entries": np.stack((matrix, 0 * matrix), axis=-1).tolist()}


def generated(seed: int) -> Any:
    """One in two of both parities; the readouts, masks, forms of W and key shifts that there are."""
    rng = np.random.default_rng((17, seed))
    context, dimension = int(rng.integers(1, 7)), int(rng.integers(2, 6))
    coefficients = rng.normal(size=int(rng.integers(2, 8)))
    if rng.random() < 0.5:
        coefficients[len(coefficients) % 2 :: 2] = 0
    readout: Any = rng.choice(
        np.array([{"type": "loss"}, {"type": "predict"}, {"type": "predict", "states": "tokens"}])
    )
    fields: dict[str, Any] = {"mask": str(rng.choice(["causal", "full"])), "readout": dict(readout)}
    if rng.random() < 0.5:
        fields["score"] = orthogonal(rng, dimension)
    if rng.random() < 0.5:
        fields["value"] = {"type": "hardware-efficient", "layers": 1, "parameters": {"init": "normal", "seed": seed}}
    if rng.random() < 0.3:
        fields["phases"] = "optimal"
    given = walked(coefficients.tolist(), context, dimension, seed, **fields)
    if context > 2 and rng.random() < 0.3:
        attention = given["attention"]
        head = {name: attention.pop(name) for name in ("kernel", "value", "score")}
        attention["heads"] = [head | {"key_shift": 1, "weight": -0.7}]
    return given


def test_generated_models() -> None:
    """The closed form, the interpreted program and the simulated circuit; gates as the formula counts them."""
    mixed = 0
    for seed in seeds(100, one_of=14):
        model = load(generated(seed))
        expected = model.readout.expected(model)
        (step,) = FAMILY.plan(model).circuits
        mixed += "parity" in step.program.scope.sizes
        for name, one, other in compare(of_program(step.program), of_circuit(expected[step.name], 1.0)):
            assert one == pytest.approx(other, rel=1e-9, abs=1e-12), (seed, name)
        level = seed // 14 % 3
        compiled = qsac.compile(model, "h2", optimisation=level, verify=True)
        found, closed = qsac.run(compiled).metrics, model.readout.closed_form(model).metrics
        for name in {"loss", "success_probability"} & {name for name, value in closed.items() if value is not None}:
            assert found[name] == pytest.approx(closed[name], rel=1e-9), (seed, name)
    assert mixed >= 2


@pytest.mark.parametrize("coefficients", [[0.2, 0.0, -1.0, 0.0, 0.8], [0.1, 0.4, -0.3, 1.0]])
def test_what_walks_take(coefficients: list[float]) -> None:
    """Estimates of their own and another size count the circuits; bound templates are circuits of the numbers."""
    given = walked(coefficients, score=orthogonal(np.random.default_rng(3), 4))
    model = load(given)
    compiled = qsac.compile(model, "h2", verify=False)
    assert qsac.estimate(model, "h2").counts["two_qubit_gates"] == compiled.stats["two_qubit_gates"]
    other = walked(coefficients, context=7, dimension=6, score=orthogonal(np.random.default_rng(3), 6))
    larger = qsac.compile(load(other), "h2", verify=False)
    assert (
        qsac.estimate(model, "h2", context=7, dimension=6).counts["two_qubit_gates"] == larger.stats["two_qubit_gates"]
    )
    rows = np.random.default_rng(9).normal(size=(5, 4))
    bound = qsac.run(qsac.template(model, "h2").bind(tokens=rows))
    fresh = load(given | {"tokens": {"type": "inline", "values": rows.tolist()}})
    assert bound.metrics["loss"] == pytest.approx(fresh.readout.closed_form(fresh).metrics["loss"], abs=1e-9)


def test_a_walk_is_divided_by_what_the_kernel_is_at_most() -> None:
    """T_8: sum |c_p| is 577, and it is at most 1. Everything but the acceptance is the same by copies."""
    coefficients = np.polynomial.chebyshev.cheb2poly(np.eye(9)[8]).tolist()
    given = walked(coefficients)
    model, copies = load(given), copy.deepcopy(given)
    del copies["attention"]["kernel"]["by"]
    other = load(copies)
    assert other.lam == pytest.approx(577)
    assert model.lam == pytest.approx(1, rel=2e-4)
    one, another = (each.readout.closed_form(each).metrics for each in (model, other))
    assert one["loss"] == pytest.approx(another["loss"], rel=1e-9)
    growth = (other.lam / model.lam) ** 2
    assert one["success_probability"] == pytest.approx(growth * another["success_probability"], rel=1e-9)
    assert model.canonical["attention"]["kernel"]["by"] == "qsvt"
    assert "by" not in other.canonical["attention"]["kernel"]


COMPLEX = {"type": "matrix", "entries": [[[0, 1], [0, 0]], [[0, 0], [1, 0]]]}


def _complex_tokens() -> Any:
    given = walked([0.0, 1.0])
    given["tokens"]["values"] = [[[0.6, 0.0], [0.0, 0.8]], [[1.0, 0.0], [0.0, 0.0]]]
    return given


def _of_two_heads() -> Any:
    given = walked([0.0, 1.0], dimension=2)
    head = {name: given["attention"].pop(name) for name in ("kernel", "value", "score")}
    plain = head | {"kernel": {"type": "monomial", "degree": 1}}
    given["attention"]["heads"] = [plain | {"score": COMPLEX}, head | {"score": COMPLEX}]
    return given


@pytest.mark.parametrize(
    ("given", "code", "pointer"),
    [
        (_complex_tokens(), "kernel.complex-scores", "/attention/kernel/by"),
        (walked([0.0, 1.0], dimension=2, score=COMPLEX), "kernel.complex-scores", "/attention/kernel/by"),
        (_of_two_heads(), "kernel.complex-scores", "/attention/heads/1/kernel/by"),
        (
            walked(np.polynomial.chebyshev.cheb2poly(np.eye(41)[40]).tolist()),
            "kernel.no-walk",
            "/attention/kernel/by",
        ),
        (walked([0.0] * 65 + [1.0]), "capacity.degree-too-high", "/attention/kernel/coefficients"),
    ],
)
def test_what_has_no_walk(given: Any, code: str, pointer: str) -> None:
    with pytest.raises(qsac.errors.QsacError) as caught:
        load(given)
    assert (caught.value.code, caught.value.pointer) == (code, pointer)


def test_other_families_have_no_walks() -> None:
    kernel = {"type": "polynomial", "coefficients": [1.0, 1.0], "by": "qsvt"}
    tokens = {"type": "inline", "values": [[1.0, 0.2], [0.3, 1.0], [-0.9, 0.5]]}
    given = {"qsac": 1, "tokens": tokens, "program": {"type": "layers", "layers": [{"attention": {"kernel": kernel}}]}}
    with pytest.raises(InvalidInputError) as caught:
        load(given)
    assert (caught.value.code, caught.value.pointer) == (
        "kernel.not-by-walk",
        "/program/layers/0/attention/kernel/by",
    )


def test_a_constant_takes_no_walk() -> None:
    (step,) = FAMILY.plan(load(walked([2.0, 0.0]))).circuits
    assert not any(name in step.program.scope.sizes for name in ("real", "score[0]"))
