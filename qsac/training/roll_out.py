"""Roll-outs: a trajectory goes on, each token predicted from all before it, and is compared with the true one.

The context grows: what is predicted is normalised and appended. Optimal phases leave the phase of a prediction
untrained, and a circuit does not show it at all, but the scores of later tokens depend on it. ``"context"`` therefore
takes it from the known tokens (:func:`phase_from_context`); ``"model"`` leaves it as the closed form has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from qsac.training.next_states import Following, States

Phase = Literal["model", "context"]


def rolled(context: States, steps: int, following: Following, phase: Phase = "model") -> States:
    """The ``steps`` tokens that follow sequences (B, T, d), by a model: (B, steps, d), rows of length 1."""
    sequences = context
    for _ in range(steps):
        state = following(sequences)
        if phase == "context":
            state = state * phase_from_context(context, sequences, state)[:, None]
        sequences = np.concatenate([sequences, state[:, None]], axis=1)
    found: States = sequences[:, context.shape[1] :]
    return found


def phase_from_context(context: States, sequences: States, state: States) -> NDArray[Any]:
    """The phase factors, (B,), that make states (B, d) go with what came before them as known tokens do.

    ``context`` (B, T, d) are the known tokens, ``sequences`` (B, t, d) with those that were predicted since. Under any
    constant Hamiltonian the overlap of two tokens depends on the time between them alone; c_l, its mean over the
    context, is therefore what <x_{t+1-l}|x_{t+1}> should be. The factor maximises the real part of
    sum_l conj(c_l) <x_{t+1-l}|z> over the known tokens. It is a sign where all tokens are real, and 1 where there is
    nothing to go by: a context of one token.
    """
    known, length = context.shape[1], sequences.shape[1]
    gram = np.einsum("bsd,btd->bst", context.conj(), context)
    lags = range(length - known + 1, known)
    factor: NDArray[Any] = np.ones(len(state), dtype=state.dtype)
    if not lags:
        return factor
    expected = np.stack([np.diagonal(gram, lag, axis1=1, axis2=2).mean(axis=1) for lag in lags], axis=1)
    places = [length - lag for lag in lags]
    found = np.einsum("bld,bd->bl", sequences[:, places].conj(), state)
    total = np.einsum("bl,bl->b", expected.conj(), found)
    sizes = np.abs(total)
    factor[:] = np.where(sizes > 0, total.conj() / np.where(sizes > 0, sizes, 1), 1)
    return factor


def least_squares(context: States) -> States:
    """What follows sequences (B, t, d) if one matrix takes every token to the next: that of least squares over the
    sequence itself, (B, d), of length 1. Where t > d and the tokens are those of an evolution without noise, it is
    exact: what a classical computer should be compared with."""
    found = [np.linalg.lstsq(sequence[:-1], sequence[1:], rcond=1e-10)[0].T @ sequence[-1] for sequence in context]
    stacked = np.stack(found)
    states: States = stacked / np.linalg.norm(stacked, axis=1, keepdims=True)
    return states


def fidelities(true: States, predicted: States) -> NDArray[np.float64]:
    """|<true|predicted>|^2 of states of length 1, over the last axis."""
    found: NDArray[np.float64] = np.abs(np.einsum("...d,...d->...", true.conj(), predicted)) ** 2
    return found


def expectations(states: States, observable: NDArray[Any]) -> NDArray[np.float64]:
    """<x|O|x> of states over the last axis, O Hermitian (d, d)."""
    found: NDArray[np.float64] = np.einsum("...d,de,...e->...", states.conj(), observable, states).real
    return found


@dataclass(frozen=True, eq=False)
class Observed:
    """An observable of S trajectories: ``known`` (S, T) over the context; ``predicted`` and ``persistence`` (S, L)
    beyond it, and ``true``, None where it is not known."""

    known: NDArray[np.float64]
    true: NDArray[np.float64] | None
    predicted: NDArray[np.float64]
    persistence: NDArray[np.float64]

    def error(self, name: Literal["predicted", "persistence"]) -> float | None:
        """The mean absolute error over trajectories and steps; None where nothing is known."""
        values: NDArray[np.float64] = getattr(self, name)
        return None if self.true is None else float(np.abs(values - self.true).mean())


@dataclass(frozen=True, eq=False)
class RollOut:
    """S trajectories that were rolled forward by L steps.

    ``states`` (S, L, d) are predicted, ``true`` those of the data, None where they are not known. ``fidelity`` and
    ``persistence`` (S, L): of the prediction, and of the last known token, with the true state; None likewise.
    """

    states: States
    true: States | None
    phase: Phase
    observables: Mapping[str, Observed] = field(default_factory=dict)
    fidelity: NDArray[np.float64] | None = None
    persistence: NDArray[np.float64] | None = None


def compared(
    context: States, states: States, true: States | None, observables: Mapping[str, NDArray[Any]], phase: Phase
) -> RollOut:
    """Predicted ``states`` (S, L, d) after a ``context`` (S, T, d), beside the true ones and the last known token."""
    last = np.repeat(context[:, -1:], states.shape[1], axis=1)
    found = {
        name: Observed(
            known=expectations(context, matrix),
            true=None if true is None else expectations(true, matrix),
            predicted=expectations(states, matrix),
            persistence=expectations(last, matrix),
        )
        for name, matrix in observables.items()
    }
    if true is None:
        return RollOut(states, None, phase, found)
    return RollOut(states, true, phase, found, fidelities(true, states), fidelities(true, last))
