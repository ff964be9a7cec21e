"""Training on predictions that are fed back: what is minimised, from when on, what comes of it, and what is refused."""

from typing import Any

import numpy as np
import pytest

from qsac.errors import InvalidInputError
from qsac.training.loop import train_seed
from qsac.training.objectives import Ahead, Objective
from qsac.training.precision import fitted, precision
from qsac.training.reading import load
from tests.training.simple import LeastSquares, simple
from tests.training.tiny import STATES, WORDS, changed

AHEAD = {"steps": 3, "weight": 0.5, "after": 0.5}
TINY = changed(
    STATES,
    model={"attention": {"type": "overlap", "kernel": {"type": "monomial", "degree": 1}, "phases": "none"}},
    data={"type": "ising", "sites": 1, "context": 5, "dt": 0.35, "train": 8, "test": 4},
    objective="loss_phased",
    optimiser={"type": "adam", "rate": 0.05, "warm_up": 0.0, "schedule": "constant"},
    epochs=20,
    batch=8,
)


def ahead(**changes: Any) -> dict[str, Any]:
    return {"type": "loss_phased", "roll_out": {**AHEAD, **changes}}


def test_the_metric_is_mixed_with_what_is_fed_back_once_that_begins() -> None:
    import jax

    config = load(TINY)
    data = config.data(0)
    learner: Any = config.learner(data)
    objective = Objective("loss_phased", ahead=Ahead(3, 0.25, begin=4))

    def values(trained: Any, batch: Any, step: Any) -> Any:
        rolled, metric = learner.roll_out(trained, batch, 3).mean(-1), learner.metrics(trained, batch)["loss_phased"]
        return objective.by_sequence(learner, trained, batch, step), metric, rolled

    with precision(True):
        given = {name: fitted(array, True) for name, array in learner.initial(0).items()}, fitted(data.train, True)
        function = jax.jit(values).lower(*given, 0).compile({"xla_backend_optimization_level": 0})
        before, metric, rolled = function(*given, 3)
        np.testing.assert_array_equal(before, metric)
        found = function(*given, 4)[0]
        np.testing.assert_allclose(found, 0.75 * np.asarray(metric) + 0.25 * np.asarray(rolled), rtol=1e-12)
    assert np.abs(found - metric).min() > 1e-5
    assert objective.final == Objective("loss_phased", ahead=Ahead(3, 0.25, begin=0))


def test_training_by_several_steps_predicts_further_ahead() -> None:
    """Up to the share of the steps after which it begins nothing is changed."""
    import jax

    plain, rolling = (load(changed(TINY, objective=one)) for one in ("loss_phased", ahead(weight=1.0)))
    one, other = (train_seed(config, 0) for config in (plain, rolling))
    history, changed_history = ([epoch.train for epoch in found.history] for found in (one, other))
    np.testing.assert_allclose(changed_history[:10], history[:10], rtol=1e-4)
    assert abs(changed_history[10] - history[10]) > 1e-2
    data = plain.data(0)
    learner: Any = plain.learner(data)
    measure = jax.jit(lambda trained, batch: learner.roll_out(trained, batch, 3).mean())
    found = [float(measure({k: fitted(v, False) for k, v in t.parameters.items()}, data.train)) for t in (one, other)]
    assert found[1] < found[0] - 1e-3


class Rolling(LeastSquares):
    """A learner that predicts nothing a step ahead: its objective jumps when that begins to count."""

    def roll_out(self, trained: Any, batch: Any, steps: int) -> Any:
        import jax.numpy as jnp

        return jnp.full((len(batch), steps), 5.0) + 0 * self.metrics(trained, batch)["loss"][:, None]


def test_a_jump_when_it_begins_is_no_divergence() -> None:
    config = simple(objective={"type": "loss", "roll_out": {"steps": 2, "weight": 1.0, "after": 0.5}}, epochs=14)
    object.__setattr__(config, "learner", lambda _data: Rolling(lambda value, _parameters: value))
    found = train_seed(config, 0)
    assert found.history[6].train < 3 < found.history[7].train == pytest.approx(5)
    assert found.stopped == "finished"


REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    (
        "train.no-roll-out",
        changed(WORDS, objective=ahead() | {"type": "cross_entropy"}),
        "/objective/roll_out",
        "words",
    ),
    ("train.no-roll-out", changed(TINY, objective=ahead(steps=6)), "/objective/roll_out/steps", "at most 5"),
    (
        "train.roll-out-needs-closed-form",
        changed(TINY, objective=ahead(), gradient={"type": "parameter-shift"}),
        "/objective/roll_out",
        "exact",
    ),
    ("field.out-of-range", changed(TINY, objective=ahead(steps=1)), "/objective/roll_out/steps", "2 or more"),
    ("field.unknown", changed(TINY, objective=ahead(step=4)), "/objective/roll_out/step", "steps"),
]


@pytest.mark.parametrize(("code", "document", "pointer", "said"), REFUSED, ids=[f"{one[0]}{one[2]}" for one in REFUSED])
def test_what_cannot_be_fed_back(code: str, document: dict[str, Any], pointer: str, said: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        train_seed(load(document), 0)
    assert (caught.value.code, caught.value.pointer) == (code, pointer)
    assert said in str(caught.value)


def test_a_learner_that_feeds_nothing_back() -> None:
    config = simple(objective={"type": "loss", "roll_out": {}})
    with pytest.raises(InvalidInputError) as caught:
        train_seed(config, 0)
    assert (caught.value.code, caught.value.pointer) == ("train.no-roll-out", "/objective/roll_out")
