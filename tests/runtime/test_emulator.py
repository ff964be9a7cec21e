"""Runs on Quantinuum's local emulator: with the emulator itself where it is installed, else with Aer in its place.

pytket-quantinuum's own part, its checks of the circuit and what it makes of the shots, runs in either case.
"""

import importlib.util
import json
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from pytket.circuit import Circuit
from pytket.extensions.qiskit import AerBackend
from pytket.utils.outcomearray import OutcomeArray

import qsac
from qsac.cli.main import run as command
from qsac.errors import BackendError, DoesNotFitError, InvalidInputError
from qsac.runtime import aer, emulator
from qsac.runtime.run import run
from tests.strategies import random_model

INSTALLED = importlib.util.find_spec("pytket_pecos") is not None


class AerInPlace:
    """What pytket-quantinuum wants of ``pytket_pecos.Emulator``."""

    def __init__(self, circuit: Circuit, wasm: Any, qsim: str, seed: int) -> None:
        assert (wasm, qsim) == (None, "state-vector")
        assert 0 <= seed < 1 << 31
        self.circuit, self.seed = circuit, seed

    def run(self, n_shots: int, multithreading: bool) -> OutcomeArray:
        backend = AerBackend()
        native = backend.get_compiled_circuit(self.circuit, optimisation_level=0)
        handle = backend.process_circuit(native, n_shots=n_shots, seed=self.seed)
        return OutcomeArray.from_readouts(backend.get_result(handle).get_shots(cbits=self.circuit.bits).tolist())


@pytest.fixture
def pecos(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    from pytket.extensions.quantinuum.backends.quantinuum import have_pecos

    have_pecos.cache_clear()  # whoever asked before was told that it is not there
    if not INSTALLED:
        module = ModuleType("pytket_pecos")
        module.__spec__ = ModuleSpec("pytket_pecos", None)
        module.Emulator = AerInPlace  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "pytket_pecos", module)
    yield
    have_pecos.cache_clear()


@pytest.mark.usefixtures("pecos")
@pytest.mark.parametrize(("target", "machine"), [("h1", "H1-1LE"), ("h2-2", "H2-2LE")])
def test_shots_agree_with_the_exact_run(target: str, machine: str) -> None:
    compiled = qsac.compile(random_model(4), target, verify=False)
    exact = run(compiled)
    shots = run(compiled, emulator=True, shots=5_000, seed=7)
    assert (shots.target, shots.shots, shots.noise) == (machine, 5_000, False)
    assert shots == run(compiled, emulator=True, shots=5_000, seed=7)
    for name, error in shots.standard_errors.items():
        value, wanted = shots.metrics[name], exact.metrics[name]
        assert error is not None
        assert value is not None
        assert wanted is not None
        assert abs(value - wanted) < 4 * error


@pytest.mark.usefixtures("pecos")
def test_other_readouts_and_a_precision() -> None:
    source = random_model(4) | {"readout": {"type": "overlaps", "part": "abs2"}}
    compiled = qsac.compile(source, "h2", verify=False)
    exact, found = run(compiled), run(compiled, emulator=True, shots=5_000)
    drawn, wanted = (np.array(each.values["overlaps"]["abs2"], dtype=float) for each in (found, exact))
    assert np.nanmax(np.abs(drawn - wanted)) < 0.2
    loss = run(qsac.compile(random_model(4), "h2", verify=False), emulator=True, precision=0.2)
    error = loss.standard_errors["loss"]
    assert error is not None
    assert error <= 0.2


@pytest.mark.usefixtures("pecos")
def test_a_machine_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = qsac.compile(random_model(4), "ibm-fez", optimisation=0, verify=False)
    with pytest.raises(BackendError, match="H2-1LE did not run the circuit"):
        list(emulator.emulate("H2-1LE", compiled.circuits[0], 10, 0))
    monkeypatch.setattr(aer, "WIDTH_LIMIT", 2)
    with pytest.raises(DoesNotFitError, match="too wide for the emulator"):
        run(qsac.compile(random_model(4), "h2", verify=False), emulator=True)


@pytest.mark.usefixtures("pecos")
@pytest.mark.parametrize("target", ["helios", "statevector", "aer"])
def test_targets_without_an_emulator(target: str) -> None:
    compiled = qsac.compile(random_model(4), target, verify=False)
    with pytest.raises(InvalidInputError, match=f"no emulator of {target}"):
        run(compiled, emulator=True, shots=5)


@pytest.mark.usefixtures("pecos")
def test_it_has_no_noise() -> None:
    with pytest.raises(InvalidInputError, match="the emulator has no noise"):
        run(qsac.compile(random_model(4), "h2", verify=False), emulator=True, noise=True)


def test_without_the_package_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pytket_pecos", None)
    with pytest.raises(InvalidInputError, match=r"pip install --pre 'qsac\[pecos\]'"):
        run(qsac.compile(random_model(4), "h2", verify=False), emulator=True)


@pytest.mark.usefixtures("pecos")
def test_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = tmp_path / "model.json"
    model.write_text(json.dumps(random_model(4)), encoding="utf-8")
    assert command(["run", str(model), "--target", "h2", "--emulator", "--shots", "100", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["target"] == "H2-1LE"
    assert command(["run", str(model), "--target", "h2", "--emulator", "--submit", "--shots", "100"]) == 2
    assert "--emulator is for simulations" in capsys.readouterr().err
