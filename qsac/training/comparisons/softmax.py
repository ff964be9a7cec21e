"""Softmax attention with an isometric value: what quantum attention is compared with, position by position.

z_j = sum_{i<=j} a_ji V x_i, a_ji the softmax over i of Re <x_j|W|x_i>. W is any matrix, so that it holds queries, keys
and the temperature, as in classical attention; V is unitary, as that of quantum attention. The real part is the dot
product of the vectors of real and imaginary parts: what a classical network that is given complex numbers computes.
Predictions are scored as those of quantum attention: normalised, by the Born rule, for words with an embedding of
their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.families.contract import Fact, Model
from qsac.families.learning import Batch, Given, Learner, Trained
from qsac.training.configuration import Config
from qsac.training.data.contract import Data

if TYPE_CHECKING:
    import jax

SCALE = 0.1
"""Standard deviation of what V is drawn from."""

_TINY = 1e-20

label = "softmax attention"


def learner(config: Config, data: Data) -> Learner:
    """Softmax attention in the dimension of the data, of words in that of the model's embedding."""
    if data.given.dimension is not None:
        return SoftmaxAttention(data.given, data.given.dimension, data.given.real)
    own = config.learner(data)
    dimension = getattr(own, "dimension", None)
    if dimension is None:
        raise InvalidInputError(
            "there is no dimension to give softmax attention",
            code="train.unsuitable-comparison",
            pointer="/compare",
            found='"softmax" beside a model without an embedding whose probabilities are Born\'s',
            wanted='a sketch with the section "attention" and tokens of a dimension, or data that are states',
        )
    return SoftmaxAttention(data.given, int(dimension))


@dataclass(frozen=True)
class SoftmaxAttention:
    """The learner of softmax attention for such data; ``dimension`` is d, of words that of their embedding, which is
    complex unless ``real``."""

    given: Given
    dimension: int
    real: bool = False

    @property
    def objectives(self) -> tuple[str, ...]:
        return ("loss", "loss_a", "cross_entropy")

    @property
    def size(self) -> int:
        """How many real numbers V, W and the embedding depend on."""
        d, words = self.dimension, 0 if self.given.labels is None else len(self.given.labels)
        if self.real:
            return d * (d - 1) // 2 + d**2 + words * d - (d * (d + 1) // 2 if words else 0)
        return 3 * d**2 + 2 * words * d - (d**2 if words else 0)

    def initial(self, seed: int) -> dict[str, NDArray[np.float64]]:
        """V near the identity, W the root of d times the identity, so that tokens attend to their like; E any
        isometry."""
        rng = np.random.default_rng(seed)
        square = (self.dimension, self.dimension)
        parts = () if self.real else (2,)
        score = rng.normal(0, SCALE, (*square, *parts))
        score[(..., 0) if parts else ...] += np.sqrt(self.dimension) * np.eye(self.dimension)
        found = {"value": rng.normal(0, SCALE, (*square, *parts)), "score": score}
        if self.given.labels is not None:
            found["embedding"] = rng.normal(0, 1, (len(self.given.labels), self.dimension, *parts))
        return found

    def metrics(self, trained: Trained, batch: Batch) -> dict[str, jax.Array]:
        import jax.numpy as jnp

        tokens, targets = self._tokens(trained, batch)
        predicted = self._predicted(trained, tokens)
        overlaps = jnp.abs(jnp.einsum("btd,btd->bt", jnp.conj(targets), predicted)) ** 2
        norms = _squares(predicted)
        context = norms.shape[1]
        total = norms.sum(axis=1) + _TINY
        aligned = jnp.sqrt(overlaps + _TINY).sum(axis=1)
        return {
            "loss": jnp.log(context * total) - 2 * jnp.log(aligned),
            "loss_a": jnp.log(total) - jnp.log(overlaps.sum(axis=1) + _TINY),
            "cross_entropy": jnp.mean(jnp.log(norms + _TINY) - jnp.log(overlaps + _TINY), axis=1),
            "ln_success": jnp.zeros_like(total),  # it is computed, not accepted
        }

    def predictions(self, trained: Trained, batch: Batch) -> jax.Array:
        import jax.numpy as jnp

        tokens, _ = self._tokens(trained, batch)
        predicted = self._predicted(trained, tokens)
        if self.given.labels is None:
            return predicted
        states = self._states(trained)
        shares = jnp.abs(jnp.einsum("md,btd->btm", jnp.conj(states), predicted)) ** 2
        return shares / (_squares(predicted)[..., None] + _TINY)

    def easier(self, when: bool | jax.Array = True) -> Learner | None:
        return None

    def model(self, trained: Trained, sequence: NDArray[Any], name: str) -> Model:
        raise InvalidInputError(
            "softmax attention has no model file",
            code="train.no-model-file",
            found="a comparison that is computed classically",
        )

    def trained_of(self, model: Model) -> dict[str, NDArray[np.float64]]:
        raise InvalidInputError(
            "a model file is no softmax attention",
            code="train.no-model-file",
            found=f'the section "{model.section}"',
        )

    def facts(self) -> Sequence[Fact]:
        return [("learned", f"{self.size:,} real numbers of softmax attention with d = {self.dimension:,}")]

    # How predictions come about

    def _tokens(self, trained: Trained, batch: Batch) -> tuple[jax.Array, jax.Array]:
        """The context tokens at length 1, and the targets, whose length is sqrt(alpha) for words; (B, T, d) each."""
        import jax.numpy as jnp

        if self.given.labels is None:
            states = jnp.asarray(batch)
            return states[:, :-1], states[:, 1:]
        states = self._states(trained)
        units = states / jnp.sqrt(_squares(states)[:, None] + _TINY)
        return units[batch[:, :-1]], states[batch[:, 1:]]

    def _states(self, trained: Trained) -> jax.Array:
        """x_l, (M, d), with sum_l |x_l><x_l| = 1."""
        from qsac.families.spectral import polar

        return polar(_complex(trained["embedding"], real=self.real))

    def _predicted(self, trained: Trained, tokens: jax.Array) -> jax.Array:
        """z_j, (B, T, d)."""
        import jax
        import jax.numpy as jnp

        from qsac.families.spectral import adjoint, exponential

        value = _complex(trained["value"], real=self.real)
        if self.real:
            unitary = exponential(-0.5j * (value - value.T)).real
        else:
            unitary = exponential((value + adjoint(value)) / 2)
        score = _complex(trained["score"], real=self.real)
        logits = jnp.einsum("bjd,de,bie->bji", jnp.conj(tokens), score, tokens).real
        seen = np.tri(logits.shape[-1], dtype=bool)
        weights = jax.nn.softmax(jnp.where(seen, logits, -jnp.inf), axis=-1)
        return jnp.einsum("bji,bid->bjd", weights.astype(tokens.dtype), tokens @ unitary.T)


def _complex(array: Any, *, real: bool) -> Any:
    return array if real else array[..., 0] + 1j * array[..., 1]


def _squares(rows: jax.Array) -> jax.Array:
    """The squared lengths of rows, over the last axis."""
    import jax.numpy as jnp

    return jnp.sum(jnp.real(rows) ** 2 + jnp.imag(rows) ** 2, axis=-1)
