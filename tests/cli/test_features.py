"""`qsac features`: what is written and said, and what is refused."""

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest

import qsac
from qsac.cli.main import run

SENTENCES = Path(__file__).parents[2] / "docs" / "examples" / "sentences.csv"
Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QSAC_CACHE_DIR", str(tmp_path / "cache"))
    Path("sentences.csv").write_bytes(SENTENCES.read_bytes())


def test_vectors_are_written_and_described(capsys: Captured) -> None:
    assert run(["features", "sentences.csv", "-o", "a.npz"]) == 0
    said = capsys.readouterr().out
    assert "200 texts: written to a.npz" in said
    assert "140 train, 20 validation, 40 test" in said
    assert f"tf-idf (qsac {qsac.__version__}): 140 numbers" in said
    assert "fitted to" in said
    assert Path("a.npz").read_bytes() == qsac.features("sentences.csv").to_bytes()
    assert (
        run(["features", "sentences.csv", "-o", "a.npz", "-q", "--dimension", "3", "--seed", "4", "--test", "0.5"]) == 0
    )
    assert capsys.readouterr().out == ""
    assert Path("a.npz").read_bytes() == qsac.features("sentences.csv", dimension=3, seed=4, test=0.5).to_bytes()


def test_json(capsys: Captured) -> None:
    assert run(["features", "sentences.csv", "-o", "a.npz", "--json", "--dimension", "all", "--validation", "0"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["parts"] == {"train": 160, "validation": 0, "test": 40}
    assert found["encoder"]["name"] == "tf-idf"
    assert found["entries"] == found["encoder"]["dimension"]
    assert (found["classes"], found["vectors"]) == (["garden", "kitchen"], 200)


def test_new_texts(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(["features", "sentences.csv", "-o", "a.npz", "-q"]) == 0
    first = "Rinse the basil leaves and tear them over the warm tomatoes.\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(first.encode())))
    assert run(["features", "-", "--fitted", "a.npz", "-o", "b.npz"]) == 0
    assert "1 test" in capsys.readouterr().out
    one, other = qsac.Features.load("a.npz"), qsac.Features.load("b.npz")
    np.testing.assert_allclose(other.features[0], one.features[0], atol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sentences.csv"], "Missing option"),
        (["missing.csv", "-o", "a.npz"], "file.missing"),
        (["sentences.csv", "-o", "sentences.csv"], "the output would replace the file of texts"),
        (["sentences.csv", "-o", "a.npz", "--fitted", "a.npz"], "file.missing"),
        (["sentences.csv", "-o", "b.npz", "--fitted", "a.npz", "--seed", "1"], "exclude each other"),
        (["sentences.csv", "-o", "a.npz", "--dimension", "few"], "neither a whole number"),
        (["sentences.csv", "-o", "a.npz", "--encoder", "wordllama"], "pip install --no-deps wordllama"),
        (["sentences.csv", "-o", "nowhere/a.npz"], "output.no-folder"),
        (["sentences.csv", "-o", "a.npz", "--label-column", "class"], "features.unknown-column"),
    ],
)
def test_what_is_refused(arguments: list[str], said: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qsac.text.encoders.packaged.find_spec", lambda _: None)
    assert run(["features", *arguments]) == 2
    error = capsys.readouterr().err
    assert said.lower() in error.lower()
    assert "Traceback" not in error
    assert not Path("a.npz").exists()
