"""With the plug-in Qiskit's circuits do the same, global phase included, and never take more two-qubit gates."""

from __future__ import annotations

import numpy as np
import pytest

from tests.cases import ALL, seeds
from tests.hosts.asked import random_numbers, structured_numbers
from tests.hosts.in_qiskit import MACHINES, circuit_of, columns, compiled, entangling
from tests.shares import Share

EXACT = 1e-10
"""Qiskit's own rounding: it takes angles below this for none."""

OPTIMISED = 1e-6
"""What Qiskit's optimisation of two-qubit gates rounds, from level 2 on, with and without the plug-in."""

CASES = 200
PARTS = 4 if ALL else 1


@pytest.mark.parametrize("part", range(PARTS))
def test_random_numbers(part: int) -> None:
    """On qubits in any state, in the order that the gate names them."""
    with Share(0.2, 0.9) as share:
        for seed in seeds(CASES, one_of=13)[part::PARTS]:
            asked = random_numbers(seed)
            circuit = circuit_of(asked)
            name = list(MACHINES)[seed % len(MACHINES)]
            usual, own = (compiled(circuit, plugin, **MACHINES[name], optimization_level=1) for plugin in (False, True))
            assert np.abs(columns(own, asked) - columns(circuit, asked)).max() < EXACT, (seed, name)
            assert entangling(own) <= entangling(usual), (seed, name)
            share.saw(entangling(own) < entangling(usual))


@pytest.mark.parametrize("part", range(PARTS))
def test_numbers_with_structure(part: int) -> None:
    with Share(0.3, 0.9) as share:
        for seed in seeds(CASES, one_of=13)[part::PARTS]:
            asked = structured_numbers(seed)
            circuit = circuit_of(asked)
            name, level = list(MACHINES)[seed % len(MACHINES)], 1 + seed % 3
            options = MACHINES[name] | {"optimization_level": level}
            usual, own = (compiled(circuit, plugin, **options) for plugin in (False, True))
            assert entangling(own) <= entangling(usual), (seed, asked.name, name, level)
            distance = np.abs(columns(own, asked) - columns(circuit, asked)).max()
            assert distance < (EXACT if level == 1 else OPTIMISED), (seed, asked.name, name, level)
            share.saw(entangling(own) < entangling(usual))
