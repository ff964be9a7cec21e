"""What the kinds of data have in common that are trajectories of qubits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.families.contract import Fact
from qsac.families.learning import Given
from qsac.families.tokens.evolution import hamiltonian_matrix
from qsac.training.data.contract import Data
from qsac.training.data.drawing import Split

States = NDArray[np.complex128]


def product_states(rng: np.random.Generator, number: int, qubits: int) -> States:
    """States (number, 2^qubits), each qubit in a Haar-random state of its own."""
    states: States = np.ones((number, 1), dtype=np.complex128)
    parts = rng.standard_normal((number, qubits, 2, 2))
    kets = parts[..., 0] + 1j * parts[..., 1]
    kets /= np.linalg.norm(kets, axis=-1, keepdims=True)
    for qubit in range(qubits):
        states = np.einsum("si,sj->sij", states, kets[:, qubit]).reshape(number, -1)
    return states


def observables(qubits: int, bonds: Sequence[tuple[int, int]]) -> dict[str, NDArray[Any]]:
    """The means over the sites of Z and X, ``m`` and ``x``, and over the bonds, if there are any, of Z Z, ``zz``; each
    (2^qubits, 2^qubits), float64."""

    def mean(letter: str, places: Sequence[tuple[int, ...]]) -> NDArray[Any]:
        terms = ["".join(letter if qubit in at else "I" for qubit in range(qubits)) for at in places]
        return np.ascontiguousarray(hamiltonian_matrix(terms, [1 / len(terms)] * len(terms)).real)

    sites = [(qubit,) for qubit in range(qubits)]
    found = {"m": mean("Z", sites)}
    if bonds:
        found["zz"] = mean("Z", bonds)
    return found | {"x": mean("X", sites)}


def persistence(states: NDArray[Any]) -> Fact:
    """How much the states (S, T+1, d) stay as they are."""
    stays = np.abs(np.einsum("std,std->st", states[:, 1:].conj(), states[:, :-1])) ** 2
    return "persistence", f"each state is like the one before it with a mean fidelity of {stays.mean():.3f}"


def data_of_trajectories(
    what: str,
    numbers: Iterable[tuple[Split, int]],
    shape: tuple[int, int],
    trajectories: Callable[[Split, int], Iterable[NDArray[Any]]],
    seen: dict[str, NDArray[Any]],
) -> Data:
    """The data of trajectories, each ``shape`` (T+1, d), drawn for each part; ``seen`` are the observables and ``what``
    they are of, in words. The caller has checked the sizes."""
    parts: dict[Split, States] = {}
    for split, number in numbers:
        parts[split] = np.empty((number, *shape), dtype=np.complex128)
        for place, states in enumerate(trajectories(split, number)):
            parts[split][place] = states / np.linalg.norm(states, axis=1, keepdims=True)
    counts = [f"{len(part):,} for {split.purpose}" for split, part in parts.items()]
    return Data(
        train=parts[Split.TRAIN],
        test=parts[Split.TEST],
        validation=parts.get(Split.VALIDATION),
        given=Given(*shape),
        observables=seen,
        facts=(
            ("data", f"{what}; {shape[0]:,} states of {shape[1]:,} entries each"),
            ("trajectories", ", ".join(counts)),
            persistence(parts[Split.TEST]),
        ),
    )
