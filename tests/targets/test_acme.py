"""The documented example of a package that brings a target."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

import qsac
from qsac.cli.main import run
from qsac.families.reading import load
from qsac.machine import registry
from tests.strategies import random_model
from tests.targets.agreement import assert_closed_form

# Contexts of at most four tokens and degree one: they fit seven qubits.
SMALL = [
    seed
    for seed in range(200)
    if (model := load(random_model(seed))).degree == 1 and 2 * model.index_qubits + model.data_qubits <= 6
][:5]


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package, as an installer would leave it."""
    shutil.copy(Path(__file__).parent / "acme_qsac.py", tmp_path)
    info = tmp_path / "acme_qsac-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-qsac\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[qsac.targets]\nring-7 = acme_qsac:ring\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "acme_qsac", raising=False)


def test_it_is_listed_and_described(capsys: pytest.CaptureFixture[str]) -> None:
    assert registry.target_names()[-1] == "ring-7"
    assert run(["targets", "ring-7"]) == 0
    assert "7 working pairs; 2 neighbours at most" in capsys.readouterr().out
    assert run(["targets", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[-1]["vendor"] == "Acme"


@pytest.mark.usefixtures("short_search")
@pytest.mark.parametrize("seed", SMALL)
def test_models_are_compiled_for_it(seed: int) -> None:
    model = load(random_model(seed))
    compiled = qsac.compile(model, "ring-7", verify=False)
    circuit, pairs = compiled.circuits[0], set(registry.target("ring-7").coupling or ())
    assert circuit.count("CZ") == circuit.two_qubit_gates
    two = circuit.second[circuit.kind == 5].tolist()
    for first, second in zip(circuit.first[circuit.kind == 5].tolist(), two, strict=True):
        assert tuple(sorted((circuit.qubits[first][1], circuit.qubits[second][1]))) in pairs
    assert_closed_form(model, circuit)
