"""What is asked of plug-ins: random numbers, and numbers with a structure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import unitary_group

from qsac.hosts.candidates import Kind
from tests.structured_states import chain, gaussian, generic, ghz, of_rank, on, product, turned, w, wave

KINDS: tuple[Kind, ...] = ("state", "rows", "x", "y", "z", "gates", "diagonal")


@dataclass(frozen=True)
class Numbers:
    """What is asked for, as :func:`qsac.hosts.candidates.blocks` takes it."""

    kind: Kind
    values: NDArray[Any]
    name: str

    @property
    def qubits(self) -> int:
        """On how many qubits a gate for it acts."""
        sizes = self.values.shape[:2] if self.kind in ("rows", "gates") else self.values.shape
        return sum((size - 1).bit_length() for size in sizes) + (self.kind in ("x", "y", "z"))

    @property
    def data(self) -> int:
        """How many of these qubits, the least significant ones, have to begin in zero."""
        return {"state": self.qubits, "rows": (self.values.shape[-1] - 1).bit_length()}.get(self.kind, 0)


def random_numbers(seed: int) -> Numbers:
    """Random numbers for each kind in turn: about half of them without any structure, the others with controls that
    nothing depends on, or sums of a number for each control."""
    rng = np.random.default_rng(seed)
    kind = KINDS[seed % len(KINDS)]
    controls, real = int(rng.integers(1, 4)), rng.random() < 0.5
    if kind == "state":
        return Numbers(kind, generic(rng, int(rng.integers(2, 6)), real=real), "random")
    if kind == "rows":
        shape = (int(rng.integers(2, 6)), int(rng.integers(1, 3)))
        return Numbers(kind, np.array([generic(rng, shape[1], real=real) for _ in range(shape[0])]), "random")
    plain = rng.random() < 0.5
    if kind == "gates":
        gates = unitary_group.rvs(2, size=1 << controls, random_state=rng).reshape(-1, 2, 2)
        return Numbers(kind, gates, "random") if plain else Numbers(kind, gates[_repeated(rng, controls)], "repeated")
    bits = controls + (kind == "diagonal")
    angles = rng.uniform(-3, 3, 1 << bits)
    if plain:
        return Numbers(kind, angles, "random")
    if rng.random() < 0.5:
        return Numbers(kind, angles[_repeated(rng, bits)], "repeated")
    values = np.arange(1 << bits)
    return Numbers(kind, 0.3 + sum(rng.uniform(-2, 2) * (values >> bit & 1) for bit in range(bits)), "sums")


def _repeated(rng: np.random.Generator, bits: int) -> NDArray[np.int64]:
    """Indices that do not depend on one of the bits."""
    return np.arange(1 << bits) & ~(1 << int(rng.integers(bits)))


def structured_numbers(seed: int) -> Numbers:
    """Numbers with a structure, two in three of them states."""
    rng = np.random.default_rng([seed, 7])
    qubits = int(rng.integers(2, 6))
    states, tables = _states(rng, qubits), _tables(rng)
    name = str(rng.choice(list(states if rng.random() < 2 / 3 else tables)))
    return tables[name] if name in tables else Numbers("state", states[name], name)


def _states(rng: np.random.Generator, qubits: int) -> dict[str, NDArray[Any]]:
    places = [(place,) for place in range(qubits)]
    some = rng.choice(1 << qubits, min(qubits, 4), replace=False).tolist()
    cut = max(1, qubits // 2)
    return {
        "product": product([generic(rng, 1) for _ in places], places),
        "sparse": on(qubits, some, rng.normal(size=len(some)) + 1j * rng.normal(size=len(some))),
        "uniform": on(qubits, range(1 << qubits)),
        "W": w(qubits),
        "GHZ": ghz(qubits),
        "Gaussian": gaussian(qubits, rng.uniform(0.3, 0.7), rng.uniform(0.1, 0.4)),
        "rank 2": of_rank(rng, (cut, qubits - cut), min(2, 1 << cut, 1 << (qubits - cut))),
        "basis state": on(qubits, some[:1]),
        "uniform on few": on(qubits, range(int(rng.integers(1, 1 << qubits)))),
        "cluster": chain(qubits),
        "wave": wave(qubits),
        "turned W": turned(rng, w(qubits)),
    }


def _tables(rng: np.random.Generator) -> dict[str, Numbers]:
    controls = int(rng.integers(1, 4))
    values = np.arange(1 << controls)
    one, other = generic(rng, 2), generic(rng, 2, real=True)
    identity, x = np.eye(2, dtype=complex), np.array([[0, 1], [1, 0]], dtype=complex)
    angles = 0.4 + 0.7 * values
    turns = np.array([[np.cos(a), np.sin(a)] for a in angles])
    return {
        "basis states": Numbers("rows", np.eye(4)[rng.permutation(4)], "basis states"),
        "two rows": Numbers("rows", np.array([one, other])[[0, 1, 0, 1]], "two rows"),
        "products": Numbers("rows", np.array([np.kron(turn, turn[::-1]) for turn in turns]), "products"),
        "linear y": Numbers("y", angles, "linear y"),
        "linear x": Numbers("x", angles, "linear x"),
        "linear z": Numbers("z", angles, "linear z"),
        "one angle": Numbers("y", 0.9 * (values == 0), "one angle"),
        "same angle": Numbers("x", np.full(1 << controls, 1.1), "same angle"),
        "Toffoli": Numbers("gates", np.array([identity] * ((1 << controls) - 1) + [x]), "Toffoli"),
        "CX": Numbers("gates", np.array([identity, x])[values & 1], "CX"),
        "phases": Numbers("gates", np.exp(1j * angles)[:, None, None] * identity, "phases"),
        "CCZ": Numbers("diagonal", np.pi * (values == len(values) - 1), "CCZ"),
        "neighbours": Numbers("diagonal", 0.6 * np.bitwise_count(values & values >> 1), "neighbours"),
        "squares": Numbers("diagonal", 0.1 * values**2, "squares"),
    }
