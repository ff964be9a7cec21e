"""The configurations and trained models of docs/examples: they go together, and the models are as good as told."""

from __future__ import annotations

from pathlib import Path

import pytest

import qsac
from qsac.training.comparisons.n_gram import counted
from qsac.training.measuring import measured
from qsac.training.reading import load

EXAMPLES = Path(__file__).parent.parent.parent / "docs" / "examples"


@pytest.mark.parametrize(
    ("name", "entropy", "success", "bigram"), [("copy", 0.5295, 0.516, 1.411), ("grammar", 0.5277, 0.836, 0.610)]
)
def test_the_trained_transformers_are_as_good_as_told(name: str, entropy: float, success: float, bigram: float) -> None:
    """The figures of docs/command-line.md, of all test sentences."""
    config = load(EXAMPLES / f"train-{name}.json")
    data = config.data(config.seeds[0])
    model = qsac.load(EXAMPLES / f"gpt-{name}.json")
    own = config.learner(data)
    found = measured(own, own.trained_of(model), data.test)
    assert found["cross_entropy"].mean() == pytest.approx(entropy, abs=2e-3)
    assert found["success_probability"].mean() == pytest.approx(success, abs=2e-3)
    assert data.optimum is not None
    assert data.optimum < entropy < data.optimum + 0.01
    counts = {row.label: row.metrics["test"]["cross_entropy"] for row in counted(config, data)}
    assert counts["bigram"] == pytest.approx(bigram, abs=1e-3)
    assert (model.sequence == data.test).all(axis=1).any()


def test_every_configuration_can_be_trained() -> None:
    """Each is valid, and its model fits its data."""
    found = sorted(EXAMPLES.glob("train-*.json"))
    assert {"train-copy", "train-grammar", "train-markov", "train-quddpm", "train-steps"} <= {
        path.stem for path in found
    }
    for path in found:
        if path.stem in ("train-copy", "train-grammar", "train-markov", "train-quddpm", "train-steps"):
            config = load(path)
            assert config.learner(config.data(0)).facts()
