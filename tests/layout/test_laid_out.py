"""Compilation for a coupling graph: routed or laid out, whichever errs less, and verified with its maps."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import networkx as nx
import numpy as np
import pytest

import qsac.compiler.compilation
import qsac.native.circuit
from qsac.counting.formulas import two_qubit_gates
from qsac.families.qsa.metrics import closed_form
from qsac.ir.interpreter import interpret
from qsac.ir.parser import parse_program
from qsac.layout import choice as layout
from qsac.layout.search_budget import SearchBudget
from qsac.lowering.allocation import Allocation
from qsac.machine.target import ErrorRates, Target
from qsac.native.circuit import KIND, NativeCircuit
from tests.bench.cases import Case
from tests.cases import ALL

# A cell of a heavy-hex lattice with a leaf at every other node.
COMB = nx.Graph([*nx.cycle_graph(12).edges, *((node, 12 + node // 2) for node in range(0, 12, 2))])
MACHINE = Target(
    name="comb",
    vendor="test",
    description="",
    kind="device",
    qubits=18,
    family="cz",
    gates=("SX", "X", "Rz", "CZ", "Measure", "Reset"),
    coupling=tuple(sorted((min(edge), max(edge)) for edge in COMB.edges)),
)
RATES = ErrorRates(
    one_qubit=1e-4,
    two_qubit=3e-3,
    measure_0=1e-2,
    measure_1=1e-2,
    memory=1e-4,
    date="2026-01-01",
    source="test",
    one_qubit_by_qubit=(1e-4,) * 18,
    two_qubit_by_edge=tuple((*sorted(edge), 3e-3) for edge in COMB.edges),  # type: ignore[misc]
    measure_by_qubit=((1e-2, 1e-2),) * 18,
)


def compiled(case: Case, machine: Target = MACHINE, **options: Any) -> qsac.compiler.compilation.Compiled:
    return qsac.compiler.compilation.compile(case.model(), machine, verify=True, **options)


@pytest.mark.usefixtures("short_search")
def test_what_is_laid_out_is_never_worse_than_what_is_routed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without rates gates count; with both ways to choose from, there are fewer than with one."""
    best = compiled(Case(4, 4, complex=True))
    monkeypatch.setattr(layout, "search_budget", lambda *_: None)
    routed = compiled(Case(4, 4, complex=True))
    assert best.stats["two_qubit_gates"] < routed.stats["two_qubit_gates"]


@pytest.mark.usefixtures("short_search")
def test_rates_make_depth_count(monkeypatch: pytest.MonkeyPatch) -> None:
    best = compiled(Case(4, 2, complex=True), replace(MACHINE, errors=RATES))
    monkeypatch.setattr(layout, "search_budget", lambda *_: None)
    routed = compiled(Case(4, 2, complex=True), replace(MACHINE, errors=RATES))
    assert best.stats["error_free_probability"] >= routed.stats["error_free_probability"]


def test_of_circuits_that_err_alike_the_less_deep_one_is_taken() -> None:
    """A chain of gates, and as many gates side by side; many more gates side by side are not taken."""

    def candidate(*pairs: tuple[int, int]) -> layout.Candidate:
        circuit = NativeCircuit(
            name="pairs",
            qubits=tuple(("node", node) for node in range(4)),
            bits=(),
            kind=np.full(len(pairs), KIND["CZ"], dtype=np.int8),
            first=np.array([first for first, _ in pairs], dtype=np.int32),
            second=np.array([second for _, second in pairs], dtype=np.int32),
            angles=np.zeros((len(pairs), 2)),
        )
        return layout.Candidate(circuit, Allocation({}, 4, frozenset()))

    chain = candidate((0, 1), (1, 2), (2, 3), (1, 2))
    beside = candidate((0, 1), (2, 3), (0, 1), (2, 3))
    many = candidate(*[(0, 1), (2, 3)] * 4)
    for candidates in ([chain, beside, many], [many, beside, chain]):
        assert layout.lowest_expected_error(candidates, MACHINE) is beside
    assert layout.lowest_expected_error([many, chain], replace(MACHINE, errors=RATES)) is chain


@pytest.mark.usefixtures("short_search")
def test_the_allocation_is_that_of_the_circuit() -> None:
    best = compiled(Case(4, 2, complex=True), qubits=5)
    names = {name for qubits in best.stats["allocation"].values() for name in qubits}
    assert len(names) == len(best.circuits[0].initial_map) <= 5


@pytest.mark.usefixtures("short_search")
def test_the_artifact_holds_the_program_of_the_circuit() -> None:
    """Whatever the variant: what is laid out is what the text says, and it means the same as the model."""
    for seed in range(3):
        best = compiled(Case(4, 4, complex=True), seed=seed)
        program = parse_program(best.ir)
        exact = closed_form(best.model).values
        assert interpret(program).value("fidelity") == pytest.approx(exact["fidelity"], abs=1e-9)
        assert two_qubit_gates(program, "cz") <= best.stats["two_qubit_gates"]


def digest() -> str:
    """Of an artifact that is laid out by a short search, of all of its steps."""
    with patch.object(layout, "search_budget", lambda *_: SearchBudget(3, (3, 2), 2, 300)):
        return hashlib.sha256(compiled(Case(2, 2, complex=True), seed=5).to_json().encode()).hexdigest()


def test_the_same_seed_gives_the_same_bytes_in_any_process() -> None:
    found = set()
    for seed in ("1", "0") if ALL else ("1",):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        code = "from tests.layout.test_laid_out import digest; print(digest())"
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        found.add(done.stdout.strip())
    assert found == {digest()}


def test_progress_ends_when_all_is_done() -> None:
    told: list[tuple[int, int]] = []

    def progress(done: int, total: int, what: str) -> None:
        if what == "arranging":
            told.append((done, total))

    compiled(Case(2, 4), progress=progress)
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1]


@pytest.mark.usefixtures("short_search")
@pytest.mark.parametrize("case", [Case(4, 2), Case(4, 2, complex=True), Case(4, 2, 2)])
def test_without_reset_what_was_measured_stays_in_the_way(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[layout.Candidate] = []

    def lowest_expected_error(candidates: Sequence[layout.Candidate], machine: Target) -> layout.Candidate:
        seen.extend(candidates[1:])
        return candidates[1]

    monkeypatch.setattr(layout, "lowest_expected_error", lowest_expected_error)
    gates = tuple(gate for gate in MACHINE.gates if gate != "Reset")
    best = compiled(case, replace(MACHINE, gates=gates, reset=False))
    assert seen
    assert not any(candidate.circuit.count("Reset") for candidate in seen)
    assert best.verified


def test_at_o0_circuits_are_routed_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> Any:
        raise AssertionError("arranged")

    monkeypatch.setattr("qsac.layout.search.arrange", refused)
    compiled(Case(4, 2), optimisation=0)
    for level in (1, 2):
        with pytest.raises(AssertionError, match="arranged"):
            compiled(Case(4, 4, complex=True), optimisation=level)


@pytest.mark.usefixtures("short_search")
def test_where_nothing_can_be_laid_out_routing_takes_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many attempts as without a search, and the same circuit."""
    monkeypatch.setattr("qsac.layout.search.arrange", lambda *_: [])
    nothing_found = compiled(Case(4, 2, complex=True))
    monkeypatch.setattr(layout, "search_budget", lambda *_: None)
    assert nothing_found.to_json() == compiled(Case(4, 2, complex=True)).to_json()


def test_a_circuit_moves_to_where_its_qubits_are_read_best() -> None:
    """Also where nothing else is known of single qubits."""
    good = {6, 7, 8}
    measured = tuple((1e-4, 1e-4) if node in good else (0.2, 0.2) for node in range(18))
    rates = replace(RATES, one_qubit_by_qubit=(), two_qubit_by_edge=(), measure_by_qubit=measured)
    circuit = compiled(Case(2, 2), replace(MACHINE, errors=rates), optimisation=1).circuits[0]
    assert {circuit.qubits[place][1] for place in circuit.first[circuit.kind == KIND["Measure"]]} <= good


def test_a_circuit_moves_to_where_the_device_errs_least() -> None:
    """One pair of qubits: it ends on the only good edge, between two good readouts."""
    rates = replace(
        RATES,
        two_qubit_by_edge=tuple((a, b, 1e-4 if (a, b) == (6, 7) else 1e-2) for a, b in MACHINE.coupling or ()),
    )
    best = compiled(Case(2, 2), replace(MACHINE, errors=rates), optimisation=1)
    circuit = best.circuits[0]
    edges = {
        frozenset((circuit.qubits[first][1], circuit.qubits[second][1]))
        for kind, first, second in zip(circuit.kind, circuit.first, circuit.second, strict=True)
        if kind == qsac.native.circuit.KIND["CZ"]
    }
    assert frozenset((6, 7)) in edges
