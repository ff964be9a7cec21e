"""A generator of bit strings that learns against a discriminator (QGAN; Zoufal, Lucchi and Woerner 2019, arXiv
1904.00043).

p(x) are the probabilities that the generator measures, D(x) the discriminator's that x is a sample. D minimises
-ln D(sample) - sum_x p(x) ln(1 - D(x)), p held; the generator minimises -sum_x p(x) ln D(x), D held. The objective is
the sum of both, so that one step of any optimiser is a step of each: sums over all strings are exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.families.contract import Fact, Model
from qsac.families.learning import Batch, Measuring, Trained
from qsac.files.pointer import counted

if TYPE_CHECKING:
    import jax

    from qsac.families.steps.learning.learner import StepsLearner

PREFIX = "discriminator"
OBJECTIVE = "adversarial"


@dataclass(frozen=True, eq=False)
class AdversarialLearner:
    """The learner ``generator`` and a discriminator with ``hidden`` layers of such widths. What the discriminator
    learns is named ``discriminator.0.weight`` and so on, and stands in no model file."""

    generator: StepsLearner
    hidden: tuple[int, ...]

    def __post_init__(self) -> None:
        """Raises :class:`~qsac.errors.InvalidInputError` where there are inputs: outcomes alone are told apart."""
        samples = self.generator.samples
        if samples is None or samples.shape != (0,):
            raise InvalidInputError(
                "a generator takes no inputs",
                code="train.no-adversary",
                pointer="",
                found="samples with inputs",
                wanted="bit strings alone",
            )

    @property
    def objectives(self) -> tuple[str, ...]:
        return (OBJECTIVE, *self.generator.objectives)

    @property
    def size(self) -> int:
        """How many real numbers of the generator are learned."""
        return self.generator.size

    @property
    def angles(self) -> tuple[str, ...]:
        """As of the generator."""
        return self.generator.angles

    @property
    def _bits(self) -> int:
        return 0 if self.generator.samples is None else self.generator.samples.width

    def initial(self, seed: int) -> dict[str, NDArray[np.float64]]:
        found = self.generator.initial(seed)
        rng = np.random.default_rng((seed, 1))
        for place, (before, after) in enumerate(pairwise((self._bits, *self.hidden, 1))):
            found[f"{PREFIX}.{place}.weight"] = rng.normal(0, np.sqrt(2 / before), (after, before))
            found[f"{PREFIX}.{place}.bias"] = np.zeros(after)
        return found

    def metrics(self, trained: Trained, batch: Batch) -> dict[str, jax.Array]:
        """Those of the generator, ``adversarial``, and of the two losses that it is the sum of ``generator_loss`` and
        ``discriminator_loss``."""
        return self._measured(trained, batch, *self.generator.evaluated(trained, batch))

    def shifted_metrics(self, trained: Trained, batch: Batch, measuring: Measuring) -> dict[str, jax.Array]:
        """See :class:`qsac.families.learning.ShiftsAngles`."""
        from qsac.families.steps.learning.shift_rule import by_shifts

        return self._measured(trained, batch, *self.generator.evaluated(trained, batch, by_shifts(measuring)))

    def bindings(self) -> tuple[int, int]:
        """As of the generator."""
        return self.generator.bindings()

    def _measured(
        self, trained: Trained, batch: Batch, found: dict[str, jax.Array], shares: jax.Array
    ) -> dict[str, jax.Array]:
        import jax
        import jax.numpy as jnp

        _, strings = self.generator._labelled.parted(jnp.asarray(batch))
        held = {name: jax.lax.stop_gradient(jnp.asarray(trained[name])) for name in trained}
        # ln D and ln(1 - D) of all strings; by the discriminator's numbers for its loss, held for the generator's.
        logits, fixed = (self._logits(numbers, shares.dtype) for numbers in (trained, held))
        true = -jax.nn.log_sigmoid(logits)[strings.astype(jnp.int32)]
        false = -jax.lax.stop_gradient(shares) @ jax.nn.log_sigmoid(-logits)
        generated = -shares @ jax.nn.log_sigmoid(fixed)
        return {
            OBJECTIVE: true + false + generated,
            **found,
            "generator_loss": generated,
            "discriminator_loss": true + false,
        }

    def _logits(self, numbers: Trained, dtype: Any) -> Any:
        """The logits ln D/(1 - D) of all strings, (2^n,)."""
        import jax
        import jax.numpy as jnp

        strings = np.arange(1 << self._bits)[:, None] >> np.arange(self._bits)[::-1] & 1
        rows = jnp.asarray(2.0 * strings - 1, dtype)
        for place in range(len(self.hidden) + 1):
            rows = rows @ numbers[f"{PREFIX}.{place}.weight"].T + numbers[f"{PREFIX}.{place}.bias"]
            rows = jax.nn.relu(rows) if place < len(self.hidden) else rows
        return rows[:, 0]

    def predictions(self, trained: Trained, batch: Batch) -> jax.Array:
        return self.generator.predictions(trained, batch)

    def easier(self, when: bool | jax.Array = True) -> None:
        """No objective is known that would be easier to begin with."""

    def model(self, trained: Trained, sequence: NDArray[Any], name: str) -> Model:
        """The generator."""
        return self.generator.model(trained, sequence, name)

    def trained_of(self, model: Any) -> dict[str, NDArray[np.float64]]:
        """The generator's numbers, and a discriminator that has learned nothing."""
        fresh = {name: numbers for name, numbers in self.initial(0).items() if name.startswith(PREFIX)}
        return {**self.generator.trained_of(model), **fresh}

    def facts(self) -> Sequence[Fact]:
        count = sum(numbers.size for name, numbers in self.initial(0).items() if name.startswith(PREFIX))
        return [*self.generator.facts(), ("discriminator", f"{counted(count, 'number')}, which no model file holds")]

    def warnings(self, trained: Trained, batch: Batch) -> list[str]:
        """As of the generator."""
        return self.generator.warnings(trained, batch)
