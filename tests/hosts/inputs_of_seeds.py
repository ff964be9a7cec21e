"""Numbers to hand to hosts: random ones, and ones of a structure, by seed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag
from scipy.stats import unitary_group

from tests.structured_states import chain, gaussian, generic, ghz, of_rank, on, partition, product, turned, w, wave

Numbers = NDArray[Any]


def random_gates(rng: np.random.Generator, count: int) -> Numbers:
    """Unitary matrices of one qubit, shape (count, 2, 2)."""
    return np.asarray(unitary_group.rvs(2, size=count, random_state=rng)).reshape(count, 2, 2)


def structured_state(seed: int) -> tuple[str, Numbers]:
    """A state of three to six qubits: products, sparse, uniform, W, GHZ, Gaussian, rank 2 and others, one after
    another."""
    rng = np.random.default_rng(seed)
    qubits = 3 + seed // 12 % 3
    parts = partition(rng, qubits, 2)
    kinds = {
        "uniform": lambda: on(qubits, range(1 << qubits)),
        "basis": lambda: on(qubits, [int(rng.integers(1 << qubits))]),
        "product": lambda: product([generic(rng, 1) for _ in range(qubits)], [(at,) for at in range(qubits)]),
        "two parts": lambda: product([generic(rng, len(part)) for part in parts], parts),
        "sparse": lambda: on(qubits, rng.choice(1 << qubits, 3, replace=False).tolist(), generic(rng, 2)[:3]),
        "w": lambda: w(qubits),
        "ghz": lambda: ghz(qubits),
        "turned ghz": lambda: turned(rng, ghz(qubits)),
        "gaussian": lambda: gaussian(qubits, rng.uniform(0.3, 0.7), rng.uniform(0.1, 0.3)),
        "rank 2": lambda: of_rank(rng, (qubits // 2, qubits - qubits // 2), 2, real=bool(rng.integers(2))),
        "cluster": lambda: chain(qubits),
        "wave": lambda: wave(qubits),
    }
    name = list(kinds)[seed % len(kinds)]
    v = kinds[name]()
    return name, v * np.exp(1j * rng.uniform(0, 6)) if seed % 5 == 0 else v


def structured_phases(seed: int) -> tuple[str, Numbers]:
    """Phases of the basis states of two to five qubits."""
    rng = np.random.default_rng(seed)
    qubits = 2 + seed // 5 % 4
    values = np.arange(1 << qubits)
    bits = values[:, None] >> np.arange(qubits) & 1
    pairs = np.triu(rng.uniform(-3, 3, (qubits, qubits)), 1)
    kinds = {
        "none": np.zeros(1 << qubits),
        "of single qubits": bits @ rng.uniform(-3, 3, qubits),
        "of pairs": np.einsum("xi,ij,xj->x", bits, pairs, bits) + 0.4,
        "of all qubits alone": np.where(values == values[-1], np.pi, 0.0),
        "of fewer qubits": np.repeat(rng.uniform(-3, 3, 1 << (qubits - 1)), 2),
    }
    name = list(kinds)[seed % len(kinds)]
    return name, kinds[name]


def structured_gates(seed: int) -> tuple[str, Numbers]:
    """Gates that one to three controls select."""
    rng = np.random.default_rng(seed)
    controls = 1 + seed // 4 % 3
    one, other = random_gates(rng, 2)
    count = 1 << controls
    kinds = {
        "the same": np.tile(one, (count, 1, 1)),
        "by one control": np.tile(np.array([one, other]), (count // 2, 1, 1)),
        "where all are one": np.concatenate([np.tile(np.eye(2), (count - 1, 1, 1)), one[None]]),
        "flips": np.array([np.eye(2)[:, ::-1] if value.bit_count() & 1 else np.eye(2) for value in range(count)]),
    }
    name = list(kinds)[seed % len(kinds)]
    return name, kinds[name].astype(np.complex128)


def selected(gates: Numbers, place: int) -> Numbers:
    """The unitary of gates that an index selects for the qubit at a place, the first qubit most significant."""
    qubits = len(gates).bit_length()
    whole = block_diag(*gates).reshape((2,) * (2 * qubits))
    order = [*range(place), qubits - 1, *range(place, qubits - 1)]
    return np.asarray(whole.transpose([*order, *(qubits + at for at in order)]).reshape(1 << qubits, 1 << qubits))
