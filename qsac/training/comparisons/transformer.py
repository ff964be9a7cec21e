"""A small standard transformer, of about as many parameters as the model that is compared.

One layer as in GPT: learned positions, layer norms, softmax attention of two heads with biases, residuals, a
feed-forward with GELU, and logits of words. Of states the vector of real and imaginary parts is read and written, and
what is written is scored as a state is, by the Born rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.families.contract import Fact, Model
from qsac.families.learning import Batch, Given, Learner, Trained
from qsac.training.comparisons.making import size_of
from qsac.training.configuration import Config
from qsac.training.data.contract import Data

if TYPE_CHECKING:
    import jax

HEADS = 2
_TINY = 1e-20

label = "transformer"


def learner(config: Config, data: Data) -> Learner:
    """The transformer whose number of parameters is nearest to that of the model."""
    if data.given.samples is not None:
        raise InvalidInputError(
            "labelled samples are no sequences for a transformer",
            code="train.unsuitable-comparison",
            pointer="/compare",
            found='"transformer"',
            wanted='"twin" or "logistic", or data that are sequences',
        )
    own = config.learner(data)
    return of_size(data.given, size_of(own, own.initial(0)))


def of_size(given: Given, size: int) -> StandardTransformer:
    """The transformer for such data whose number of parameters is nearest to ``size``: as wide as leaves room for a
    feed-forward of twice the width, which then takes the rest, and no narrower than 4: a layer norm leaves nothing but
    a sign of two entries."""
    width = 2 * HEADS
    while StandardTransformer(given, width + HEADS, 2 * (width + HEADS)).size <= size:
        width += HEADS
    least = StandardTransformer(given, width, 1)
    step = StandardTransformer(given, width, 2).size - least.size
    return StandardTransformer(given, width, 1 + max(0, round((size - least.size) / step)))


@dataclass(frozen=True)
class StandardTransformer:
    """The learner of a transformer for such data: ``width`` entries a token, ``hidden`` in the feed-forward."""

    given: Given
    width: int
    hidden: int

    @property
    def objectives(self) -> tuple[str, ...]:
        return ("cross_entropy",) if self.given.labels is not None else ("loss", "loss_a", "cross_entropy")

    @property
    def size(self) -> int:
        """How many real numbers are learned."""
        return sum(int(np.prod(shape)) for shape in self.shapes.values())

    @property
    def entries(self) -> int:
        """How many numbers are written for each token: logits, or the parts of a state."""
        if self.given.labels is not None:
            return len(self.given.labels)
        return int(self.given.dimension or 0) * (1 if self.given.real else 2)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Of all that is learned, by name; matrices (from, to)."""
        width, hidden, entries = self.width, self.hidden, self.entries
        return {
            "embedding": (entries, width),
            "positions": (self.given.length - 1, width),
            **{f"norm_{number}.{name}": (width,) for number in range(3) for name in ("gain", "offset")},
            **{f"attention.{name}": (width, width) for name in ("query", "key", "value", "output")},
            **{f"attention.{name}_bias": (width,) for name in ("query", "key", "value", "output")},
            "inward": (width, hidden),
            "inward_bias": (hidden,),
            "outward": (hidden, width),
            "outward_bias": (width,),
            "logits": (width, entries),
        }

    def initial(self, seed: int) -> dict[str, NDArray[np.float64]]:
        """Matrices with rows of about length 1, small embeddings and positions, no biases, gains of 1."""
        random = np.random.default_rng(seed)
        found = {}
        for name, shape in self.shapes.items():
            if len(shape) == 1:
                found[name] = np.full(shape, float(name.endswith("gain")))
            else:
                scale = 0.5 if name in ("embedding", "positions") else 1 / np.sqrt(shape[0])
                found[name] = random.normal(0, scale, shape)
        return found

    def metrics(self, trained: Trained, batch: Batch) -> dict[str, jax.Array]:
        import jax
        import jax.numpy as jnp

        batch = jnp.asarray(batch)
        written = self._written(trained, batch[:, :-1])
        if self.given.labels is not None:
            logarithms = jax.nn.log_softmax(written, axis=-1)
            found = jnp.take_along_axis(logarithms, batch[:, 1:, None], axis=-1)[..., 0]
            return {"cross_entropy": -found.mean(axis=1), "ln_success": jnp.zeros_like(found[:, 0])}
        overlaps = _squares(jnp.sum(jnp.conj(batch[:, 1:]) * written, axis=-1))
        norms = _squares(written).sum(axis=-1)
        total = norms.sum(axis=1) + _TINY
        aligned = jnp.sqrt(overlaps + _TINY).sum(axis=1)
        return {
            "loss": jnp.log(norms.shape[1] * total) - 2 * jnp.log(aligned),
            "loss_a": jnp.log(total) - jnp.log(overlaps.sum(axis=1) + _TINY),
            "cross_entropy": jnp.mean(jnp.log(norms + _TINY) - jnp.log(overlaps + _TINY), axis=1),
            "ln_success": jnp.zeros_like(total),  # it is computed, not accepted
        }

    def predictions(self, trained: Trained, batch: Batch) -> jax.Array:
        import jax
        import jax.numpy as jnp

        written = self._written(trained, jnp.asarray(batch)[:, :-1])
        return jax.nn.softmax(written, axis=-1) if self.given.labels is not None else written

    def easier(self, when: bool | jax.Array = True) -> None:
        """None is needed."""

    def model(self, trained: Trained, sequence: NDArray[Any], name: str) -> Model:
        raise InvalidInputError(
            "a standard transformer has no model file",
            code="train.no-model-file",
            found="a comparison that is computed classically",
        )

    def trained_of(self, model: Model) -> dict[str, NDArray[np.float64]]:
        raise InvalidInputError(
            "a model file is no standard transformer",
            code="train.no-model-file",
            found=f'the section "{model.section}"',
        )

    def facts(self) -> Sequence[Fact]:
        shape = f"one layer, width {self.width:,}, {self.hidden:,} in the feed-forward"
        return [(label, f"{shape}; {self.size:,} real numbers")]

    def _written(self, trained: Trained, seen: Any) -> Any:
        """What is written after each token of (B, T, ..): logits (B, T, M), or states (B, T, d), not normalised."""
        import jax
        import jax.numpy as jnp

        rows = self._read(trained, seen) + trained["positions"][: seen.shape[1]]
        rows = rows + _attended(trained, _normalised(trained, 0, rows))
        inside = _normalised(trained, 1, rows) @ trained["inward"] + trained["inward_bias"]
        rows = rows + jax.nn.gelu(inside, approximate=False) @ trained["outward"] + trained["outward_bias"]
        written = _normalised(trained, 2, rows) @ trained["logits"]
        if self.given.labels is not None or self.given.real:
            return written
        half = self.entries // 2
        return jax.lax.complex(written[..., :half], jnp.asarray(written[..., half:]))

    def _read(self, trained: Trained, seen: Any) -> Any:
        """The vectors of tokens, (B, T, width)."""
        import jax.numpy as jnp

        if self.given.labels is not None:
            return trained["embedding"][seen]
        parts = seen if self.given.real else jnp.concatenate([seen.real, seen.imag], axis=-1)
        return parts @ trained["embedding"]


def _attended(trained: Mapping[str, Any], rows: Any) -> Any:
    """What softmax attention of all heads adds to rows (B, T, width)."""
    import jax
    import jax.numpy as jnp

    split = (*rows.shape[:2], HEADS, rows.shape[2] // HEADS)
    query, key, value = (
        (rows @ trained[f"attention.{name}"] + trained[f"attention.{name}_bias"]).reshape(split)
        for name in ("query", "key", "value")
    )
    logits = jnp.einsum("bjhe,bihe->bhji", query, key) / np.sqrt(split[-1]).astype(rows.dtype)
    weights = jax.nn.softmax(jnp.where(np.tri(rows.shape[1], dtype=bool), logits, -jnp.inf), axis=-1)
    mixed = jnp.einsum("bhji,bihe->bjhe", weights, value).reshape(rows.shape)
    return mixed @ trained["attention.output"] + trained["attention.output_bias"]


def _normalised(trained: Mapping[str, Any], number: int, rows: Any) -> Any:
    """A layer norm of rows, (.., width)."""
    import jax.numpy as jnp

    centred = rows - rows.mean(axis=-1, keepdims=True)
    scaled = centred / jnp.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
    return scaled * trained[f"norm_{number}.gain"] + trained[f"norm_{number}.offset"]


def _squares(numbers: Any) -> Any:
    """|x|^2, entry by entry."""
    import jax.numpy as jnp

    return numbers.real**2 + numbers.imag**2 if jnp.iscomplexobj(numbers) else numbers**2
