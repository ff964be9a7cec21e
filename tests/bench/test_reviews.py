"""Labelled reviews are read from their source as they are, and the table of classifiers is what it says."""

import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest

import qsac
from tests.bench import reviews, text_classification

SCORED = '1\t2.27\tA fine   film.\r\n2\t-0.4\tSo so.\r\n3\t-0.5\tDull, "long"\tand loud.\r\n'
SENTENCES = Path(__file__).parents[2] / "docs" / "examples" / "sentences.csv"


def _packed(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return stream.getvalue()


def test_snippets_are_read_from_the_source(tmp_path: Path) -> None:
    place = tmp_path / "source.tar.gz"
    place.write_bytes(_packed({reviews.INNER: _packed({reviews.MEMBER: SCORED.encode()})}))
    text = reviews.snippets(place)
    assert list(reviews.labelled(text)) == [("A fine film.", "positive"), ('Dull, "long" and loud.', "negative")]


def test_what_is_not_known_is_not_written(tmp_path: Path) -> None:
    place = tmp_path / "corpus" / "reviews.csv"
    rows = [("a", "positive")]
    with pytest.raises(SystemExit, match="would not be the texts"):
        reviews.written(place, iter(rows), reviews.DIGEST)
    assert not place.exists()
    reviews.written(place, iter(rows), hashlib.sha256(b"text,label\na,positive\n").hexdigest())
    assert place.read_text() == "text,label\na,positive\n"


def test_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    found = qsac.features(SENTENCES)
    assert found.labels is not None
    predictions = np.stack([found.labels, 1 - found.labels])
    np.savez(tmp_path / "hybrid.npz", predictions=predictions)
    arguments = ["--texts", str(SENTENCES), "--encoders", "tf-idf", "--seeds", "2", "--folder", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["text_classification", *arguments, "--hybrid", str(tmp_path / "hybrid.npz")])
    text_classification.main()
    said = capsys.readouterr().out
    names = [line.split("|")[1].strip() for line in said.splitlines() if line.startswith("| tf-idf")]
    assert [name.split(", ")[1] for name in names] == ["logistic", "logistic", "twin", "logistic", "hybrid", "twin"]
    assert "| tf-idf to 16, hybrid | 94 | 0.500 ± 0.500 | 0.500 ± 0.500 |" in said
    assert qsac.Features.load(tmp_path / "reviews-tf-idf.npz").to_bytes() == found.to_bytes()
    assert json.loads((tmp_path / "reviews-tf-idf.json").read_text()) == text_classification.hybrid(16, 2)
    monkeypatch.setattr(sys, "argv", ["text_classification", "--texts", str(SENTENCES), "--folder", str(tmp_path)])
    monkeypatch.setattr("qsac.text.encoders.packaged.find_spec", lambda _: None)
    monkeypatch.setattr(text_classification, "encoder_names", lambda: ("wordllama",))
    text_classification.main()
    assert "wordllama: not measured" in capsys.readouterr().out


def test_the_predictions_of_models_are_their_likeliest_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    class Result:
        values = {"outputs": [[0.2, 0.8], [0.9, 0.1]]}  # noqa: RUF012  (as short as can be)

    asked = []
    monkeypatch.setattr(qsac, "run", lambda file, inputs: asked.append((file, inputs)) or Result(), raising=False)
    found = text_classification.hybrid_predictions(["a.json", "b.json"], np.eye(2))
    assert found.tolist() == [[1, 0], [1, 0]]
    assert [file for file, _ in asked] == ["a.json", "b.json"]
