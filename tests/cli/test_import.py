"""`qsac import`: a file of weights becomes a model file, and every number of it is printed."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from qsac.cli.main import run
from qsac.families.reading import load
from tests.importing.trained import gpt2, torch

Captured = pytest.CaptureFixture[str]
COMMAND = ["import", "gpt.npz", "--heads", "2", "--sequence", "3,0,2,1"]


@pytest.fixture(autouse=True)
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    np.savez(tmp_path / "gpt.npz", **gpt2())
    save_file(torch(layers=2), tmp_path / "encoder.safetensors")
    np.save(tmp_path / "rows.npy", np.random.default_rng(1).normal(size=(5, 4)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_an_output_nothing_is_written(weights: Path, capsys: Captured) -> None:
    before = {file.name for file in weights.iterdir()}
    assert run(COMMAND) == 0
    out = capsys.readouterr().out
    assert "gpt: imported, nothing written: -o FILE writes the model" in out
    assert "layers.0.softmax" in out
    assert "layers.0.query " not in out
    assert "0 taken, 20 folded, exactly (-v lists them)" in out
    assert "distance of the closed form from the original, over 4 positions" in out
    assert {file.name for file in weights.iterdir()} == before


def test_verbose_lists_every_piece(capsys: Captured) -> None:
    assert run([*COMMAND, "-v"]) == 0
    out = capsys.readouterr().out
    assert "layers.0.query " in out
    assert "exactly (-v" not in out


def test_the_model_file_can_be_checked(weights: Path, capsys: Captured) -> None:
    assert run([*COMMAND, "-o", "model.json", "--positions", "targets", "--name", "letters"]) == 0
    assert "letters: imported, written to model.json" in capsys.readouterr().out
    assert run(["check", "model.json", "--metrics", "--json"]) == 0
    checked = json.loads(capsys.readouterr().out)
    assert checked["name"] == "letters"
    assert len(checked["values"]["predictions"]) == 3
    assert run([*COMMAND, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["distance"]["cross_entropy"] == pytest.approx(checked["metrics"]["cross_entropy"])
    assert {piece["fate"] for piece in printed["pieces"]} == {"folded", "approximated", "given up"}


def test_standard_output_is_the_model_alone(capsys: Captured) -> None:
    assert run([*COMMAND, "-o", "-"]) == 0
    captured = capsys.readouterr()
    assert load(json.loads(captured.out)).section == "transformer"
    assert "layers.0.softmax" in captured.err


def test_rows_from_a_file(capsys: Captured) -> None:
    command = ["import", "encoder.safetensors", "--names", "torch", "--heads", "2", "--inputs", "rows.npy"]
    assert run([*command, "--widen", "-o", "encoder.json", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["distance"]["positions"] == 5
    assert load("encoder.json").dimension == 5


def test_options_reach_the_stand_ins(capsys: Captured) -> None:
    options = ["--kernel", "polynomial", "--kernel-degree", "3", "--kernel-range", "2", "--feed-forward-degree", "4"]
    assert run([*COMMAND, *options, "--feed-forward-range", "3", "-o", "model.json", "--json"]) == 0
    pieces = {piece["part"]: piece["of"] for piece in json.loads(capsys.readouterr().out)["pieces"]}
    assert "degree 3" in pieces["layers.0.softmax"]
    assert "degree 4 on |x| <= 3 " in pieces["layers.0.activation"]
    kernel = json.loads(Path("model.json").read_text())["transformer"]["layers"][0]["attention"]["kernel"]
    assert (kernel["type"], len(kernel["coefficients"])) == ("polynomial", 4)


def test_a_head_far_from_unitary_is_warned_of(capsys: Captured) -> None:
    assert run([*COMMAND, "--section", "attention", "--head", "1", "-o", "head.json"]) == 0
    captured = capsys.readouterr()
    assert "spectral distance from the nearest unitary" in captured.out
    assert (
        'warning: the score and the value of this head are far from any unitary: section="transformer"' in captured.err
    )
    assert load("head.json").section == "attention"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["import", "missing.npz"], "file.missing"),
        (["import", "gpt.npz", "--sequence", "0"], "import.no-heads"),
        ([*COMMAND[:-1], "a,b"], "import.invalid-sequence"),
        ([*COMMAND, "--names", "names.json"], "file.missing"),
        ([*COMMAND, "--inputs", "gpt.npz"], "tokens.not-one-array"),
        ([*COMMAND, "--kernel-degree", "-1"], "option.out-of-range"),
        ([*COMMAND, "-o", "missing/model.json"], "output.no-folder"),
        ([*COMMAND, "--section", "attention", "--layer", "7"], "option.out-of-range"),
    ],
)
def test_mistakes(arguments: list[str], code: str, capsys: Captured) -> None:
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert f"[{code}]" in captured.err
    assert captured.out == ""
