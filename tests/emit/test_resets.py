"""What docs/artifact.md says of measurements and resets, on every kind of circuit that is compiled."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import qsac
from qsac.layout import choice as layout
from qsac.layout.choice import Candidate, lowest_expected_error
from qsac.layout.search_budget import SearchBudget
from qsac.machine.target import Target
from qsac.native.circuit import GATES, NativeCircuit
from tests.bench.cases import Case
from tests.cases import some
from tests.cli.conftest import MODELS
from tests.pipelines import CASCADES
from tests.strategies import random_model

EXAMPLE = json.loads((Path(__file__).parent.parent.parent / "docs" / "examples" / "tfim.json").read_text())
MODELS_SEEN: list[dict[str, Any]] = [
    *(random_model(seed) for seed in range(4)),
    *(MODELS["complex"] | {"readout": {"type": kind}} for kind in ("loss", "predict", "overlaps")),
    Case(8, 4, 2).model(),
    Case(6, 8, complex=True).model(),
]


def events(circuit: NativeCircuit) -> Iterator[str]:
    """What happens to qubits that were measured, in order: ``reset after given``, ``used again after success``, .."""
    given = {bit for readout in circuit.readouts for bit in readout.given}
    index = {bit for readout in circuit.readouts for bit in readout.index_bits}
    measured: dict[int, str] = {}
    bits: list[int] = []
    columns = (circuit.kind.tolist(), circuit.first.tolist(), circuit.second.tolist())
    for kind, first, second in zip(*columns, strict=True):
        gate = GATES[kind]
        if gate.name == "Measure":
            if second in given and any(bit not in given for bit in bits):
                yield "given bit after others"
            assert first not in measured, "a qubit is measured twice without anything in between"
            measured[first] = "given" if second in given else "index" if second in index else "success"
            bits.append(second)
        elif gate.name == "Reset":
            assert first in measured, "a reset follows the measurement of its qubit directly"
            yield f"reset after {measured.pop(first)}"
        else:
            for qubit in (first, second) if gate.qubits == 2 else (first,):
                if qubit in measured:
                    yield f"used again after {measured.pop(qubit)}"
    assert len(bits) == len(set(bits)) == len(circuit.bits), "every bit is written once"


def seen(models: Sequence[dict[str, Any]], target: str, **options: Any) -> Counter[str]:
    found: Counter[str] = Counter()
    for model in models:
        found.update(events(qsac.compile(model, target, verify=False, **options).circuits[0]))
    return found


@pytest.mark.parametrize(("prefer", "optimisation"), some(product(["depth", "qubits"], [0, 1, 2]), 5))
def test_where_all_qubits_are_connected_only_given_bits_are_reset(prefer: str, optimisation: int) -> None:
    found = seen(MODELS_SEEN, "h2", optimisation=optimisation, prefer=prefer)
    assert set(found) <= {"reset after given"}
    assert prefer == "depth" or found["reset after given"] > 20


@pytest.mark.parametrize("optimisation", [0, 1])
def test_routed_circuits_reset_given_bits_and_pass_through_others(
    optimisation: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "search_budget", lambda *_: None)
    models = [*MODELS_SEEN, *map(random_model, range(4, 8)), MODELS["small"], EXAMPLE]
    found = seen(models, "ibm-fez", optimisation=optimisation)
    assert "reset after success" not in found
    assert "reset after index" not in found
    assert found["reset after given"] > 20
    assert found["used again after success"] > 0
    if optimisation:
        assert found["given bit after others"] > 0


def test_laid_out_circuits_reset_what_stands_in_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "search_budget", lambda *_: SearchBudget(3, (3, 2), 1, 200))
    found: Counter[str] = Counter()

    def watched(candidates: Sequence[Candidate], machine: Target) -> Candidate:
        for candidate in candidates[1:]:
            found.update(events(candidate.circuit))
        return lowest_expected_error(candidates, machine)

    monkeypatch.setattr(layout, "lowest_expected_error", watched)
    for model in MODELS_SEEN[-3:]:
        qsac.compile(model, "ibm-fez", passes=CASCADES, verify=False)
    assert found["reset after given"] > 5
    assert found["reset after success"] > 0
    assert not any(name.startswith("used again") for name in found)
