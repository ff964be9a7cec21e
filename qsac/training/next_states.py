"""What follows a sequence of states, by a model: from its closed form, or from its compiled circuits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qsac.compiler.compilation import compile as compile_model
from qsac.errors import InvalidInputError
from qsac.families.contract import Model
from qsac.families.learning import Learner
from qsac.families.reading import load
from qsac.runtime.run import run
from qsac.training.precision import fitted, precision
from qsac.training.tomography import bases, state_of

if TYPE_CHECKING:
    from qsac.machine.read import AnyTarget
    from qsac.progress import Progress

States: TypeAlias = NDArray[Any]

Following: TypeAlias = Callable[[States], States]
"""From sequences (B, t, d) of unit rows to what follows each, (B, d), of length 1."""


class ClosedForm:
    """The closed form of a learner's models, compiled once for all sequences of up to ``longest`` tokens.

    Sequences are filled up to that length, with basis states. What is predicted after a token does not depend on later
    ones where the mask is causal; where it does, each length is compiled by itself.
    """

    def __init__(self, learner: Learner, longest: int) -> None:
        import jax

        self._predictions = jax.jit(learner.predictions)
        self._longest = longest

    def of(self, trained: Mapping[str, NDArray[Any]]) -> Following:
        """What the model with these numbers predicts after the last token, with the phase that it predicts."""
        numbers = {name: fitted(np.asarray(values), True) for name, values in trained.items()}

        def found(context: States, fill: States) -> States:
            """Predictions are those after each token but the last, which is not looked at."""
            batch = np.concatenate([context, fill], axis=1)
            with precision(True):
                return np.asarray(self._predictions(numbers, fitted(batch, True)))[:, context.shape[1] - 1]

        def following(context: States) -> States:
            known, rest = context.shape[1], max(1, self._longest + 1 - context.shape[1])
            one, other = (np.broadcast_to(row, (len(context), rest, len(row))) for row in np.eye(context.shape[2])[:2])
            filled = found(context, one)
            if self._causal is None and rest > 1:
                self._causal = bool(np.array_equal(filled, found(context, other)))
            if self._causal is False:
                filled = found(context, context[:, known - 1 :])
            return normalised(filled)

        return following

    _causal: bool | None = None


@dataclass
class Circuits:
    """What compiled circuits show of a prediction: probabilities in the bases of :mod:`qsac.training.tomography`, one
    circuit each, and so the state up to its phase, which no measurement shows: the largest amplitude is positive.

    ``model_of`` makes the model of a sequence of tokens, whose prediction after the last of them is read out. ``shots``
    are those of each circuit, None for exact probabilities. ``real``: tokens are real, and so are predictions.
    ``circuits`` and ``two_qubit_gates`` count what was run, and the gates of the largest circuit.
    """

    model_of: Callable[[States], Model]
    target: AnyTarget
    shots: int | None = None
    noise: bool = False
    seed: int = 0
    real: bool = False
    progress: Progress | None = None
    circuits: int = field(default=0, init=False)
    two_qubit_gates: int = field(default=0, init=False)
    least_success: float = field(default=1.0, init=False)

    def __call__(self, context: States) -> States:
        """What follows each sequence, (B, d). Raises :class:`~qsac.errors.InvalidInputError` where no shot of a circuit
        was accepted, and whatever compiling and running raise."""
        return np.stack([self._state(sequence) for sequence in context])

    def _state(self, sequence: States) -> States:
        model = self.model_of(sequence)
        dimension = sequence.shape[1]
        padded = 1 << (dimension - 1).bit_length()
        chosen = bases(padded.bit_length() - 1, real=self.real)
        found = [self._probabilities(model, basis, number, len(chosen)) for number, basis in enumerate(chosen)]
        state = state_of(found, real=self.real)[:dimension]
        return normalised(state.real if self.real else state)

    def _probabilities(self, model: Model, basis: States, number: int, total: int) -> NDArray[np.float64]:
        """The probabilities of one basis, from one circuit."""
        if self.progress is not None:
            self.progress(number, total, "measuring a prediction")
        readout: dict[str, Any] = {"type": "predict"}
        if number:  # the first one is the computational basis
            readout["vocabulary"] = np.stack((basis.real, basis.imag), axis=-1).tolist()
        compiled = compile_model(load({**model.canonical, "readout": readout}), self.target, verify=False)
        self.circuits += 1
        seed = int(np.random.SeedSequence((self.seed, self.circuits)).generate_state(1)[0])
        result = run(compiled, shots=self.shots, seed=seed, noise=self.noise)
        self.two_qubit_gates = max(self.two_qubit_gates, *(one.two_qubit_gates for one in compiled.circuits))
        shares = result.values["predictions"]["probabilities"]
        if result.success_probability is not None:
            self.least_success = min(self.least_success, result.success_probability)
        if any(share is None for share in shares):
            raise InvalidInputError(
                "no shot of a circuit was accepted",
                code="roll-out.no-shot",
                found=f"{result.shots:,} shots" if result.shots else "a prediction of length 0",
                wanted="at least one shot in which every given bit is 0",
                help="take more shots, or leave --shots out for exact probabilities",
            )
        return np.array(shares, dtype=np.float64)


def normalised(states: States) -> States:
    """Rows of length 1. Raises :class:`~qsac.errors.InvalidInputError` for a row that is zero."""
    lengths = np.linalg.norm(states, axis=-1, keepdims=True)
    if not (lengths > 0).all():
        raise InvalidInputError(
            "a prediction is zero, so that nothing follows it",
            code="roll-out.no-prediction",
            found="a predicted state of length 0",
            wanted="predictions that can be normalised",
            help="a kernel that is zero for the tokens seen attends to nothing",
        )
    found: States = states / lengths
    return found
