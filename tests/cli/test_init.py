"""`qsac init`: what it writes is a model, and it replaces nothing."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.cli.main import run
from qsac.errors import of_type
from qsac.families.qsa.model import Model

Captured = pytest.CaptureFixture[str]


def loaded(name: str) -> Model:
    """The model of quantum attention in a file."""
    return of_type(qsac.load(name), Model)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("ending", ["npy", "npz", "csv"])
def test_a_model_of_arrays(ending: str, here: Path, capsys: Captured) -> None:
    values = np.random.default_rng(0).normal(size=(5, 3))
    if ending == "csv":
        np.savetxt("tokens.csv", values, delimiter=",")
    elif ending == "npz":
        np.savez("tokens.npz", x=values)
    else:
        np.save("tokens.npy", values)
    assert run(["init", "mine.json", "--tokens", f"tokens.{ending}", "--layers", "1", "--readout", "predict"]) == 0
    assert capsys.readouterr().out.startswith("mine: written to mine.json\n")
    model = loaded("mine.json")
    assert np.allclose(model.given_tokens, values)
    assert (model.name, model.readout.type, model.mask) == ("mine", "predict", "causal")
    assert run(["check", "mine.json"]) == 0
    angles = json.loads(Path("mine.json").read_text())["attention"]
    assert angles["value"]["parameters"]["seed"] != angles["score"]["parameters"]["seed"]


def test_many_numbers_stay_in_their_file(here: Path, capsys: Captured) -> None:
    (here / "data").mkdir()
    (here / "elsewhere").mkdir()
    np.savez("data/tokens.npz", a=np.ones((3, 2)), b=np.random.default_rng(0).normal(size=(40, 8)))
    arguments = ["--tokens", "data/tokens.npz", "--array", "b", "-q"]
    assert run(["init", "wide.json", *arguments]) == 0
    document = json.loads(Path("wide.json").read_text())
    assert document["tokens"] == {"type": "file", "path": "data/tokens.npz", "array": "b"}
    assert loaded("wide.json").context == 39
    assert run(["init", "elsewhere/wide.json", *arguments]) == 2
    assert "[file.outside-folder]" in capsys.readouterr().err
    assert not Path("elsewhere/wide.json").exists()


def test_nothing_is_replaced_and_nothing_invalid_written(here: Path, capsys: Captured) -> None:
    np.save("tokens.npy", np.eye(3))
    Path("model.json").write_text("mine")
    assert run(["init", "--tokens", "tokens.npy"]) == 2
    assert "[output.exists]" in capsys.readouterr().err
    assert Path("model.json").read_text() == "mine"
    np.save("zero.npy", np.zeros((3, 2)))
    for arguments, code in (
        (["--tokens", "zero.npy"], "tokens.zero-token"),
        (["--tokens", "none.npy"], "file.missing"),
        (["--tokens", "tokens.npy", "--name", "a/b"], "model.invalid-name"),
        (["--array", "x"], "usage.invalid"),
        ([], "usage.invalid"),
    ):
        assert run(["init", "new.json", *arguments]) == 2
        assert f"[{code}]" in capsys.readouterr().err
        assert not Path("new.json").exists()


ANSWERS: dict[str, list[str]] = {
    "ising": ["", "3", "4", "", "", "0.5", "", "7", "chain", "softmax-taylor", "2", "full", "1", ""],
    "file": ["file", "tokens.npy", "", "", "", "", "", ""],
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_answers_make_a_model(kind: str, here: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save("tokens.npy", np.eye(3))
    asked = iter(ANSWERS[kind])
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _question: next(asked))
    assert run(["init"]) == 0
    assert next(asked, None) is None, "every answer was asked for"
    model = loaded("model.json")
    if kind == "ising":
        assert (model.name, model.context, model.dimension, model.mask, model.degree) == ("chain", 4, 8, "full", 2)
        assert json.loads(Path("model.json").read_text())["tokens"]["field"] == 0.5
    else:
        assert (model.name, model.context, model.readout.type) == ("model", 2, "loss")
    assert capsys.readouterr().out.startswith(model.name)


def test_giving_up_writes_nothing(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    def interrupted(_question: str) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("click.termui.visible_prompt_func", interrupted)
    assert run(["init"]) == 130
    assert list(here.iterdir()) == []


def test_tokens_that_are_not_there_are_named_as_they_were(here: Path, capsys: Captured) -> None:
    np.save("toknes.npy", np.eye(3))
    assert run(["init", "model.json", "--tokens", "tokens.npy"]) == 2
    said = capsys.readouterr().err
    assert "where:  tokens.npy\n" in said  # there is no model file yet, and so no place in it
    assert 'did you mean "toknes.npy"?' in said
