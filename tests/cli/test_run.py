"""`qsac run`: models and artifacts, exactly and by shots."""

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import qsac
from qsac.cli.main import run
from tests.cli.conftest import SMALL
from tests.strategies import random_model

Captured = pytest.CaptureFixture[str]
GivesInput = Callable[[bytes], None]
EXAMPLE = Path(__file__).parent.parent.parent / "docs" / "examples" / "tfim.json"


def _json(capsys: Captured, *arguments: str) -> dict[str, Any]:
    assert run([*arguments, "--json"]) == 0
    return dict(json.loads(capsys.readouterr().out, parse_constant=lambda word: pytest.fail(f"{word} in JSON")))


@pytest.mark.parametrize("model", ["example", 3, 7, 11, 21])
def test_the_artifact_gives_what_the_closed_form_gives(model: str | int, folder: Path, capsys: Captured) -> None:
    text = EXAMPLE.read_text() if isinstance(model, str) else json.dumps(random_model(model))
    (folder / "t.json").write_text(text)
    assert run(["compile", "t.json", "-q", "--no-verify", "--target", "h2"]) == 0
    found = _json(capsys, "run", "t.qsac.json", "--target", "statevector")
    expected = _json(capsys, "check", "t.json", "--metrics")
    assert found["metrics"].keys() == expected["metrics"].keys()
    for name, value in expected["metrics"].items():
        assert found["metrics"][name] == (value if value is None else pytest.approx(value, abs=1e-9)), name
    assert found["success_probability"] == pytest.approx(expected["success_probability"], abs=1e-9)
    assert (found["target"], found["shots"], found["standard_errors"]) == ("statevector", None, {})
    assert len(found["warnings"]) == len(expected["warnings"])


def test_a_model_is_compiled_on_the_way(folder: Path, capsys: Captured) -> None:
    found = _json(capsys, "run", "small.json")
    assert run(["compile", "small.json", "-q"]) == 0
    assert found["target"] == "statevector"
    assert found["metrics"] == pytest.approx(_json(capsys, "run", "small.qsac.json")["metrics"], abs=1e-12)
    assert [entry.name for entry in folder.glob("*.qsac.json")] == ["small.qsac.json"]


def test_standard_input_holds_a_model_or_an_artifact(
    folder: Path, capsys: Captured, standard_input: GivesInput
) -> None:
    expected = _json(capsys, "run", "small.json", "--target", "h1")
    standard_input((folder / "small.json").read_bytes())
    assert _json(capsys, "run", "-", "--target", "h1") == expected
    standard_input(qsac.compile("small.json", "h1").to_json().encode())
    assert _json(capsys, "run", "-") == expected
    # Written by hand, with blanks and the version not first.
    document = json.loads(qsac.compile("small.json", "h1").to_json())
    standard_input(json.dumps({"sha256": document.pop("sha256"), **document}, indent=2).encode())
    assert _json(capsys, "run", "-") == expected


@pytest.mark.parametrize("artifact", [False, True])
def test_a_pipe_holds_a_model_or_an_artifact(artifact: bool, folder: Path, capsys: Captured) -> None:
    expected = _json(capsys, "run", "small.json", "--target", "h1")
    text = qsac.compile("small.json", "h1").to_json() if artifact else (folder / "small.json").read_text()
    os.mkfifo(folder / "pipe")
    writer = threading.Thread(target=lambda: (folder / "pipe").write_text(text), daemon=True)
    writer.start()
    assert _json(capsys, "run", "pipe", "--target", "h1") == expected
    writer.join(timeout=30)


@pytest.mark.parametrize("target", ["aer", "statevector", "h1"])
def test_shots_are_reproducible(target: str, folder: Path, capsys: Captured) -> None:
    arguments = ("run", "small.json", "--target", target, "--shots", "200")
    first = _json(capsys, *arguments, "--seed", "5")
    assert (first["shots"], first["seed"]) == (200, 5)
    assert _json(capsys, *arguments, "--seed", "5") == first
    assert _json(capsys, *arguments, "--seed", "6")["metrics"] != first["metrics"]
    assert _json(capsys, *arguments)["seed"] == 0


def test_tables(folder: Path, capsys: Captured) -> None:
    assert run(["run", "small.json"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    lines = captured.out.splitlines()
    assert lines[0] == "small one on statevector, exactly"
    assert lines[1].split()[:2] == ["metric", "value"]
    assert lines[3].split()[:2] == ["fidelity", "0.4984519975"]
    assert run(["run", "small.json", "--target", "h1", "--shots", "1", "--seed", "3"]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("small one on h1, 1 shot, seed 3\n")
    assert captured.out.splitlines()[1].split()[:4] == ["metric", "value", "standard", "error"]
    assert "note: h1 was simulated on this computer, without noise\n" in captured.err


def test_what_does_not_exist_is_null_and_said(folder: Path, capsys: Captured) -> None:
    assert run(["run", "orthogonal.json", "--json"]) == 0
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert (found["metrics"]["fidelity"], found["metrics"]["loss"]) == (0.0, None)
    assert captured.err == "".join(f"warning: {warning}\n" for warning in found["warnings"])
    assert run(["run", "orthogonal.json"]) == 0
    assert ["loss", "null"] in [line.split()[:2] for line in capsys.readouterr().out.splitlines()]


def test_shots_that_never_succeed(folder: Path, capsys: Captured) -> None:
    found = _json(capsys, "run", "orthogonal.json", "--target", "aer", "--shots", "300")
    assert found["metrics"]["fidelity"] == 0.0
    assert found["metrics"]["loss"] is None
    # 1 - 0.05^(1/300) = 0.00994, and -ln of it 4.61.
    assert (
        "loss is not resolved: none of 300 accepted shots succeeded; with 95% confidence it is at least 4.61"
        in (found["warnings"])
    )


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["small.json", "--shots", "0"], 2, "the number of shots is out of range"),
        (["small.json", "--shots", "-3"], 2, "the number of shots is out of range"),
        (["small.json", "--shots", "99999999999"], 2, "the number of shots is out of range"),
        (["small.json", "--shots", "many"], 2, "invalid value for '--shots'"),
        (["small.json", "--seed", "-1"], 2, "the seed is out of range"),
        (["small.json", "--target", "h9"], 2, "unknown target: h9"),
        (["small.json", "--noise"], 2, "there are no error rates of"),
        (["none.qsac.json"], 2, "the model file does not exist"),
        (["."], 2, "the model file is a folder"),
        (["long.json", "--target", "h1"], 3, "the model does not fit h1"),
        (["small.qsac.json", "--target", "h2"], 2, "the program is compiled for h1, not for h2"),
    ],
)
def test_ends(arguments: list[str], code: int, message: str, folder: Path, capsys: Captured) -> None:
    qsac.compile(SMALL, "h1", verify=False).save("small.qsac.json")
    assert run(["run", *arguments]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"error: {message}")
    assert "Traceback" not in captured.err


def test_a_failing_backend(folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failed:
        success = False
        status = "ERROR: out of luck"

        def result(self) -> "Failed":
            return self

    monkeypatch.setattr("qiskit_aer.AerSimulator.run", lambda *_, **__: Failed())
    assert run(["run", "small.json", "--target", "aer"]) == 4
    assert capsys.readouterr() == (
        "",
        "error: Aer did not run the circuit [simulator.failed]\n  found:  ERROR: out of luck\n",
    )


def test_an_interruption(folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("qsac.runtime.run.simulator", lambda _: interrupt)
    assert run(["run", "small.json"]) == 130
    assert capsys.readouterr().out == ""
