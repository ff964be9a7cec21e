"""Lists of steps of one shape as functions of what is trained (:class:`qsac.families.learning.Learner`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.families.contract import Fact
from qsac.families.learning import Batch, Measuring, Samples, Trained
from qsac.families.steps.learning import metrics as measuring
from qsac.families.steps.learning.arrays_of_model import arrays_of, written
from qsac.families.steps.learning.outline import Outline
from qsac.families.steps.learning.spread import spread_of_angles
from qsac.families.steps.model import CircuitOf, Model
from qsac.families.steps.reading import read
from qsac.families.steps.schema import ModelFile
from qsac.files.pointer import counted, join

if TYPE_CHECKING:
    import jax

    from qsac.families.steps.learning.adversary import AdversarialLearner
    from qsac.families.steps.learning.traced_model import Outcome, Run, TracedModel

WIDEST = 1.5
"""Standard deviation of a circuit's angles, in radians, beyond which their cosines say next to nothing of them."""

WATCHED = 64
"""So many samples show how far angles are spread."""


@dataclass(frozen=True, eq=False)
class StepsLearner:
    """The closed form of an outline. ``samples``: what it is trained on; None for a layer, which has no metrics."""

    outline: Outline
    samples: Samples | None = None

    def __post_init__(self) -> None:
        """Raises :class:`~qsac.errors.InvalidInputError` for samples that the model does not fit."""
        if self.samples is not None:
            _ = self.head

    @property
    def objectives(self) -> tuple[str, ...]:
        return ("squared_error",) if self._labelled.kind == "numbers" else ("cross_entropy",)

    @property
    def size(self) -> int:
        """How many real numbers are learned."""
        return sum(self.outline.arrays[name].size for name in self.outline.draws)

    @property
    def angles(self) -> tuple[str, ...]:
        """The names of arrays of which every number is the angle of one Pauli rotation."""
        return self.outline.angles

    def initial(self, seed: int) -> dict[str, NDArray[np.float64]]:
        return self.outline.initial(seed)

    def easier(self, when: bool | jax.Array = True) -> None:
        """No objective is known that would be easier to begin with."""

    # What is traced

    @cached_property
    def traced(self) -> TracedModel:
        """The steps as a function."""
        from qsac.families.steps.learning.traced_model import TracedModel

        return TracedModel(self.outline.model.steps)

    def outcome(self, trained: Trained, inputs: Any, run: Run | None = None) -> Outcome:
        """What the steps give of inputs (B, F) or (B, T, F); ``run``: how circuits are evaluated, by default their
        closed form."""
        traced = self.traced if run is None else self.traced.by(run)
        return traced(self.arrays(trained, inputs.dtype), inputs)

    def arrays(self, trained: Trained, dtype: Any) -> dict[str, Any]:
        """All arrays of the steps by name, as they are traced."""
        import jax.numpy as jnp

        arrays = {name: jnp.asarray(numbers, dtype) for name, numbers in self._constants.items()}
        return {**arrays, **{name: jnp.asarray(trained[name]) for name in self.outline.draws}}

    def metrics(self, trained: Trained, batch: Batch) -> dict[str, jax.Array]:
        """``cross_entropy`` and ``accuracy``, or ``squared_error`` and ``absolute_error``; ``success_probability``
        where something is post-selected."""
        return self.evaluated(trained, batch)[0]

    def evaluated(
        self, trained: Trained, batch: Batch, run: Run | None = None
    ) -> tuple[dict[str, jax.Array], jax.Array]:
        """The metrics and the predictions; ``run`` as of :meth:`outcome`."""
        import jax.numpy as jnp

        inputs, targets = self._labelled.parted(jnp.asarray(batch))
        found = self.outcome(trained, inputs, run)
        metrics = measuring.measured(self.head, found, targets, projects=self.outline.model.projects)
        return metrics, measuring.probabilities(self.head, found)

    def predictions(self, trained: Trained, batch: Batch) -> jax.Array:
        """The probabilities of the classes (B, M), or the numbers that are predicted (B, width)."""
        return self.evaluated(trained, batch)[1]

    # As a machine measures it

    def shifted_metrics(self, trained: Trained, batch: Batch, measuring: Measuring) -> dict[str, jax.Array]:
        """See :class:`qsac.families.learning.ShiftsAngles`."""
        from qsac.families.steps.learning.shift_rule import by_shifts

        return self.evaluated(trained, batch, by_shifts(measuring))[0]

    def bindings(self) -> tuple[int, int]:
        """Circuits of one sample: for its value, and for its slopes by all angles. Raises
        :class:`~qsac.errors.InvalidInputError` for steps that have no parameter-shift rule."""
        from qsac.families.steps.learning.shift_rule import bindings, check_shifts

        steps = self.outline.model.steps
        learned = tuple(self.outline.draws)
        check_shifts(steps, learned)
        first = min((int(name.split(".")[1]) for name in learned), default=len(steps))
        found = [bindings(one, place, self._labelled, learned, inputs=first < place) for place, one in enumerate(steps)]
        return sum(value for value, _ in found), sum(slopes for _, slopes in found)

    @cached_property
    def head(self) -> measuring.Head:
        """What its outputs are."""
        import jax
        import jax.numpy as jnp

        given = jnp.zeros((1, *self._labelled.shape), jnp.float32)
        found = jax.eval_shape(lambda inputs: self.outcome(self.outline.initial(0), inputs).outputs, given)
        return measuring.head_of(self.outline.model.steps, self._labelled, found.shape[1:])

    @cached_property
    def _constants(self) -> dict[str, NDArray[np.float64]]:
        return {name: numbers for name, numbers in self.outline.arrays.items() if name not in self.outline.draws}

    @property
    def _labelled(self) -> Samples:
        if self.samples is not None:
            return self.samples
        raise no_samples()

    # As a layer

    def mapped(self, trained: Trained, inputs: Any, measuring: Measuring | None = None) -> tuple[jax.Array, jax.Array]:
        """See :class:`qsac.families.learning.MapsInputs`."""
        run = None
        if measuring is not None:
            from qsac.families.steps.learning.shift_rule import by_shifts, check_shifts

            check_shifts(self.outline.model.steps, tuple(self.outline.draws))
            run = by_shifts(measuring)
        found = self.outcome(trained, inputs, run)
        return found.outputs, found.success

    def takes_sequences(self) -> bool:
        """Whether inputs are sequences (T, F)."""
        return bool(self.outline.model.shape.sequence)

    # Models

    def model(self, trained: Trained, sequence: NDArray[Any], name: str) -> Model:
        """See the protocol; ``sequence`` is one of the labelled samples, or the sample itself where there are no
        labels."""
        row = np.asarray(sequence, dtype=np.float64)
        sample = row if self.samples is None else self.samples.parted(row)[0]
        learned = {key: trained[key] for key in self.outline.draws}
        fields = {**written(self.outline.model.fields, self.outline.pointers, learned), "name": name}
        if sample.size:
            fields["sample"] = sample.tolist()
        return read(ModelFile.model_validate(fields), fields, Path())

    def trained_of(self, model: Model) -> dict[str, NDArray[np.float64]]:
        theirs = arrays_of(model)
        for name, numbers in self.outline.arrays.items():
            pointer = self.outline.pointers[name]
            fixed = name not in self.outline.draws
            if name not in theirs or theirs[name][1].shape != numbers.shape:
                raise _other_shape(pointer)
            if fixed and not np.array_equal(theirs[name][1], numbers):
                raise _other_shape(pointer)
        if set(theirs) != set(self.outline.arrays) or len(model.steps) != len(self.outline.model.steps):
            raise _other_shape("/steps")
        return {name: theirs[name][1].copy() for name in self.outline.draws}

    def facts(self) -> Sequence[Fact]:
        parts: dict[str, int] = {}
        for name in self.outline.draws:
            place = int(name.split(".")[1])
            label = f"{self.outline.model.fields['steps'][place]['type']} of step {place + 1}"
            parts[label] = parts.get(label, 0) + self.outline.arrays[name].size
        listed = ", ".join(f"{label} {count:,}" for label, count in parts.items())
        return [("learned", f"{counted(self.size, 'number')}: {listed}")]

    def warnings(self, trained: Trained, batch: Batch) -> list[str]:
        """Whether angles are spread so far that the layer is a hash."""
        if not any(isinstance(step, CircuitOf) for step in self.outline.model.steps):
            return []
        inputs, _ = self._labelled.parted(np.asarray(batch, dtype=np.float64)[:WATCHED])
        model = self.model(trained, np.asarray(batch[0]), "model")
        found = []
        for place, spread in spread_of_angles(model, inputs).items():
            if spread > WIDEST:
                found.append(
                    f"the angles of {join('/steps', place)} have a standard deviation of {spread:.1f} rad over the "
                    "samples: the circuit is a hash of its inputs, from which nothing generalises; scale the data, or "
                    "put a linear step before it"
                )
        return found

    # Against a discriminator

    def against(self, hidden: tuple[int, ...]) -> AdversarialLearner:
        """See :class:`qsac.families.learning.HasAdversary`."""
        from qsac.families.steps.learning.adversary import AdversarialLearner

        return AdversarialLearner(self, hidden)


def learned_whole(model: Model) -> Outline:
    """The outline of a model all of whose numbers are learned."""
    names: Mapping[str, None] = dict.fromkeys(arrays_of(model))
    return Outline(model, names)


def no_samples() -> InvalidInputError:
    """What is raised where a list of steps is to learn from sequences."""
    return InvalidInputError(
        "a list of steps learns from labelled samples",
        code="train.no-samples",
        pointer="",
        wanted='data of the type "samples"',
    )


def _other_shape(pointer: str) -> InvalidInputError:
    return InvalidInputError(
        "the model has another shape than the one that is trained",
        code="train.other-shape",
        pointer=pointer,
        wanted="a model of the same shape, with the same numbers where they are not learned",
    )
