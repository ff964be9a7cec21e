"""The classical twin of a hybrid classifier: linear, tanh, linear, softmax, with tanh where the circuit would be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from qsac.arguments import whole_number
from qsac.text.baselines.classes import check_classes
from qsac.text.baselines.scores import Scored, scored
from qsac.text.encoders.contract import Reals
from qsac.text.samples import LabelledSamples

SEEDS = (0, 1, 2, 3, 4)
HIDDEN = 4
"""Numbers in the middle: as many as a circuit of four qubits has expectation values."""

_RATE, _FIRST, _SECOND, _TINY = 5e-3, 0.9, 0.999, 1e-8
_BATCH = 64
_LEAST_STEPS = 200
"""Steps that are waited for an improvement in any case: epochs of few samples are short."""


def classical_twin(
    samples: LabelledSamples,
    *,
    hidden: int = HIDDEN,
    seeds: Sequence[int] = SEEDS,
    epochs: int = 500,
    patience: int = 10,
    label: str = "classical twin",
) -> Scored:
    """The predictions of softmax(A tanh(W x + b) + a), W of shape (hidden, F), for each of the seeds.

    Adam (Kingma and Ba 2015) with the mean cross entropy of batches of 64 and the rate 0.005; a seed draws the weights
    and the batches. Training ends where the cross entropy on the part ``validation`` has not fallen for ``patience``
    epochs, and 200 steps at least; the weights of the best epoch are taken. Raises
    :class:`~qsac.errors.InvalidInputError` where there are no labels, fewer than two classes, or no validation part.
    """
    classes = check_classes(samples)
    whole_number(hidden, "hidden", 1, 2**12)
    for name, value in (("epochs", epochs), ("patience", patience)):
        whole_number(value, name, 1)
    trained = [_trained(samples, classes, hidden, seed, epochs, patience) for seed in seeds]
    predictions = [np.argmax(_forward(one, samples.features)[1], axis=1) for one in trained]
    return scored(label, sum(part.size for part in trained[0]), np.array(predictions), samples)


def _trained(samples: LabelledSamples, classes: int, hidden: int, seed: int, epochs: int, patience: int) -> list[Reals]:
    """W, b, A and a of the best epoch."""
    rows, labels = samples.of("train")
    known, truth = samples.of("validation")
    rng = np.random.default_rng(whole_number(seed, "seed", 0))
    width = rows.shape[1]
    spread = float(np.sqrt((rows**2).sum(axis=1).mean())) or 1.0
    weights = [
        rng.normal(0, 1 / spread, (hidden, width)),
        np.zeros(hidden),
        rng.normal(0, hidden**-0.5, (classes, hidden)),
        np.zeros(classes),
    ]
    patience = max(patience, -(-_LEAST_STEPS // -(-len(rows) // _BATCH)))
    best, least, since = [one.copy() for one in weights], np.inf, 0
    adam = _Adam()
    for _ in range(epochs):
        order = rng.permutation(len(rows))
        for start in range(0, len(rows), _BATCH):
            batch = order[start : start + _BATCH]
            adam.step(weights, _gradients(weights, rows[batch], labels[batch]))
        loss = -float(np.mean(log_softmax(_forward(weights, known)[1], axis=1)[np.arange(len(truth)), truth]))
        since += 1
        if loss < least:
            best, least, since = [one.copy() for one in weights], loss, 0
        if since >= patience:
            break
    return best


def _forward(weights: list[Reals], rows: Reals) -> tuple[Reals, Reals]:
    """The middle, (N, hidden), and the logits, (N, classes)."""
    first, bias, second, last = weights
    middle = np.tanh(rows @ first.T + bias)
    return middle, middle @ second.T + last


def _gradients(weights: list[Reals], rows: Reals, labels: NDArray[np.int64]) -> list[Reals]:
    """Of the mean cross entropy."""
    middle, logits = _forward(weights, rows)
    off = np.exp(log_softmax(logits, axis=1))
    off[np.arange(len(labels)), labels] -= 1
    off /= len(labels)
    back = off @ weights[2] * (1 - middle**2)
    return [back.T @ rows, back.sum(axis=0), off.T @ middle, off.sum(axis=0)]


@dataclass
class _Adam:
    """First and second moments of the gradients."""

    steps: int = 0
    moments: list[tuple[Reals, Reals]] = field(default_factory=list)

    def step(self, weights: list[Reals], gradients: list[Reals]) -> None:
        """Change the weights in place."""
        self.moments = self.moments or [(np.zeros_like(one), np.zeros_like(one)) for one in weights]
        self.steps += 1
        rate = _RATE * np.sqrt(1 - _SECOND**self.steps) / (1 - _FIRST**self.steps)
        for weight, gradient, (first, second) in zip(weights, gradients, self.moments, strict=True):
            first += (1 - _FIRST) * (gradient - first)
            second += (1 - _SECOND) * (gradient**2 - second)
            weight -= rate * first / (np.sqrt(second) + _TINY)
