"""The error budget as a whole: what is chosen when it is left to the compiler, and that exact is the default."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest

import qsac
from qsac.compiler.budget import AUTOMATIC_BUDGETS, quality, total
from qsac.errors import InvalidInputError
from qsac.families.qsa.metrics import closed_form
from qsac.machine.registry import target
from tests.cases import some
from tests.passes.attention.test_prune_loaders import SOFTMAX, model, smooth
from tests.strategies import random_model

SMOOTH = model(smooth(3, 16, 2, 0.02, True))


def test_quality() -> None:
    assert quality(0.5, 0.0, 0.0) == 0.5
    assert quality(0.5, 0.01, 0.1) == pytest.approx(0.45)
    assert quality(0.5, 0.2, 0.1) == 0
    assert quality(0.5, 1e-9, 0.0) == 0
    assert total([]) == 0
    assert total([0.01, 0.04]) == pytest.approx(0.09)


@pytest.mark.parametrize("kernel", some([{"type": "monomial", "degree": 1}, SOFTMAX], 2))
def test_the_best_quality_is_taken(kernel: dict[str, object]) -> None:
    source = SMOOTH | {"attention": SMOOTH["attention"] | {"kernel": kernel}}
    found = qsac.compile(source, "h1", optimisation=3, error_budget="auto")
    report = found.stats["error_budget"]
    exact = closed_form(found.model)
    success = exact["zeta"] * exact["fidelity"]
    assert [one["budget"] for one in report["tried"]] == sorted({one["budget"] for one in report["tried"]})
    assert {one["budget"] for one in report["tried"]} <= {0.0, *AUTOMATIC_BUDGETS}
    best = max(report["tried"], key=lambda one: one["quality"])
    assert report["budget"] == best["budget"] > 0
    assert found.stats["two_qubit_gates"] == best["two_qubit_gates"] < report["tried"][0]["two_qubit_gates"]
    assert best["quality"] == pytest.approx(
        found.stats["error_free_probability"] * (1 - total(report["spent"].values()) / success)
    )
    assert found.options["error_budget"] == "auto"
    given = qsac.compile(source, "h1", optimisation=3, error_budget=report["budget"])
    assert given.circuits[0].two_qubit_gates == found.circuits[0].two_qubit_gates
    assert given.ir == found.ir


def test_a_perfect_machine_gets_the_exact_circuit() -> None:
    exact = qsac.compile(SMOOTH, "statevector", optimisation=3)
    found = qsac.compile(SMOOTH, "statevector", optimisation=3, error_budget="auto")
    assert found.stats["error_budget"] == {"budget": 0.0, "spent": {}, "tried": []}
    assert found.ir == exact.ir


def test_the_worse_the_gates_the_larger_the_budget() -> None:
    machine = target("h1")
    assert machine.errors is not None
    budgets = []
    for factor in (1e-6, 0.01, 1.0, 20.0):
        rates = machine.errors
        scaled = {name: getattr(rates, name) * factor for name in ("one_qubit", "two_qubit", "memory")}
        worse = replace(machine, errors=replace(rates, **scaled))
        budgets.append(qsac.compile(SMOOTH, worse, optimisation=3, error_budget="auto").stats["error_budget"]["budget"])
    assert budgets == sorted(budgets)
    assert budgets[0] < budgets[-1]


def test_a_model_without_a_loss_is_compiled_exactly() -> None:
    """The target is orthogonal to what is predicted: zeta F = 0, and any error could be all that is seen."""
    values = np.pad(smooth(3, 8, 4, 0.1, True), ((0, 0), (0, 4))).tolist()
    moved = np.roll(np.eye(8), 4, axis=0)
    value = {"type": "matrix", "entries": np.stack((moved, 0 * moved), axis=-1).tolist()}
    source = model(values, value=value)
    assert closed_form(qsac.load(source))["fidelity"] == 0
    assert qsac.compile(source, "h1", optimisation=3, error_budget=0.1).stats["error_budget"]["spent"]
    found = qsac.compile(source, "h1", optimisation=3, error_budget="auto")
    assert found.stats["error_budget"]["spent"] == {}
    assert found.stats["error_budget"]["budget"] == 0
    assert len(found.stats["error_budget"]["tried"]) > 1


def test_auto_needs_a_pass_that_approximates() -> None:
    for options in ({}, {"optimisation": 1}, {"optimisation": 3, "passes": "fold-unitaries"}):
        with pytest.raises(InvalidInputError, match="no pass of this pipeline approximates"):
            qsac.compile(SMOOTH, "h1", error_budget="auto", **options)  # type: ignore[arg-type]
    chosen = qsac.compile(SMOOTH, "h1", error_budget="auto", passes="fold-unitaries,prune-loaders")
    assert chosen.stats["error_budget"]["spent"]


@pytest.mark.parametrize("wrong", [-0.1, 1, inf, "much", float("nan")])
def test_what_is_no_budget(wrong: object) -> None:
    with pytest.raises(InvalidInputError, match="error budget"):
        qsac.compile(SMOOTH, "h1", optimisation=3, error_budget=wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", some(range(6), 2))
@pytest.mark.usefixtures("short_search")
def test_generic_tokens_and_devices_with_a_coupling(seed: int) -> None:
    machine = "ibm-fez" if seed < 2 else "h2"
    source = random_model(seed)
    exact = qsac.compile(source, machine, optimisation=3, verify=False)
    found = qsac.compile(source, machine, optimisation=3, error_budget="auto")
    assert found.stats["two_qubit_gates"] <= exact.stats["two_qubit_gates"]
    qualities = [one["quality"] for one in found.stats["error_budget"]["tried"]]
    assert max(qualities) >= qualities[0]


def test_stages_are_told_of_the_circuit_that_is_taken() -> None:
    told = []
    found = qsac.compile(
        SMOOTH, "h1", optimisation=3, error_budget=1e-2, after=lambda name, result: told.append((name, result))
    )
    assert [name for name, _ in told].count("build") == 1
    assert [name for name, _ in told][-1] == "emit" or told[-1][0] in dict(told)
    last = dict(told)["emit"]
    assert last.two_qubit_gates == found.circuits[0].two_qubit_gates
    assert "prune-loaders" in dict(told)
