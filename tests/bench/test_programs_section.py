"""The section on programs: its quick cases, and that a peer's circuit computes what it is counted for."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tests.bench import program_peers, programs
from tests.bench.plan import Plan


def test_quick_cases() -> None:
    text = programs.section(Plan(quick=True, parallel=1))
    rows = re.findall(r"^\| (.*?) \| (.*?) \| (.*?) \| (.*?) \|$", text, re.MULTILINE)[2:]
    found = {name: figures for name, *figures in rows}
    assert found["load of keys, T = 8, d = 4, real, as a whole unitary"][0] == "16 gates"
    assert found["search: oracle call, margin 0.4, degree 12"][0] == "203 gates, 5 qubits"
    assert found["search: one and two rounds, T = 8"][0].startswith("208 / 416 gates")
    assert found["search: sample of two copies, T = 8"][0].startswith("34 gates")
    assert found["feed-forward: echo of order k, two / three qubits"][0] == "3k - 1 / 11k - 5 gates"
    assert found["training: the same by a polynomial of degree 7"][0].startswith("180 gates, 6 qubits")
    assert len(rows) == 16


def test_hhl_solves_what_its_grid_holds() -> None:
    """Eigenvalues on the grid are exact; others are not."""
    matrix, right = np.diag([1.0, 0.5]), np.array([0.6, 0.8])
    _, off, kept = program_peers._hhl(matrix, right, 4, 6 / 7)
    assert off == pytest.approx(0, abs=1e-9)
    assert 0.1 < kept <= 1
    _, other, _ = program_peers._hhl(matrix, right, 4, 0.9)
    assert other > 1e-4
