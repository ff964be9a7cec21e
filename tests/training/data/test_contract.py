"""What all kinds of data have in common."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qsac.errors import QsacError
from qsac.families.learning import Given
from qsac.training.data.contract import Data
from qsac.training.data.making import kinds
from qsac.training.reading import load

SIZES = {"context": 3, "train": 5, "test": 4}
WORDS = ("the", "cat", "sat", "on", "mat", "and", "ate", "rat")
TEXT = "\n".join(f"{WORDS[place % 8]} is here" for place in range(40))
CASES: dict[str, dict[str, Any]] = {
    "ising": {"type": "ising", "sites": 2, **SIZES},
    "validated": {"type": "ising", "sites": 2, "validation": 3, **SIZES},
    "hamiltonian": {"type": "hamiltonian", "terms": [{"paulis": "XY", "coefficient": [0, 1]}], "dt": 0.3, **SIZES},
    "text": {"type": "text", "path": "text.txt", "block": 2, **SIZES},
    "bpe": {"type": "text", "path": "text.txt", "block": 2, "tokens": {"type": "bpe", "size": 20}, **SIZES},
    "series": {"type": "series", "path": "series.npy", **SIZES},
    "amplitude": {"type": "series", "path": "series.npy", "rows": "amplitude", **SIZES},
    "copying": {"type": "sequences", "source": {"type": "copying", "letters": 3}, **SIZES},
    "markov": {"type": "sequences", "source": {"type": "markov"}, **SIZES},
    "grammar": {"type": "sequences", "source": {"type": "grammar"}, **SIZES},
    "file": {"type": "sequences", "source": {"type": "file", "path": "words.json", "test_share": 0.5}, **SIZES},
    "samples": {"type": "samples", "path": "samples.json", "test_share": 0.4, "train": 5, "test": 4},
}
ONCE = ("bpe", "copying")
"""Cases in which another seed may draw the same sequences in another order, or none."""


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    np.save(tmp_path / "series.npy", np.random.default_rng(0).normal(size=(80, 3)))
    words = np.random.default_rng(0).integers(3, size=(20, 4)).tolist()
    samples = {"inputs": np.random.default_rng(0).normal(size=(20, 3)).tolist(), "targets": [0, 1] * 10}
    (tmp_path / "samples.json").write_text(json.dumps(samples), encoding="utf-8")
    (tmp_path / "words.json").write_text(json.dumps(words), encoding="utf-8")


def test_every_kind_has_a_case() -> None:
    assert {case["type"] for case in CASES.values()} == set(kinds())
    assert list(kinds()) == sorted(kinds())


@pytest.mark.parametrize("name", CASES)
def test_data_are_what_they_say(made: Callable[..., Data], name: str) -> None:
    data = made(7, **CASES[name])
    assert (len(data.train), len(data.test)) == (5, 4)
    assert data.facts
    assert all(title and text for title, text in data.facts)
    assert data.warnings == ()
    for part in (data.train, data.test, data.validation):
        if part is None:
            assert name != "validated"
            continue
        assert part.shape[1] == data.given.length == 4
        assert not part.flags.writeable
        if data.given.samples is not None:
            assert part.dtype == np.float64
            assert part.shape[1] == data.given.samples.shape[0] + 1
        elif data.given.labels is None:
            assert part.shape[2] == data.given.dimension
            assert part.dtype == (np.float64 if data.given.real else np.complex128)
            np.testing.assert_allclose(np.linalg.norm(part, axis=2), 1, rtol=1e-14)
        else:
            assert data.given.dimension is None
            assert part.dtype == np.int64
            assert 0 <= part.min() <= part.max() < len(data.given.labels) == len(set(data.given.labels))
            assert data.shares is not None
            assert data.shares.sum() == pytest.approx(1)
            assert data.shares.shape == (len(data.given.labels),)
    if data.truth is not None:
        assert data.truth.shape == (4, 3)
        assert ((data.truth > 0) & (data.truth <= 1)).all()


@pytest.mark.parametrize("name", CASES)
def test_the_seed_decides(made: Callable[..., Data], name: str) -> None:
    first, again, other = (made(seed, **CASES[name]) for seed in (0, 0, 1))
    assert first.digest == again.digest
    np.testing.assert_array_equal(first.train, again.train)
    assert made(5, **CASES[name], seed=1).digest == other.digest
    assert first.digest != other.digest


def test_the_digest_counts_what_is_learned_from() -> None:
    words = np.array([[0, 1], [1, 0]])
    data = Data(words, words[:1], Given(2, None, labels=("a", "b")))
    same = Data(words.copy(), words[:1].copy(), Given(2, None, labels=("a", "b")), facts=(("a", "b"),))
    assert data.digest == same.digest
    others = [
        Data(words[:1], words[:1], data.given),
        Data(words, words[1:], data.given),
        Data(words, words[:1], data.given, validation=words[:1]),
        Data(words, words[:1], Given(2, None, labels=("a", "c"))),
        Data(words[:, ::-1], words[:1], data.given),
    ]
    assert len({data.digest, *(other.digest for other in others)}) == 6


def test_the_digest_of_states_does_not_depend_on_the_last_digits() -> None:
    states = np.random.default_rng(0).normal(size=(3, 4, 2))
    given = Given(4, 2, real=True)
    digest = Data(states, states, given).digest
    assert Data(states * (1 + 1e-15), states, given).digest == digest
    assert Data(states * (1 + 1e-5), states, given).digest != digest


def test_the_digest_is_the_same_everywhere() -> None:
    states = np.array([[[0.6, 0.8], [-0.0, 1.0]]])
    found = Data(states, states, Given(2, 2, real=True)).digest
    assert found == "a03f191250d64275447c2108864410df80af839ebacb1faff778cfb552c5b0cb"


def test_validation_takes_the_last_sequences() -> None:
    words = np.arange(20).reshape(10, 2)
    data = Data(words, words[:1], Given(2, None, labels=("a",)))
    split = data.with_validation(0.25)
    assert split.validation is not None
    np.testing.assert_array_equal(split.train, words[:8])
    np.testing.assert_array_equal(split.validation, words[8:])
    assert split.digest != data.digest
    assert split.with_validation(0.5) is split
    assert len(data.with_validation(1e-9).train) == 9
    with pytest.raises(QsacError, match="no sequence is left") as caught:
        data.with_validation(0.99)
    assert caught.value.pointer == "/validation/share"


MODEL = {"transformer": {"layers": [{"attention": {"heads": [{}]}}]}}
MISTAKES = [
    ({"type": "isling"}, "/data/type", "field.unknown-choice"),
    ({"type": "ising", "site": 3}, "/data/site", "field.unknown"),
    ({"type": "ising", "initial": "har"}, "/data/initial", "field.unknown-choice"),
    ({"type": "hamiltonian", "context": 2, "dt": 1, "terms": [{"pauli": "X"}]}, "/data/terms/0/pauli", "field.unknown"),
    ({"type": "text"}, "/data", "field.missing"),
    ({"type": "text", "path": "t", "tokens": {"type": "bpe"}}, "/data/tokens", "field.missing"),
    ({"type": "text", "path": "t", "tokens": {"type": "byte"}}, "/data/tokens/type", "field.unknown-choice"),
    ({"type": "text", "path": "t", "tokens": {"type": "bpe", "size": 1}}, "/data/tokens/size", "field.out-of-range"),
    ({"type": "series", "path": "s.npy", "test_share": 1}, "/data/test_share", "field.out-of-range"),
    ({"type": "sequences", "source": {"type": "copy"}}, "/data/source/type", "field.unknown-choice"),
    ({"type": "sequences", "source": {"type": "markov", "word": 3}}, "/data/source/word", "field.unknown"),
]


@pytest.mark.parametrize(("data", "pointer", "code"), MISTAKES)
def test_mistakes_in_a_configuration_have_their_place(data: dict[str, Any], pointer: str, code: str) -> None:
    with pytest.raises(QsacError) as caught:
        load({"qsac_train": 1, "model": MODEL, "data": data})
    assert (caught.value.pointer, caught.value.code) == (pointer, code)


def test_what_is_wrong_with_drawn_numbers_is_found(refused: Callable[..., QsacError]) -> None:
    found = {
        "/data/coupling": refused(type="ising", coupling=True),
        "/data/coupling/1": refused(type="ising", coupling=[0.2, "2"]),
        "/data/field": refused(type="ising", field=[2, 0.2]),
        "/data/field/0": refused(type="ising", field=[-1e9, 0.2]),
    }
    assert {pointer: error.pointer for pointer, error in found.items()} == {pointer: pointer for pointer in found}
    assert [error.code for error in found.values()] == [
        "field.wrong-type",
        "field.wrong-type",
        "field.out-of-range",
        "field.out-of-range",
    ]
    assert refused(type="ising", field=[1]).code == "field.wrong-length"
