"""Standard errors by resampling the shots."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.cli.main import run as command
from qsac.errors import InvalidInputError
from qsac.families.contract import Result
from qsac.families.steps.readout import Outputs
from qsac.runtime.bootstrap import REPLICATES, bootstrapped
from tests.families.steps.models import loaded, named
from tests.families.steps.test_running import two_circuits

TFIM = Path(__file__).parents[2] / "docs" / "examples" / "tfim.json"

OWN = 5 / np.sqrt(2 * REPLICATES)
"""Five standard errors of a standard deviation of so many numbers, over that."""


def numbers(content: Any) -> Any:
    return np.array(content, dtype=float).reshape(-1)


def both(program: Any, **options: Any) -> tuple[Result, Result]:
    """A run with propagated errors, and the same shots with errors by resampling."""
    propagated, resampled = (
        qsac.run(program, "statevector", shots=20_000, errors=errors, **options)
        for errors in ("propagation", "bootstrap")
    )
    assert resampled.values == propagated.values
    assert resampled.metrics == propagated.metrics
    return propagated, resampled


def test_errors_are_those_that_are_propagated_where_that_is_right() -> None:
    """Of many shots numbers are linear in the counts: also where circuits come after others, and where something is
    post-selected."""
    fields, expected = named("neuron-postselected")
    for program, options in (
        (two_circuits(), {}),
        (loaded(fields), {"inputs": [one["input"] for one in expected]}),
        (loaded(fields, expected[0]["input"]), {}),
    ):
        propagated, resampled = both(program, **options)
        assert list(resampled.value_errors) == list(propagated.value_errors)
        for name, wanted in propagated.value_errors.items():
            found = numbers(resampled.value_errors[name])
            assert numbers(wanted).min() > 0
            assert found == pytest.approx(numbers(wanted), rel=OWN)


def test_metrics_of_other_families() -> None:
    propagated, resampled = both(TFIM)
    assert propagated.standard_errors["loss"]
    assert set(resampled.standard_errors) == set(propagated.standard_errors)
    for name, wanted in propagated.standard_errors.items():
        assert (resampled.standard_errors[name] is None) is (wanted is None)
        if wanted:
            assert resampled.standard_errors[name] == pytest.approx(wanted, rel=OWN)


def test_where_the_slope_vanishes_the_propagated_error_does_too() -> None:
    """Scores are squares of differences: of equal tokens they are about zero, as are their slopes."""
    measured = {"qubits": 1, "blocks": [{"type": "angle"}], "measure": {"type": "pauli", "each": "Z"}}
    attention = {
        "type": "measured",
        "mask": "full",
        "query": measured,
        "value": {"type": "identity"},
        "score": {"type": "gaussian", "scale": 40.0},
    }
    model = loaded({"qsac": 1, "steps": [{"type": "attention", "attention": attention}]}, [[1.4], [1.4], [1.4]])
    shots = 400
    found = [numbers(qsac.run(model, "statevector", shots=shots, seed=seed).values["attention"]) for seed in range(40)]
    (weights,) = qsac.run(model, "statevector", shots=shots, errors="bootstrap").value_errors["attention"]
    spread = np.std(found, axis=0, ddof=1)
    assert spread.max() > 0.02
    # The resampled differences are those of two runs, and not of one: about twice the variance, and never nothing.
    assert 0.5 < np.mean(weights) / spread.mean() < 3
    exact = qsac.run(model, "statevector").values["attention"]
    assert numbers(exact) == pytest.approx(1 / 3)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fields, expected = named("hybrid-classifier")
    path = tmp_path / "model.json"
    path.write_text(json.dumps({**fields, "sample": expected[0]["input"]}))
    texts = []
    for seed in ("3", "3", "4"):
        options = ["--shots", "200", "--errors", "bootstrap", "--seed", seed, "--no-cache", "--json"]
        assert command(["run", str(path), *options]) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1]
    assert json.loads(texts[0])["value_errors"] != json.loads(texts[2])["value_errors"]
    assert len(numbers(json.loads(texts[0])["value_errors"]["outputs"])) == len(expected[0]["output"])


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({}, "run.no-bootstrap"),
        ({"precision": 0.01}, "run.no-bootstrap"),
        ({"shots": 100, "noise": True, "mitigate": True}, "run.no-bootstrap"),
        ({"shots": 100, "errors": "jackknife"}, "option.unknown-choice"),
    ],
)
def test_what_has_no_resampled_errors_is_refused(options: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        qsac.run(TFIM, "h2", **{"errors": "bootstrap", **options})
    assert error.value.code == code


class Plain:
    """The readout of steps, which says nothing of resampled outcomes."""

    def __getattr__(self, name: str) -> Any:
        if name == "resampled":
            raise AttributeError(name)
        return getattr(Outputs(), name)


def test_circuits_that_come_after_others_are_refused_where_nothing_says_what_they_become() -> None:
    model = replace(two_circuits(), readout=Plain())  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="made for what earlier ones gave"):
        bootstrapped(model, model.plan, [], {}, 0)
