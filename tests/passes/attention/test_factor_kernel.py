"""Kernels as products of factors: the same metrics, the success probability that lambda says."""

from itertools import product
from math import prod, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qsac
from qsac.artifact.compiled import Compiled
from qsac.errors import InvalidInputError
from qsac.families.qsa.metrics import closed_form
from qsac.families.reading import load
from qsac.ir.attention import LoadTokens, PhaseTable, PrepareDegree, RotateDegree
from qsac.ir.interpreter import interpret
from qsac.ir.parser import parse_program
from qsac.ir.printer import print_program
from qsac.ir.verifier import verify
from qsac.machine.registry import target
from qsac.passes.attention._factors import factorised
from qsac.passes.attention.factor_kernel import FactorKernel
from qsac.passes.attention.stage_degree import StageDegree
from qsac.pipeline.contract import PassContext
from qsac.pipeline.registry import default_pipeline
from tests.cases import some
from tests.passes.attention.test_prune_loaders import ANSATZ, IDENTITY, model
from tests.programs import build
from tests.shares import Share
from tests.strategies import models

TOKENS = np.random.default_rng(4).normal(size=(6, 4)).tolist()
LINEAR = (
    "factor-kernel{linear=true},stage-degree,select-indices,fold-unitaries,drop-controls,merge-diagonals,"
    "merge-rotations"
)


def polynomial(*coefficients: float, **attention: Any) -> dict[str, Any]:
    return model(TOKENS, kernel={"type": "polynomial", "coefficients": list(coefficients)}, **attention)


def softmax(degree: int, dimension: int = 16) -> list[float]:
    from math import factorial

    return [sqrt(dimension) ** p / factorial(p) for p in range(degree + 1)]


def expanded(factors: Any) -> np.ndarray[Any, Any]:
    found = np.array([0.0] * factors.zeros + [1.0], dtype=complex)
    for factor in factors.factors:
        found = np.convolve(found, factor)
    return found


NUMBERS = st.integers(-4, 4).map(float) | st.floats(-2, 2, width=32)
COEFFICIENTS = st.builds(
    lambda lower, sign, leading: [*lower, sign * leading],
    st.lists(NUMBERS, min_size=1, max_size=7),
    st.sampled_from([1.0, -1.0]),
    st.integers(1, 4).map(float) | st.floats(2**-10, 2, width=32),
)


def test_factors_multiply_to_the_polynomial() -> None:
    # Not where rounding forbids it: coefficients of very different sizes, or clustered roots.
    with Share(0.8) as share:

        @settings(max_examples=150)
        @given(COEFFICIENTS, st.sampled_from([1e-9, 1e-3, 0.1, 10.0]), st.booleans())
        def holds(coefficients: list[float], price: float, linear: bool) -> None:
            found = factorised(coefficients, price, linear=linear)
            if share.saw(found is not None and bool(found.factors)):
                _assert_is_the_product(found, coefficients, linear)
            elif found is not None:
                np.testing.assert_allclose(expanded(found) * coefficients[-1], coefficients, atol=1e-15)
            else:
                assert len(coefficients) > 2

        holds()


def _assert_is_the_product(found: Any, coefficients: list[float], linear: bool) -> None:
    lam = sum(map(abs, coefficients))
    np.testing.assert_allclose(expanded(found), coefficients, atol=2e-12 * lam)
    assert sum(len(factor) - 1 for factor in found.factors) + found.zeros == len(coefficients) - 1
    assert found.lam >= lam * (1 - 1e-10)
    if linear:
        assert all(len(factor) == 2 for factor in found.factors)
    else:
        assert all(np.isrealobj(np.asarray(factor)) or len(factor) == 2 for factor in found.factors)


@pytest.mark.parametrize(("degree", "ratio"), [(2, 1.13), (3, 1.39), (6, 3.4), (8, 6.4)])
def test_one_factor_a_root_costs_what_the_algorithm_says(degree: int, ratio: float) -> None:
    coefficients = softmax(degree)
    found = factorised(coefficients, 1e-3, linear=True)
    assert found is not None
    assert found.lam / sum(coefficients) == pytest.approx(ratio, rel=0.02)


@pytest.mark.parametrize(("degree", "factors"), [(2, 1), (3, 2), (4, 2)])
def test_a_truncated_exponential_is_a_product_for_nothing(degree: int, factors: int) -> None:
    """Its factors have positive coefficients, so that lambda, the value at 1, is that of the product."""
    coefficients = softmax(degree)
    found = factorised(coefficients, 1e-9)
    assert found is not None
    assert len(found.factors) == factors
    assert found.lam == pytest.approx(sum(coefficients), rel=1e-12)


def test_more_atoms_than_are_compared_exhaustively() -> None:
    """1 + s + .. + s^22 has eleven pairs of roots, on the unit circle."""
    coefficients = [1.0] * 23
    found = factorised(coefficients, 1e-6)
    assert found is not None
    assert found.lam == pytest.approx(23, rel=1e-9)
    np.testing.assert_allclose(expanded(found), coefficients, atol=1e-10)
    dear = factorised(coefficients, 10.0)
    assert dear is not None
    assert len(dear.factors) > len(found.factors)


KERNELS = [
    (1.0, 1.0),
    (1.0, 2.0, 1.0),
    (0.0, 0.0, 1.0, 1.0),
    (0.0, 1.0, -3.0, 2.0),
    (1.0, 0.0, 1.0),
    (-1.0, 0.5, 0.25, 1.0),
    (0.5, -1.0, 0.5, 2.0, -0.25),
    (1.0, 3.0, 3.0, 1.0),
]


@pytest.mark.parametrize(
    ("coefficients", "passes", "score"), some(product(KERNELS, [None, LINEAR], [IDENTITY, ANSATZ]), 3)
)
def test_circuits_agree_with_the_closed_form(coefficients: tuple[float, ...], passes: str | None, score: Any) -> None:
    source = polynomial(*coefficients, score=score, phases=[0.3, 0.1, -1.0, 2.0, 0.5])
    found = qsac.compile(source, "h1", passes=passes, verify=True)
    exact = closed_form(found.model)
    result = qsac.run(found, "statevector")
    for metric, value in exact.values.items():
        if metric != "success_probability" and value is None:
            assert result.metrics[metric] is None
        elif metric != "success_probability":
            assert result.metrics[metric] == pytest.approx(value, rel=1e-9, abs=1e-12), metric
    ratio = found.stats["lam"] / found.model.lam
    assert result.success_probability == pytest.approx(exact["zeta"] / ratio**2, rel=1e-9)
    assert ratio >= 1
    again = Compiled.parse(found.to_json().encode(), "artifact")
    assert qsac.run(again, "statevector").metrics == result.metrics


def test_generated_models() -> None:
    # 45% of many; of 40 that are drawn one from another sometimes only 20%.
    with Share(0.1) as share:

        @settings(max_examples=40)
        @given(models(), COEFFICIENTS.filter(lambda found: len(found) < 6), st.booleans())
        def holds(source: dict[str, Any], coefficients: list[float], linear: bool) -> None:
            kernel = {"type": "polynomial", "coefficients": coefficients}
            program = build(load(source | {"attention": source["attention"] | {"kernel": kernel}}))
            after = FactorKernel(linear=linear).apply(program, PassContext(target("h1")))
            share.saw(after != program)
            verify(after)
            assert parse_program(print_program(after)) == after
            staged = StageDegree().apply(after, PassContext(target("h1")))
            verify(staged)
            assert not any(isinstance(op, PrepareDegree) for op in staged.ops)
            expected = interpret(program)
            for found in (interpret(after), interpret(staged)):
                for metric, pair in expected.probabilities.items():
                    scaled = [value / after.subnormalisation**2 for value in pair]
                    assert found.probabilities[metric] == pytest.approx(scaled, abs=1e-11)
                for quantity, values in expected.observed.items():
                    np.testing.assert_allclose(found.observed[quantity], values / after.subnormalisation**2, atol=1e-11)

        holds()


def test_a_root_at_zero_takes_no_power_register() -> None:
    source = polynomial(0.0, 0.0, 1.0, 1.0)
    found = qsac.compile(source, "h1")
    unary = qsac.compile(source, "h1", passes=without_factors("merge-degrees"))
    assert sum(isinstance(op, LoadTokens) and op.data.startswith("score") for op in found.program.ops) == 6
    assert len({op.degree for op in found.program.ops if isinstance(op, RotateDegree)}) == 1
    assert found.stats["lam"] == found.model.lam
    assert found.stats["two_qubit_gates"] < 0.9 * unary.stats["two_qubit_gates"]


def without_factors(*others: str) -> str:
    return ",".join(step.name for step in default_pipeline(2) if step.name not in ("factor-kernel", *others))


def test_it_is_chosen_by_cost() -> None:
    """(1 + s)^2 has real roots of one sign: two gates fewer, the same shots. 1 + s^2 would take four times as many."""
    better, worse = polynomial(1.0, 2.0, 1.0), polynomial(1.0, 0.0, 1.0)
    found = qsac.compile(better, "h1")
    assert found.stats["lam"] == found.model.lam
    unary = qsac.compile(better, "h1", passes=without_factors())
    assert found.stats["two_qubit_gates"] == unary.stats["two_qubit_gates"] - 2
    assert found.stats["qubits"] <= unary.stats["qubits"]
    left = qsac.compile(worse, "h1")
    assert left.ir == qsac.compile(worse, "h1", passes=without_factors()).ir
    forced = qsac.compile(worse, "h1", passes=LINEAR)
    assert forced.stats["lam"] == pytest.approx(2 * forced.model.lam)
    # The registers of s^2 never part, so that the unary form takes no more gates.
    assert forced.stats["two_qubit_gates"] == left.stats["two_qubit_gates"]
    assert any(isinstance(op, PhaseTable) and op.index.startswith("degree") for op in forced.program.ops)


def test_shots_are_told_what_they_are() -> None:
    found = qsac.compile(polynomial(1.0, 0.0, 1.0), "statevector", passes=LINEAR)
    result = qsac.run(found, shots=400_000, seed=3)
    exact = closed_form(found.model)
    for metric in ("zeta", "nu", "mu", "fidelity"):
        assert result.metrics[metric] == pytest.approx(exact[metric], abs=6 * result.standard_errors[metric])
    assert result.success_probability == pytest.approx(exact["zeta"] / 4, rel=0.05)


def test_any_degree_runs_on_the_same_qubits() -> None:
    widths = {
        degree: qsac.compile(polynomial(*softmax(degree)), "h1", passes=LINEAR, verify=False).stats["qubits"]
        for degree in (2, 3, 5)
    }
    assert set(widths.values()) == {2 * 3 + 2 + 1}


def test_a_program_without_copies_that_are_alike_is_left_alone() -> None:
    program = build(load(polynomial(1.0, 2.0, 1.0)))
    other = [
        LoadTokens(op.data, op.index, "targets", op.inverse, op.when)
        if isinstance(op, LoadTokens) and op.data == "score[1]" and not op.inverse
        else op
        for op in program.ops
    ]
    changed = program.with_ops(other)
    verify(changed)
    assert FactorKernel(linear=True).apply(changed, PassContext(target("h1"))) == changed


def test_the_normalisation_is_written_and_read() -> None:
    program = FactorKernel(linear=True).apply(build(load(polynomial(1.0, 0.0, 1.0))), PassContext(target("h1")))
    text = print_program(program)
    assert program.subnormalisation == pytest.approx(2)
    assert "\nsubnormalisation " in text
    assert parse_program(text) == program
    line = next(line for line in text.splitlines() if line.startswith("subnormalisation"))
    for wrong in ("subnormalisation 0", "subnormalisation -1", "subnormalisation x", f"{line}\n{line}"):
        with pytest.raises(InvalidInputError):
            parse_program(text.replace(line, wrong))
    assert prod([program.subnormalisation]) > 1
