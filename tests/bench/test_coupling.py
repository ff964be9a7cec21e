"""Routers at equal processor time: what the tables of docs/benchmarks.md say of their runs."""

from dataclasses import replace

import pytest

from qsac.compiler.compilation import compile  # noqa: A004
from qsac.machine.registry import target
from tests.bench import coupling, plain, routers
from tests.bench.cases import Case
from tests.bench.measure import Outcome
from tests.bench.plan import Plan

QISKIT = {
    "runs": [{"gates": gates, "depth": 2 * gates, "processor": 0.5} for gates in (60, 50, 40, 30)],
    "unrouted_gates": 20,
    "unrouted_depth": 15,
    "deviation": 1e-15,
}
TKET = QISKIT | {"runs": [{"gates": 35, "depth": 90, "processor": 1.2}]}


@pytest.mark.parametrize(("processor", "gates"), [(0.1, 60), (1.0, 50), (1.2, 35), (1.7, 35), (2.0, 30), (9.0, 30)])
def test_what_is_found_in_equal_time(processor, gates):
    assert coupling.within([QISKIT, TKET], "gates", processor) == gates


def test_seconds_are_those_of_all_seeds():
    assert coupling.best_of(QISKIT, "gates", 3) == (40, 1.5)
    assert coupling.best_of(TKET, "depth", 100) == (90, 1.2)


def test_a_section_of_known_runs(monkeypatch):
    own = {1: (33, 3.0), 2: (25, 1.0)}

    def run(_plan, _target, _case, how):
        if how in own:
            gates, seconds = own[how]
            return Outcome({"gates": gates, "depth": 45, "seconds": {"wall": 1.0, "processor": seconds}})
        if how == "bqskit-3":
            return Outcome(None, "did not end in 600 s")
        if how == "mqt-predictor":
            return Outcome(None, "not installed: mqt")
        return Outcome(QISKIT if how == "qiskit-3" else TKET)

    monkeypatch.setattr(coupling, "_run", run)
    text = coupling.section(Plan())
    row = "| (8, 4, 1), real | 20 | 33 (3) | 25 (1) | 60 (0.5) | 30 (2) | 30 (2) | 35 (1.2) | 0.50 | 0.83 |"
    assert text.count(row) == 3
    assert "| two-qubit gates, equal time | 0.50 | 0.50 | 0.50 | 0.50 | 0.50 |" in text
    assert "| two-qubit depth, best | 0.75 | 0.75 | 0.75 | 0.75 | 0.75 |" in text
    assert "mqt.predictor at (4, 4, 1), real, ibm-fez: not installed: mqt." in text
    assert "| Qiskit 3, 100 seeds | 2 | 2 | 2 |" in text


@pytest.mark.parametrize("router", ["qiskit-3", "tket-2"])
def test_routers_keep_the_meaning(router):
    free = replace(target("ibm-fez"), coupling=None, directions=None)
    compiled = compile(Case(2, 2).model(), free, verify=False)
    found = list(routers.ROUTERS[router](compiled, routers.device("ibm-fez"), 2))
    assert len(found) == (2 if router == "qiskit-3" else 1)
    assert max(plain.deviation(circuit, compiled) for circuit in found) < 1e-9
