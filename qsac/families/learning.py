"""What a family offers besides where its models can be trained: its closed form as a differentiable function.

A family that can be trained has the attributes of :class:`Learns` beside those of a family; no family has to. What is
trained, and how real numbers become the unitaries, isometries and coefficients of a model, is the family's own affair:
:mod:`qsac.training` sees real arrays by name and numbers by sequence. Functions that trace import JAX themselves, when
they are called: reading a model needs none of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from qsac.families.contract import Fact, Model
from qsac.families.outcomes import Outcomes
from qsac.files.diagnosis import Contract

if TYPE_CHECKING:
    import jax

Trained: TypeAlias = Mapping[str, Any]
"""What is trained: real arrays by name; NumPy's, or JAX's within a function that is traced."""

Batch: TypeAlias = Any
"""Sequences of one length: states (B, T+1, d), real or complex, rows of length 1; or words (B, L), whole numbers. Or
labelled samples, (B, N) real, see :class:`Samples`."""


class Samples(NamedTuple):
    """What labelled samples are like: rows of N numbers, those of the inputs and then the target.

    ``shape``: of the inputs, (F,) or (T, F), (0,) where there are none. ``kind``: a target is one of the classes
    ``labels``, by its number; a string of ``width`` bits, by the number that it writes; or ``width`` numbers.
    ``length``: the root mean square length of vectors among the inputs, to two digits.
    """

    shape: tuple[int, ...]
    kind: Literal["classes", "bits", "numbers"]
    width: int = 1
    labels: tuple[str, ...] = ()
    length: float = 1.0

    @property
    def outcomes(self) -> int:
        """How many different targets there are; 0 of numbers."""
        return {"classes": len(self.labels), "bits": 1 << self.width, "numbers": 0}[self.kind]

    def parted(self, rows: Any) -> tuple[Any, Any]:
        """The inputs (.., F) or (.., T, F) of rows (.., N), and the targets: (..) of classes and bits, whole numbers as
        they are there; (.., width) of numbers."""
        size = prod(self.shape)
        inputs = rows[..., :size].reshape(*rows.shape[:-1], *self.shape)
        return inputs, rows[..., size:] if self.kind == "numbers" else rows[..., size]


class Given(NamedTuple):
    """What the sequences of some data are like: ``length`` tokens each, rows of ``dimension`` entries, real or complex;
    or words that are called ``labels``, and ``dimension`` is None. Or they are ``samples``, rows of ``length``
    numbers."""

    length: int
    dimension: int | None
    real: bool = False
    labels: tuple[str, ...] | None = None
    samples: Samples | None = None

    @property
    def probable(self) -> bool:
        """Whether predictions are probabilities."""
        return self.labels is not None or (self.samples is not None and self.samples.kind != "numbers")


class Learner(Protocol):
    """The models of one shape as functions of what is trained. Its functions are pure, and may be traced, batched and
    differentiated by JAX; arrays have the precision of what they are given."""

    @property
    def objectives(self) -> tuple[str, ...]:
        """Which of :meth:`metrics` can be minimised; the first one is the default."""

    def initial(self, seed: int) -> dict[str, NDArray[np.float64]]:
        """What training starts from: drawn by ``numpy.random.default_rng(seed)``, or the numbers of a model."""

    def metrics(self, trained: Trained, batch: Batch) -> dict[str, jax.Array]:
        """By name, (B,) each: every objective, ``cross_entropy`` among them wherever it exists, and ``ln_success``, the
        mean logarithm of the success probabilities. Logarithms of what may be 0 are bounded (|A|^2 + 1e-20)."""

    def predictions(self, trained: Trained, batch: Batch) -> jax.Array:
        """What the model says after each token of its context: states (B, T, d), not normalised; or for words the
        probabilities (B, L-1, M) of those that follow."""

    def easier(self, when: bool | jax.Array = True) -> Learner | None:
        """The same parameters under an objective without traps, with which training may begin: a kernel of degree 1
        in place of a higher one. Where ``when``, which may be traced, is false it is the learner's own objective. None
        where there is none."""

    def model(self, trained: Trained, sequence: NDArray[Any], name: str) -> Model:
        """The model of some sequence, (T+1, d) or (L,), of any length: a model file that ``qsac compile`` takes."""

    def trained_of(self, model: Model) -> dict[str, NDArray[np.float64]]:
        """What :meth:`model` would make this model of, up to what changes no metric. Raises
        :class:`~qsac.errors.InvalidInputError` for a model of another shape."""

    def facts(self) -> Sequence[Fact]:
        """What is to be said before training starts, for people: what is trained, and how many real numbers that is."""


@runtime_checkable
class RollsOut(Protocol):
    """What a learner of states has besides where its predictions can be fed back in training."""

    def roll_out(self, trained: Trained, batch: Batch, steps: int) -> jax.Array:
        """-ln of the fidelity of predictions 1 to ``steps`` steps ahead with the true states, (B, steps), the mean over
        the positions from which they begin; each is made from the tokens up to its position and the predictions, of
        length 1, after them. May be traced."""


@runtime_checkable
class Learns(Protocol):
    """What a family whose models can be trained has besides."""

    @property
    def sketch(self) -> type[BaseModel]:
        """The field ``model`` of a training configuration: a model file of this family whose numbers may be left out,
        as may its tokens. What is left out is drawn, and learned."""

    @property
    def sketch_contract(self) -> Contract:
        """The same for diagnostics."""

    def learner(self, sketch: BaseModel, given: Given, folder: Path) -> Learner:
        """The learner of a sketch for such data. Raises :class:`~qsac.errors.InvalidInputError`, with pointers within
        the sketch, for what does not fit the data."""

    def learner_of(self, model: Any) -> Learner:
        """The learner whose :meth:`Learner.initial` are the numbers of a model: all that it can learn is learned."""


@runtime_checkable
class LearnsFromSamples(Protocol):
    """What a family has besides where its models are trained on labelled samples. Metrics of its learners are then
    ``cross_entropy`` and ``accuracy`` of classes and bits, ``squared_error`` of numbers."""

    def sample_learner(self, sketch: BaseModel, samples: Samples, folder: Path, *, classical: bool = False) -> Learner:
        """As :meth:`Learns.learner`, of labelled samples. ``classical``: also of a sketch without circuits, which is
        compared with, and has no model file."""

    def sample_learner_of(self, model: Any, samples: Samples) -> Learner:
        """As :meth:`Learns.learner_of`, of labelled samples. Raises :class:`~qsac.errors.InvalidInputError`, with
        pointers within the model, where it does not fit them."""

    def layer_learner(self, sketch: BaseModel, shape: tuple[int, ...] | None, folder: Path) -> MapsInputs:
        """What a sketch computes of inputs of a shape, (F,) or (T, F), None where the sketch says it: all numbers are
        learned, those that are given from where they are."""


class Machine(Protocol):
    """Where circuits are run that JAX does not simulate: compiled for a target, and measured there."""

    def outcomes(self, models: Sequence[Model], entropy: Sequence[int]) -> list[list[Outcomes]]:
        """The outcomes of the circuits of each model, in the order of its plan. The models are of one shape: bindings
        of one template. The same ``entropy``, whole numbers from 0, gives the same shots."""


class Measuring(NamedTuple):
    """How the numbers of circuits are measured: exactly; by so many ``shots`` of each circuit, drawn by a ``key`` of
    JAX; or on a ``machine``, by its own shots, whose seeds follow from the key."""

    shots: int | None = None
    key: Any = None
    machine: Machine | None = None


@runtime_checkable
class MapsInputs(Protocol):
    """What a learner has besides whose models map inputs to outputs, with derivatives by both."""

    def initial(self, seed: int) -> dict[str, NDArray[np.float64]]:
        """As :meth:`Learner.initial`."""

    def mapped(self, trained: Trained, inputs: Any, measuring: Measuring | None = None) -> tuple[jax.Array, jax.Array]:
        """The outputs of inputs (B, F) or (B, T, F), and the success probabilities (B,): of the closed form, or as they
        are measured, with derivatives by the parameter-shift rule. May be traced."""

    def takes_sequences(self) -> bool:
        """Whether inputs are sequences (T, F), else any number of vectors."""

    def model(self, trained: Trained, sequence: NDArray[Any], name: str) -> Model:
        """The model, on a sample if one is given."""

    def trained_of(self, model: Model) -> dict[str, NDArray[np.float64]]:
        """As :meth:`Learner.trained_of`."""

    def facts(self) -> Sequence[Fact]:
        """As :meth:`Learner.facts`."""


@runtime_checkable
class HasAdversary(Protocol):
    """What a learner of bit strings has besides where a discriminator can learn against it (arXiv 1904.00043)."""

    def against(self, hidden: tuple[int, ...]) -> Learner:
        """The learner of the same model and of a discriminator, a network with ``hidden`` layers of such widths, whose
        first objective is ``adversarial``."""


@runtime_checkable
class LearnsEnsembles(Protocol):
    """What a family has besides where its models learn ensembles of states: samples whose targets are states, which
    belong to no input."""

    def ensemble_learner(self, source: BaseModel | Model, samples: Samples, folder: Path, distance: str) -> Learner:
        """The learner of a sketch, or of a model file, by a ``distance`` between ensembles: ``mmd`` or ``wasserstein``
        with the cost 1 - |<a|b>|^2. It is :class:`ComparesEnsembles`. Raises
        :class:`~qsac.errors.InvalidInputError`, with pointers within the model, where it does not fit the samples."""


@runtime_checkable
class ComparesEnsembles(Protocol):
    """What a learner has besides whose metrics of a sample depend on all others of the batch, and on outcomes that are
    drawn."""

    def drawn_metrics(self, trained: Trained, batch: Batch, key: Any) -> dict[str, jax.Array]:
        """:meth:`Learner.metrics` with outcomes that are drawn by a ``key`` of JAX."""


@runtime_checkable
class ShiftsAngles(Protocol):
    """What a learner has besides whose circuits are differentiated angle by angle, by the parameter-shift rule."""

    def shifted_metrics(self, trained: Trained, batch: Batch, measuring: Measuring) -> dict[str, jax.Array]:
        """:meth:`Learner.metrics` of circuits that are measured. Their derivatives are taken by the parameter-shift
        rule."""

    def bindings(self) -> tuple[int, int]:
        """Circuits of one sample: for its value, and for its slopes by all angles. Raises
        :class:`~qsac.errors.InvalidInputError`, with pointers within the model, where there is no such rule."""


@runtime_checkable
class Warns(Protocol):
    """What a learner has besides that may say before training starts that little will come of it."""

    def warnings(self, trained: Trained, batch: Batch) -> Sequence[str]:
        """Sentences, by what training starts from and some sequences or samples."""
