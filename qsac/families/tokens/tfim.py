"""Tokens as the exact states of a transverse-field Ising chain (docs/model-file.md).

H = -J sum_bonds Z Z - h sum_sites X on 2^n dimensions, hbar = 1, site 0 the most significant bit; token t is
exp(-i H t dt) |initial>, t = 0..T. A periodic chain has the bond (last, first) too, from 3 sites on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qsac.families import schema
from qsac.families.tokens.evolution import Evolution
from qsac.files import limits
from qsac.files.numbers import Numbers


def bonds(sites: int, boundary: str) -> list[tuple[int, int]]:
    """The pairs of neighbouring sites, each once."""
    pairs = [(q, q + 1) for q in range(sites - 1)]
    if boundary == "periodic" and sites >= 3:
        pairs.append((sites - 1, 0))
    return pairs


def initial_state(kind: str, sites: int, seed: int) -> NDArray[np.complex128]:
    """|0..0>, |+..+>, or a Haar-random state from ``default_rng(seed)``: real parts, then imaginary parts."""
    dimension = 2**sites
    if kind == "zero":
        state = np.zeros(dimension, dtype=np.complex128)
        state[0] = 1
        return state
    if kind == "plus":
        return np.full(dimension, dimension**-0.5, dtype=np.complex128)
    rng = np.random.default_rng(seed)
    real = rng.standard_normal(dimension)
    state = real + 1j * rng.standard_normal(dimension)
    normalised: NDArray[np.complex128] = state / np.linalg.norm(state)
    return normalised


def tfim_evolution(tokens: schema.TfimTokens) -> Evolution:
    """What takes each token to the next: the bonds, then the sites."""
    strings = [_string(tokens.sites, "Z", *bond) for bond in bonds(tokens.sites, tokens.boundary)]
    fields = [_string(tokens.sites, "X", site) for site in range(tokens.sites)]
    coefficients = [-tokens.coupling] * len(strings) + [-tokens.field] * len(fields)
    return Evolution((*strings, *fields), tuple(coefficients), tokens.dt)


def _string(sites: int, letter: str, *at: int) -> str:
    return "".join(letter if site in at else "I" for site in range(sites))


def tfim_tokens(tokens: schema.TfimTokens, pointer: str) -> Numbers:
    """The (T+1, 2^sites) states, complex128."""
    limits.check_tfim(tokens.sites, tokens.context, pointer)
    return tfim_states(tokens, initial_state(tokens.initial, tokens.sites, tokens.seed))


def tfim_states(tokens: schema.TfimTokens, initial: NDArray[np.complex128]) -> Numbers:
    """The same from any state (2^sites,), from the eigendecomposition of H; sizes are the caller's to check.

    In the basis of the X operators the bonds flip two spins each, so the parity of the spins is conserved: the two
    halves are diagonalised apart, at a quarter of the time.
    """
    dimension = 2**tokens.sites
    times = tokens.dt * np.arange(tokens.context + 1)
    start = _walsh_hadamard(initial[None])[0]
    index = np.arange(dimension)
    flipped = np.bitwise_count(index).astype(np.intp)
    energy = -tokens.field * (tokens.sites - 2 * flipped)
    states = np.empty((len(times), dimension), dtype=np.complex128)
    for parity in (0, 1):
        sector = index[flipped % 2 == parity]
        place = np.empty(dimension, dtype=np.intp)
        place[sector] = np.arange(len(sector))
        hamiltonian: NDArray[np.float64] = np.diag(np.asarray(energy[sector], dtype=np.float64))
        for first, second in bonds(tokens.sites, tokens.boundary):
            partner = sector ^ (1 << (tokens.sites - 1 - first)) ^ (1 << (tokens.sites - 1 - second))
            hamiltonian[np.arange(len(sector)), place[partner]] -= tokens.coupling
        energies, vectors = np.linalg.eigh(hamiltonian)
        amplitudes = (vectors.T @ start[sector]) * np.exp(-1j * np.outer(times, energies))
        states[:, sector] = amplitudes @ vectors.T
    return _walsh_hadamard(states)


def _walsh_hadamard(rows: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """H on every qubit of every row."""
    count, dimension = rows.shape
    stride = 1
    while stride < dimension:
        split = rows.reshape(count, -1, 2, stride)
        rows = np.stack([split[:, :, 0] + split[:, :, 1], split[:, :, 0] - split[:, :, 1]], axis=2)
        stride *= 2
    result: NDArray[np.complex128] = rows.reshape(count, dimension) / np.sqrt(dimension)
    return result
