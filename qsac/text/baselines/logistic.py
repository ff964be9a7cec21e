"""Logistic regression with an L2 penalty that the validation part chooses: what a linear model reaches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp

from qsac.text.baselines.classes import check_classes
from qsac.text.baselines.scores import Scored, scored
from qsac.text.encoders.contract import Reals
from qsac.text.samples import LabelledSamples

PENALTIES = tuple(10.0**power for power in range(-6, 2))
"""Factors of |w|^2 / 2 that are tried, beside the mean cross entropy."""

_STEPS = 2000
_GRADIENT = 1e-7


def logistic_regression(
    samples: LabelledSamples,
    *,
    penalties: Sequence[float] = PENALTIES,
    features: Any = None,
    label: str = "logistic regression",
) -> Scored:
    """The predictions of logistic regression on labelled samples, fitted to the part ``train``.

    The loss is convex and L-BFGS starts from 0, so that there is one result, and no seed. Of the ``penalties`` the one
    with the least cross entropy on the part ``validation`` is taken, of equal ones the largest. Biases are not
    penalised. ``features``: another (N, V) matrix in place of the samples', sparse or not, in their order. Raises
    :class:`~qsac.errors.InvalidInputError` where there are no labels, fewer than two classes, or no validation part.
    """
    classes = check_classes(samples)
    rows = samples.features if features is None else features
    _, labels = samples.of("train")
    _, known = samples.of("validation")
    train, validation = rows[samples.places("train")], rows[samples.places("validation")]
    best: tuple[float, Reals] | None = None
    weights = np.zeros((classes if classes > 2 else 1) * (rows.shape[1] + 1))
    for penalty in sorted(penalties, reverse=True):
        weights = _fitted(train, labels, classes, penalty, weights)
        loss = _cross_entropy(_logits(validation, weights, classes), known)
        if best is None or loss < best[0]:
            best = loss, weights
    chosen = weights if best is None else best[1]
    return scored(label, len(chosen), np.argmax(_logits(rows, chosen, classes), axis=1), samples)


def _fitted(rows: Any, labels: NDArray[np.int64], classes: int, penalty: float, start: Reals) -> Reals:
    """Weights and biases, flat: of one logit for two classes, else one for each class."""
    count, width = rows.shape
    truth = np.eye(classes)[labels]

    def loss(flat: Reals) -> tuple[float, Reals]:
        logits = _logits(rows, flat, classes)
        own = flat.reshape(-1, width + 1)[:, :width]
        value = _cross_entropy(logits, labels) + penalty / 2 * float((own**2).sum())
        off = (np.exp(log_softmax(logits, axis=1)) - truth) / count
        off = off if classes > 2 else off[:, 1:]
        gradient = np.concatenate([(rows.T @ off).T + penalty * own, off.sum(axis=0)[:, None]], axis=1)
        return value, gradient.ravel()

    options = {"maxiter": _STEPS, "gtol": _GRADIENT, "ftol": 1e-14, "maxcor": 20}
    found: Reals = minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x
    return found


def _logits(rows: Any, flat: Reals, classes: int) -> Reals:
    """(N, classes); of two classes the first one's is 0."""
    weights = flat.reshape(-1, rows.shape[1] + 1)
    logits: Reals = np.asarray(rows @ weights[:, :-1].T) + weights[:, -1]
    return logits if classes > 2 else np.concatenate([np.zeros((len(logits), 1)), logits], axis=1)


def _cross_entropy(logits: Reals, labels: NDArray[np.int64]) -> float:
    return float(np.mean(logsumexp(logits, axis=1) - logits[np.arange(len(labels)), labels]))
