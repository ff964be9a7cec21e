"""Searches by shots: which keys are found, missed and measured, by each strategy."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.families.outcomes import Index, Outcomes
from qsac.families.program.family import FAMILY
from tests.cases import ALL
from tests.families.program.by_shots import Rng, run_by_shots
from tests.families.program.models import loaded, search


def _row(rng: Rng, low: float, high: float, most: int) -> list[list[float]]:
    """Eight states of dimension 4, of which row 0 scores at most ``most`` others, itself among them, within or above
    the margin, and at least itself above."""
    while True:
        rows = rng.normal(size=(8, 4))
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        possible = int((np.abs(rows @ rows[0]) >= low).sum())
        if possible <= most:
            return rows.tolist()


@pytest.mark.parametrize(("degree", "kind", "allowed"), [(12, "typical", 0.02), (20, "guarantee", 0.01)])
def test_rows_are_found(degree: int, kind: str, allowed: float) -> None:
    """1,000 rows, or 30, at a failure of 0.01, by the planned shots of which the heralds take some: no false key ever,
    and at most as many misses as are allowed (five standard deviations above)."""
    rows, missed, most = 1000 if ALL else 30, 0, 2
    rng = np.random.default_rng(degree)
    for _ in range(rows):
        given = search(
            threshold=0.6,
            most=most,
            rows=[0],
            schedule=kind,
            failure=0.01,
            oracle={"type": "overlap", "degree": degree},
        )
        given["tokens"] = {"type": "inline", "values": _row(rng, 0.4, 0.8, most)}
        model = loaded(given)
        planned = model.system.planned[8]
        shots = {f"row-0-rounds-{rounds}": number for rounds, number in planned.items()}
        result = run_by_shots(model, shots, int(rng.integers(1 << 31)))
        found, exact = set(result.values["rows"][0]["found"]), set(model.system.found(0))
        assert found <= exact
        sure = {int(key) for key in np.flatnonzero(model.system.scores[0] >= 0.8)}
        missed += not sure <= found
    assert missed <= rows * allowed + 5 * np.sqrt(rows * allowed)


def test_a_run_says_what_it_may_have_missed() -> None:
    model = loaded(search(rows=[0], oracle={"type": "overlap", "degree": 4}, schedule="typical", most=2))
    compiled = qsac.compile(model, "h2")
    few, many = (qsac.run(compiled, shots=shots, seed=1) for shots in (2, 60))
    assert few.values["missed_bound"]["4"] > model.system.failure
    assert any("accepted shots" in text for text in few.warnings)
    assert many.values["missed_bound"]["4"] < model.system.failure
    assert many.warnings == ()
    assert many.values["rows"][0]["found"] == list(model.system.found(0))
    assert many.values["output"] == model.readout.closed_form(model).values["output"]
    needed = model.readout.shots(model, model.expected, 0.1)
    assert needed == max(model.system.planned[4].values())


def test_noise_makes_misses_and_no_false_keys() -> None:
    model = loaded(search(rows=[1], oracle={"type": "overlap", "degree": 4}, schedule="typical", most=1))
    result = qsac.run(qsac.compile(model, "h2"), shots=200, seed=3, noise=True)
    assert set(result.values["rows"][0]["found"]) <= set(model.system.found(1))
    exact = model.readout.closed_form(model)
    assert result.success_probability is not None
    assert result.success_probability < exact.success_probability + 0.1


# Other strategies of a search


@pytest.mark.parametrize(
    "program",
    [
        {"strategy": "sample"},
        {"index": "superposed", "schedule": "typical"},
        {"verify": "measured", "schedule": "typical"},
        {"verify": "measured", "part": "re", "strategy": "sample", "margin": 0.5},
    ],
    ids=["sample", "superposed", "measured", "measured-sample"],
)
def test_other_searches_find_rows(program: Mapping[str, Any]) -> None:
    """By the shots that are planned, at a failure of 0.01: few keys above the margin are missed, and none below it is
    found; measured scores are within what is told of them."""
    models = 200 if ALL else 6
    missed, wanted, outside, told = 0, 0, 0, 0
    for seed in range(models):
        rng = np.random.default_rng((9, seed))
        given = search(threshold=0.6, most=2, rows=[0], failure=0.01, **{"margin": 0.4} | program)
        given["program"]["oracle"] = {"type": "overlap", "degree": 12}
        given["tokens"] = {"type": "inline", "values": _row(rng, 0.4, 0.8, 2)}
        model = loaded(given)
        planned = max(number for shots in model.system.planned.values() for number in shots.values())
        result = run_by_shots(model, max(planned, 64 if "verify" in program else 1), seed)
        (row,) = result.values["rows"]
        scores = model.system.scores[0]
        half = model.system.margin / 2
        sure = {int(key) for key in np.flatnonzero(scores >= 0.6 + half)}
        missed, wanted = missed + len(sure - set(row["found"])), wanted + len(sure)
        assert all(scores[key] >= 0.6 - half for key in row["found"])
        if "verify" in program:
            errors = result.value_errors["rows"][0]["scores"]
            outside += sum(
                abs(one - scores[key]) > error
                for key, one, error in zip(row["found"], row["scores"], errors, strict=True)
            )
            told += len(errors)
        else:
            # Verified key by key: a sum of the same products, which may be rounded otherwise.
            assert row["scores"] == pytest.approx([scores[key] for key in row["found"]], abs=4e-16, rel=0)
    assert wanted >= models
    assert missed <= 0.02 * wanted + 5 * np.sqrt(0.02 * wanted)
    assert outside <= 0.02 * told + 5 * np.sqrt(0.02 * told)


def test_candidates_are_those_that_shots_end_in() -> None:
    """Echoes of a run load what the search has seen; without any shot of a place, no key is made up."""
    given = search(verify="measured", rows=[0], schedule="typical", oracle={"type": "overlap", "degree": 4}, most=3)
    model = loaded(given)
    steps = [step for step in model.plan.circuits if step.after]
    assert steps
    assert all(set(step.after) == {one.name for one in model.plan.circuits if not one.after} for step in steps)
    (first,) = [step.name for step in model.plan.circuits if not step.after]
    weights = np.array([0.0, 0.0, 5.0, 1.0])
    outcomes = Outcomes(8, 6, {"found": 6}, Index(weights, weights))
    fed = FAMILY.fed(model, {first: outcomes})
    assert fed.system.seen == {0: (2, 3)}
    (other,) = {step.program.tables["key"].values.tobytes() for step in fed.plan.circuits if "candidate-1" in step.name}
    assert other == model.system.states[3].tobytes()
    compiled = qsac.run(qsac.compile(model, "h2"), shots=200, seed=4)
    assert compiled.values["rows"][0]["found"] == list(model.system.found(0))


def test_auto_takes_what_loads_keys_less_often() -> None:
    """Few keys and a wide margin take a sample; more keys take rounds."""
    few, many = (
        loaded(
            search(threshold=0.6, margin=0.7, most=1, strategy="auto", schedule="typical")
            | {"tokens": {"type": "inline", "values": np.random.default_rng(2).normal(size=(count, 2)).tolist()}}
        ).system
        for count in (8, 16)
    )
    assert few.samples
    assert not many.samples
    for system in (few, many):
        loads = system.loads_a_key
        assert system.samples == (loads["sample"] < loads["search"])
