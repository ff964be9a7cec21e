"""What differs between two native circuits: gates, angles, and where the registers are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from functools import partial
from typing import Any

import numpy as np

from qsac.native.circuit import GATES, NativeCircuit
from qsac.views.differences.report import Difference

MOST_GATES = 10_000
"""Gates of circuits that are laid beside each other; of larger ones only the numbers of gates are compared."""

_PERIODS = np.array([4.0 if gate.name == "ZZPhase" else 2.0 for gate in GATES])
"""After how many half-turns an angle is the same again, up to a global phase."""


def circuit_differences(
    a: NativeCircuit, b: NativeCircuit, tolerance: float, circuit: str | None
) -> Iterator[Difference]:
    """Where gates of one have no like in the other, and angles that differ by more than the ``tolerance``, in
    half-turns."""
    told = partial(Difference, circuit=circuit)
    names = [[f"{register}[{index}]" for register, index in one.qubits] for one in (a, b)]
    if names[0] != names[1]:
        yield told("gates", "qubits", _listed(names[0]), _listed(names[1]))
    for place, gate in enumerate(GATES):
        counts = [int((one.kind == place).sum()) for one in (a, b)]
        if counts[0] != counts[1]:
            yield told("gates", gate.name, *counts)
    same = len(a) == len(b) and all(
        np.array_equal(getattr(a, column), getattr(b, column)) for column in ("kind", "first", "second")
    )
    if same:
        found = _angles(a, b, tolerance)
        if found is not None:
            yield told("angles", *found)
    elif max(len(a), len(b)) <= MOST_GATES:
        alike = sum(block.size for block in _matcher(a, b).get_matching_blocks())
        yield told("gates", "gates without a like in the other", len(a) - alike, len(b) - alike)


def _matcher(a: NativeCircuit, b: NativeCircuit) -> SequenceMatcher[tuple[int, int, int]]:
    columns = [list(zip(one.kind.tolist(), one.first.tolist(), one.second.tolist(), strict=True)) for one in (a, b)]
    return SequenceMatcher(None, columns[0], columns[1], autojunk=False)


def _angles(a: NativeCircuit, b: NativeCircuit, tolerance: float) -> tuple[str, str, str] | None:
    """How many angles differ, and the largest difference."""
    period = _PERIODS[a.kind][:, None]
    apart = np.abs((a.angles - b.angles + period / 2) % period - period / 2)
    beyond = apart > tolerance
    number = int(beyond.sum())
    if not number:
        return None
    gate, which = np.unravel_index(np.argmax(apart), apart.shape)
    kind = GATES[a.kind[gate]].name
    said = f"{number:,} {'angle differs' if number == 1 else 'angles differ'}, most of {kind} at gate {int(gate):,}"
    return said, f"{a.angles[gate, which]:.12g} half-turns", f"{b.angles[gate, which]:.12g} half-turns"


def allocation_differences(a: Mapping[str, Any], b: Mapping[str, Any], circuit: str | None) -> Iterator[Difference]:
    """The registers that are on other qubits."""
    for name in dict.fromkeys((*a, *b)):
        if a.get(name) != b.get(name):
            one, two = (_listed(part[name]) if name in part else None for part in (a, b))
            yield Difference("allocation", name, one, two, circuit)


def _listed(names: Any) -> str:
    return " ".join(map(str, names))
