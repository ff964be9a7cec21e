"""`qsac verify`: what it prints, how it exits, and sealing again."""

import json
from pathlib import Path
from typing import Any

import pytest

import qsac
from qsac.cli.main import run
from tests.cli.conftest import sealed

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def artifact(folder: Path) -> dict[str, Any]:
    assert run(["compile", "small.json", "-q", "--target", "h2"]) == 0
    document: dict[str, Any] = json.loads(Path("small.qsac.json").read_text(encoding="utf-8"))
    return document


def test_an_honest_artifact(artifact: dict[str, Any], capsys: Captured) -> None:
    assert run(["verify", "small.qsac.json"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("small one: agrees with the closed form of its model to ")
    assert said.err == ""
    assert run(["verify", "small.qsac.json", "-q"]) == 0
    assert capsys.readouterr().out == ""
    assert run(["verify", "small.qsac.json", "--no-simulation"]) == 0
    assert capsys.readouterr().out == "small one: not simulated; all else agrees\n"


def test_a_template(folder: Path, capsys: Captured) -> None:
    assert run(["compile", "complex.json", "-q", "--template"]) == 0
    assert run(["verify", "complex.qsac-template.json"]) == 0
    assert capsys.readouterr().out.startswith("complex: agrees with the closed form")


def test_a_wrong_angle_is_named(artifact: dict[str, Any], capsys: Captured) -> None:
    command = next(one for one in artifact["circuits"][0]["circuit"]["commands"] if one["op"]["type"] == "ZZPhase")
    place = artifact["circuits"][0]["circuit"]["commands"].index(command)
    command["op"]["params"][0] = "0.123"
    Path("small.qsac.json").write_text(sealed(artifact), encoding="utf-8")
    assert run(["verify", "small.qsac.json"]) == 1
    said = capsys.readouterr().out
    assert f"/circuits/0/circuit/commands/{place}/op/params/0: not as the model compiles to\n" in said
    assert "/circuits/0: the circuit disagrees with the model\n" in said
    assert run(["verify", "small.qsac.json", "-q"]) == 1
    assert capsys.readouterr().out == said


def test_json(artifact: dict[str, Any], capsys: Captured) -> None:
    artifact["stats"]["depth"] = 1
    Path("small.qsac.json").write_text(sealed(artifact), encoding="utf-8")
    assert run(["verify", "small.qsac.json", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is False
    assert [(one["pointer"], one["found"]) for one in report["findings"]] == [("/stats/depth", "1")]


def test_a_model_that_it_should_be_of(artifact: dict[str, Any], capsys: Captured) -> None:
    assert run(["verify", "small.qsac.json", "--model", "small.json"]) == 0
    assert run(["verify", "small.qsac.json", "--model", "complex.json"]) == 1
    assert "the artifact is of another model" in capsys.readouterr().out


def test_a_wide_circuit(artifact: dict[str, Any], capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qsac.simulation.statevector.WIDTH_LIMIT", 2)
    assert run(["verify", "small.qsac.json"]) == 3
    assert "not verified: too wide" in capsys.readouterr().out
    assert run(["verify", "small.qsac.json", "--no-simulation"]) == 0


@pytest.mark.parametrize("command", ["run", "interpret"])
def test_a_changed_artifact_is_refused_until_it_is_sealed_again(
    command: str, artifact: dict[str, Any], capsys: Captured
) -> None:
    artifact["model"]["name"] = "renamed"
    text = json.dumps(artifact)
    Path("small.qsac.json").write_text(text, encoding="utf-8")
    Path("counts.json").write_text(json.dumps({"order": "pytket", "counts": {"0" * 6: 5}}), encoding="utf-8")
    arguments = ["counts.json"] if command == "interpret" else []
    assert run([command, "small.qsac.json", *arguments]) == 2
    assert "its digest does not match" in capsys.readouterr().err
    assert run(["verify", "--reseal", "small.qsac.json", "-o", "new.qsac.json"]) == 0
    assert capsys.readouterr().out == "sealed, not verified: new.qsac.json\n"
    assert Path("small.qsac.json").read_text(encoding="utf-8") == text
    assert run([command, "new.qsac.json", *arguments]) == 0
    capsys.readouterr()
    assert run(["verify", "new.qsac.json"]) == 1
    assert "/ir: the program of another model" in capsys.readouterr().out
    assert qsac.Compiled.load("new.qsac.json").verified is None


def test_a_bound_template_that_was_changed_is_refused(folder: Path, capsys: Captured) -> None:
    assert run(["compile", "complex.json", "-q", "--template"]) == 0
    place = Path("complex.qsac-template.json")
    place.write_text(place.read_text(encoding="utf-8").replace('"seed":0', '"seed":1', 1), encoding="utf-8")
    assert run(["bind", "complex.qsac-template.json"]) == 2
    assert "the template was changed after it was written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--reseal"], "--reseal and -o NEW go together"),
        (["-o", "new.json"], "--reseal and -o NEW go together"),
        (["--reseal", "-o", "small.qsac.json"], "the output would replace the artifact"),
        (["--reseal", "-o", "new.json", "--json"], "--reseal checks nothing"),
        (["--model", "nothing.json"], "the model file does not exist"),
    ],
)
def test_wrong_usage(options: list[str], said: str, artifact: dict[str, Any], capsys: Captured) -> None:
    assert run(["verify", "small.qsac.json", *options]) == 2
    assert said in capsys.readouterr().err
    assert not Path("new.json").exists()


def test_standard_streams(artifact: dict[str, Any], standard_input: Any, capsys: Captured) -> None:
    data = Path("small.qsac.json").read_bytes()
    standard_input(data)
    assert run(["verify", "-"]) == 0
    standard_input(data)
    capsys.readouterr()
    assert run(["verify", "--reseal", "-", "-o", "-", "-q"]) == 0
    assert json.loads(capsys.readouterr().out)["verified"] is None


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"qsac": 1}', "nonsense"])
def test_what_is_neither(text: str, folder: Path, capsys: Captured) -> None:
    Path("other.json").write_text(text, encoding="utf-8")
    assert run(["verify", "other.json"]) == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_what_comes_from_a_file_is_printed_as_visible_text(artifact: dict[str, Any], capsys: Captured) -> None:
    artifact["target"]["name"] = "h2\x1b]0;pwned\x07"
    Path("small.qsac.json").write_text(sealed(artifact), encoding="utf-8")
    assert run(["verify", "small.qsac.json"]) == 0
    said = capsys.readouterr()
    assert "\\x1b" in said.err
    assert not set(said.out + said.err) & {"\x1b", "\x07"}
