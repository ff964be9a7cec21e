"""The section on hybrid models: its quick cases, in this process; the authors' circuits compute what they have to."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.bench import equivalence, jobs, measure, steps
from tests.bench.hybrid_models import ALONE, CASES
from tests.bench.measure import Outcome
from tests.bench.plan import Plan


def test_quick_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    def here(job: str, _limit: float, **arguments: Any) -> Outcome:
        return Outcome(jobs.JOBS[job](**arguments))

    monkeypatch.setattr(measure, "run", here)
    text = steps.section(Plan(quick=True, parallel=1))
    rows = re.findall(r"^\| (.*?) \|", text, re.MULTILINE)
    assert set(steps.QUICK) <= set(rows)
    # Qubits, Qiskit, TKET, qsac, and this one's share of the least of the others.
    assert "layers 1 | 5 / 2 | 9 | 10 | 2 | 0.22 |" in text
    assert "No figures" not in text


@pytest.mark.parametrize("name", ["neuron, 3 sources, degree 2", "real part, n 4, layers 1"])
def test_authors_circuits(name: str) -> None:
    """As they are written, before any compiler; and not by chance."""
    authors = CASES[name]().authors
    assert authors is not None
    made = authors()
    assert equivalence.deviation(equivalence.measured(made.circuit), made.expected) < steps.TOLERANCE
    made.circuit.ry(0.1, 0)
    made.circuit.cx(0, made.expected[0].qubits[0])
    assert equivalence.deviation(equivalence.measured(made.circuit), made.expected) > 1e-3


def test_who_has_no_circuit_is_compared_with_nobody() -> None:
    assert len(ALONE) == 7
    assert all(CASES[name]().authors is None for name in ALONE if "n 6, 31" in name)


def test_a_selection_alone_is_counted() -> None:
    """SELECT, not all of the circuit; of two selections the last one."""
    found = jobs.hybrid("Quixer SELECT, n 3, 3 tokens", "qsac")
    assert found is not None
    assert 40 < found["gates"] <= 72
