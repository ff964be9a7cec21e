"""A learner that is compiled in a moment: least squares from each state to the next one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.families.contract import Fact
from qsac.training.configuration import Config
from qsac.training.functions import Shared
from qsac.training.reading import load
from tests.training.tiny import STATES, WORDS, changed

Metric = Callable[[Any, Any], Any]


class LeastSquares:
    """x_{j+1} is predicted as A x_j, with A complex, (4, 4). ``metric(value, parameters)`` changes the loss."""

    objectives = ("loss", "cross_entropy")

    def __init__(self, metric: Metric, scale: Any = 1.0) -> None:
        self._metric, self._scale = metric, scale

    def initial(self, seed: int) -> dict[str, NDArray[np.float64]]:
        rng = np.random.default_rng(seed)
        return {name: rng.normal(0, 0.1, (4, 4)) for name in ("real", "imaginary")}

    def predictions(self, trained: Mapping[str, Any], batch: Any) -> Any:
        return batch[:, :-1] @ (trained["real"] + 1j * trained["imaginary"])

    def metrics(self, trained: Mapping[str, Any], batch: Any) -> dict[str, Any]:
        import jax.numpy as jnp

        predicted, targets = self.predictions(trained, batch), batch[:, 1:]
        wrong = predicted - targets
        overlaps = jnp.square(jnp.abs(jnp.sum(jnp.conj(targets) * predicted, axis=-1)))
        lengths = jnp.sum(jnp.square(jnp.abs(predicted)), axis=-1)
        found = self._scale * jnp.mean(jnp.square(jnp.abs(wrong)), axis=(1, 2))
        size = sum(jnp.sum(jnp.square(one)) for one in trained.values())
        value = self._metric(found, trained)
        return {
            "loss": value,
            "cross_entropy": -jnp.mean(jnp.log(overlaps / lengths), axis=-1),
            "ln_success": jnp.full(len(batch), -1.0) * size,
        }

    def easier(self, when: Any = True) -> LeastSquares:
        import jax.numpy as jnp

        return LeastSquares(self._metric, jnp.where(when, 0.5, 1.0))

    def model(self, trained: Mapping[str, Any], sequence: NDArray[Any], name: str) -> Any:
        return SimpleNamespace(canonical={"name": name, "real": trained["real"].tolist(), "rows": len(sequence)})

    def facts(self) -> list[Fact]:
        return [("learned", "32 numbers")]


def _own(value: Any, _parameters: Any) -> Any:
    return value


_SHARED: Shared = {}
"""What was compiled for earlier tests of a configuration."""


def simple(metric: Metric = _own, **changes: Any) -> Config:
    """A configuration of states whose learner is :class:`LeastSquares`."""
    own = {"model": WORDS["model"], "optimiser": {"type": "adam", "rate": 0.1}}  # a sketch that is not used
    config = load(changed(STATES, **{**own, **changes}))
    object.__setattr__(config, "learner", lambda _data: LeastSquares(metric))
    object.__setattr__(config, "shared", _SHARED if metric is _own else {})
    return config
