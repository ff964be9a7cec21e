"""Training by exact circuits is training by the closed form, step by step; and it is resumed to the same numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from qsac.training.functions import Shared
from qsac.training.loop import train_seed
from qsac.training.reading import load
from qsac.training.run_folder import HISTORY
from tests.training.tiny import STATES, changed

TINY = changed(
    STATES,
    model={
        "attention": {"type": "overlap", "kernel": {"type": "monomial", "degree": 1}, "score": {"type": "identity"}}
    },
    data={"type": "ising", "sites": 1, "context": 2, "dt": 0.35, "train": 2, "test": 1},
    optimiser={"type": "adam", "rate": 0.1},
    precision="double",
    epochs=3,
    batch=2,
    checkpoint={"every": 1},
)


def test_training_by_circuits() -> None:
    exact, circuits = (load(changed(TINY, gradient=one)) for one in ("exact", {"type": "parameter-shift"}))
    one, other = (train_seed(config, 0) for config in (exact, circuits))
    for name, values in one.parameters.items():
        np.testing.assert_allclose(other.parameters[name], values, atol=1e-6)
    np.testing.assert_allclose([e.train for e in other.history], [e.train for e in one.history], atol=1e-8)
    assert other.history[-1].train < other.history[0].train
    assert {e.facts for e in one.history} == {None}
    assert all(e.facts is not None and e.facts["circuits"] > 2 and e.facts["shots"] == 0 for e in other.history)


def test_shots_are_resumed_to_the_same_numbers(tmp_path: Path) -> None:
    config = load(changed(TINY, gradient={"type": "parameter-shift", "shots": 500}))
    shared: Shared = {}
    whole = train_seed(config, 0, shared=shared)
    asked: list[bool] = []

    def stop() -> bool:
        asked.append(True)
        return len(asked) > 3

    with pytest.raises(KeyboardInterrupt):
        train_seed(config, 0, tmp_path, stop=stop, shared=shared)
    resumed = train_seed(config, 0, tmp_path, shared=shared)
    assert resumed.history == whole.history
    for epoch in resumed.history:
        assert epoch.facts is not None
        assert epoch.facts.keys() == {"circuits", "shots", "value_error", "gradient_error", "signal"}
        assert epoch.facts["shots"] == 500 * epoch.facts["circuits"]
        assert epoch.gradient_norm == pytest.approx(epoch.facts["signal"] * epoch.facts["gradient_error"])
    header, first = (tmp_path / HISTORY).read_text().splitlines()[:2]
    columns = dict(zip(header.split(","), first.split(","), strict=True))
    assert columns["signal"] == str((whole.history[0].facts or {})["signal"])
    for name, values in whole.parameters.items():
        np.testing.assert_array_equal(resumed.parameters[name], values)
