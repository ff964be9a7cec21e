"""Windows of text: what a line becomes, how blocks are split, and what is wrong with texts and tokenizers."""

import json
import math
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tokenizers

from qsac.errors import DoesNotFitError, QsacError
from qsac.files import limits
from qsac.training.data.contract import Data
from qsac.training.data.text import fields

ROOT = Path(__file__).parent.parent.parent.parent
GENESIS = (ROOT / "docs" / "examples" / "genesis.txt").read_text(encoding="utf-8")


@pytest.fixture
def text(tmp_path: Path) -> Callable[[str], str]:
    """Writes a text to the file that it returns the name of."""

    def write(content: str) -> str:
        (tmp_path / "text.txt").write_bytes(content.encode())
        return "text.txt"

    return write


def _spelled(data: Data, row: np.ndarray) -> str:
    assert data.given.labels is not None
    return "".join(data.given.labels[word] for word in row)


# Splitting


def test_characters_in_blocks(made: Callable[..., Data], text: Callable[[str], str]) -> None:
    path = text("Ab\tc \r\n\n  d e\n\nFG\nhi\njk\nlm")
    data = made(type="text", path=path, block=1, test_every=3, context=2)
    assert data.given.labels == (" ", *"abcdefghijklm")
    # Lines 3 and 6 test; the runs for training are " ab c d e" and " hi jk".
    assert [_spelled(data, row) for row in data.train] == [" ab", "b c", "c d", "d e", " hi", "i j"]
    assert [_spelled(data, row) for row in data.test] == [" fg", " lm"]
    assert data.characters == 1
    counts = Counter(" ab c d e hi jk")
    assert data.shares is not None
    np.testing.assert_allclose(data.shares, [counts[label] / 15 for label in data.given.labels])
    kept = made(
        type="text", path=path, block=1, test_every=3, context=2, tokens=_tokens("characters", lower_case=False)
    )
    assert kept.given.labels == (" ", *"AFGbcdehijklm")


def _tokens(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, **more}


def test_each_word_is_predicted_once_unless_windows_overlap_more(
    made: Callable[..., Data], text: Callable[[str], str]
) -> None:
    shape = {"path": text(GENESIS), "block": 10, "context": 8}
    data = made(type="text", **shape)
    assert (data.train[1:, 0] == data.train[:-1, -1]).mean() > 0.99
    more = made(type="text", **shape, stride=2)
    assert len(more.train) == pytest.approx(4 * len(data.train), rel=0.01)
    assert len(more.test) == len(data.test)
    few = made(type="text", **shape, train=50, test=7)
    assert (len(few.train), len(few.test)) == (50, 7)
    rows = {tuple(row) for row in data.train.tolist()}
    assert all(tuple(row) in rows for row in few.train.tolist())
    assert few.digest != made(1, type="text", **shape, train=50, test=7).digest
    assert data.digest == made(1, type="text", **shape).digest
    # No verse of the test part is in a window for training.
    joined = "".join(_spelled(data, row[:-1]) for row in data.train)
    lines = [line.lower() for line in GENESIS.splitlines()]
    tested = [line for place, line in enumerate(lines) if place // 10 % 10 == 9]
    assert len(tested) == 30
    assert not any(line in joined for line in tested if len(line) > 40)
    assert sum(line in joined for line in lines if len(line) > 40) > 250


def test_several_files(made: Callable[..., Data], tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("abc\nabd")
    (tmp_path / "b.txt").write_text("abe\nabf")
    data = made(type="text", path=["a.txt", "b.txt"], block=1, test_every=4, context=3)
    assert [_spelled(data, row) for row in data.train] == [" abc", "c ab", " abe"]
    assert [_spelled(data, row) for row in data.test] == [" abf"]


# Words and byte pairs


def test_words_and_punctuation(made: Callable[..., Data], text: Callable[[str], str]) -> None:
    path = text("It's the cat, the dog.\nThe bird isn’t the cat!")
    shape = {"path": path, "block": 1, "test_every": 2, "context": 2}
    data = made(type="text", **shape, tokens=_tokens("words"))
    assert data.given.labels == ("the", ",", ".", "cat", "dog", "it's", "<unknown>")
    assert data.test.tolist() == [[0, 6, 6], [6, 0, 3]]
    assert data.characters == len(" the bird isn't the cat!") / 6
    assert dict(data.facts)["unknown words"] == "50.0 % of the test words count as one word"
    small = made(type="text", **shape, tokens=_tokens("words", size=3, lower_case=False))
    assert small.given.labels == ("the", ",", "<unknown>")
    large = made(type="text", **shape, tokens=_tokens("words", size=9))
    assert large.given.labels == data.given.labels


def test_byte_pairs_spell_the_text(made: Callable[..., Data], text: Callable[[str], str]) -> None:
    path = text(GENESIS)
    data = made(type="text", path=path, block=10, context=16, tokens=_tokens("bpe", size=96))
    labels = data.given.labels
    assert labels is not None
    assert len(labels) == len(set(labels)) == 96
    assert "▁the" in labels
    assert "▁The" not in labels
    joined = "".join(_spelled(data, row[:-1]) for row in data.test).replace("▁", " ")
    lines = [line.lower() for line in GENESIS.splitlines()]
    tested = "".join(f" {line}" for place, line in enumerate(lines) if place // 10 % 10 == 9)
    assert joined[:500] == tested[:500]
    assert data.characters == pytest.approx(len(tested) / (17 * len(data.test)), rel=0.1)
    assert 1.5 < data.characters < 2.5


def test_byte_pairs_are_the_same_in_another_process(
    made: Callable[..., Data], text: Callable[[str], str], tmp_path: Path
) -> None:
    path = text(GENESIS)
    given = {"type": "text", "path": path, "block": 10, "tokens": _tokens("bpe", size=128)}
    data = made(**given)
    program = (
        "import sys, json; from pathlib import Path; from qsac.training.data.making import data_of, kinds; "
        "print(data_of(kinds()['text'].fields.model_validate(json.loads(sys.argv[1])), 0, Path(sys.argv[2])).digest)"
    )
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", program, json.dumps(given), tmp_path],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == data.digest
        assert done.stderr == ""


def test_the_environment_is_left_as_it_was(
    made: Callable[..., Data], text: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"type": "text", "path": text(GENESIS), "block": 10, "tokens": _tokens("bpe", size=64)}
    monkeypatch.delenv("TOKENIZERS_PARALLELISM", raising=False)
    made(**given)
    assert "TOKENIZERS_PARALLELISM" not in os.environ
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "true")
    made(**given)
    assert os.environ["TOKENIZERS_PARALLELISM"] == "true"


# Tokenizers of others


def _tokenizer(folder: Path, change: Callable[[dict[str, Any]], None] | None = None, **options: Any) -> dict[str, Any]:
    """A tokenizer.json file, with some change, and the fields that name it."""
    made = tokenizers.Tokenizer(tokenizers.models.BPE(**options))
    made.normalizer = tokenizers.normalizers.Lowercase()
    made.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace()
    special = ["[UNK]"] if options else []
    trainer = tokenizers.trainers.BpeTrainer(vocab_size=80, show_progress=False, special_tokens=special)
    made.train_from_iterator(GENESIS.splitlines(), trainer)
    document = json.loads(made.to_str())
    if change is not None:
        change(document)
    (folder / "tokenizer.json").write_text(json.dumps(document), encoding="utf-8")
    return {"type": "tokenizer", "path": "tokenizer.json"}


def test_a_given_tokenizer(made: Callable[..., Data], text: Callable[[str], str], tmp_path: Path) -> None:
    path = text(GENESIS)
    tokens = _tokenizer(tmp_path)
    data = made(type="text", path=path, block=10, context=16, tokens=tokens)
    found = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    words = [word for line in GENESIS.splitlines()[:90] for word in found.encode(line).ids]
    assert data.train[:20, :-1].ravel().tolist() == words[:320]
    assert data.given.labels == tuple(found.id_to_token(number) for number in range(80))
    with_ends = _tokenizer(tmp_path, lambda document: document.update(truncation=_TRUNCATION))
    assert made(type="text", path=path, block=10, context=16, tokens=with_ends).digest == data.digest


_TRUNCATION = {"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0}


def test_unknown_characters(
    made: Callable[..., Data], refused: Callable[..., QsacError], text: Callable[[str], str], tmp_path: Path
) -> None:
    given = {"type": "text", "path": text(GENESIS.replace("God", "Gød")), "block": 10, "context": 16}
    error = refused(**given, tokens=_tokenizer(tmp_path))
    assert (error.code, error.pointer) == ("data.unknown-word", "/data/tokens/path")
    assert '"ø" in "In the beginning Gød created' in str(error.found)
    data = made(**given, tokens=_tokenizer(tmp_path, unk_token="[UNK]"))
    assert dict(data.facts)["unknown words"].startswith("0.")


def _changed(*path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        for key in path[:-1]:
            document = document[key]
        document[path[-1]] = value

    return change


def _hole(document: dict[str, Any]) -> None:
    document["model"]["vocab"]["▁"] = 5000


_SPLIT = {"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Isolated", "invert": False}
_REPLACE = {"type": "Replace", "pattern": {"String": "a"}, "content": "b"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_changed("model", "type", value="GPT"), "a model of the type"),
        (_changed("model", value=[]), "no object"),
        (_changed("pre_tokenizer", value=_SPLIT), "a regular expression"),
        (_changed("pre_tokenizer", value={"type": "Sequence", "pretokenizers": [_SPLIT]}), "a regular expression"),
        (_changed("normalizer", value={"type": "Precompiled", "precompiled_charsmap": "AAAA"}), "Precompiled"),
        (_changed("normalizer", value={**_REPLACE, "content": "b" * 100}), "long texts"),
        (_changed("normalizer", value={"type": "Sequence", "normalizers": [_REPLACE] * 5}), "long texts"),
        (_changed("normalizer", value={"type": "Sequence", "normalizers": [{"type": "NFC"}] * 20}), "too many"),
        (_changed("normalizer", value={"type": "Sequence", "normalizers": 3}), "no list"),
        (_changed("normalizer", value="NFC"), "a part of the type null"),
        (_changed("model", "merges", value=[["x", "y", "z"]]), "tokenizer.json"),
        (_changed("model", "vocab", value={"a": -1}), "tokenizer.json"),
        (_changed("added_tokens", value=7), "tokenizer.json"),
        (_hole, "numbers up to 5,000"),
    ],
)
def test_tokenizers_that_cannot_be_used(
    refused: Callable[..., QsacError],
    text: Callable[[str], str],
    tmp_path: Path,
    change: Callable[[dict[str, Any]], None],
    words: str,
) -> None:
    error = refused(type="text", path=text(GENESIS), block=10, tokens=_tokenizer(tmp_path, change))
    assert (error.code, error.pointer) == ("data.damaged-tokenizer", "/data/tokens/path")
    assert words in str(error)


def test_a_tokenizer_is_json_and_small(
    refused: Callable[..., QsacError], text: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"type": "text", "path": text(GENESIS), "block": 10, "tokens": _tokens("tokenizer", path="t.json")}
    assert refused(**given).code == "file.missing"
    (tmp_path / "t.json").write_text("{")
    assert refused(**given).code == "data.damaged-tokenizer"
    monkeypatch.setattr(limits, "TOKENIZER_FILE_BYTES", 0)
    assert isinstance(refused(**given), DoesNotFitError)
    _tokenizer(tmp_path)
    monkeypatch.undo()
    long = {**given, "path": text("\n".join(["ab"] * 10 + ["a" * 2**21])), "block": 1}
    assert isinstance(refused(**{**long, "tokens": _tokens("tokenizer", path="tokenizer.json")}), DoesNotFitError)


# What is wrong with texts


@pytest.mark.parametrize(
    ("content", "given", "pointer", "code"),
    [
        (" \n\n\t", {}, "/data/path", "data.empty-text"),
        ("", {}, "/data/path", "data.empty-text"),
        ("abc", {}, "/data/block", "data.too-few-sequences"),
        ("ab\n" * 20, {"block": 2}, "/data/context", "data.text-too-short"),
        ("abc\n" * 20, {"block": 2, "context": 3, "test": 5}, "/data/test", "data.too-few-sequences"),
        ("abcd\n" * 20, {"block": 2, "tokens": {"type": "bpe", "size": 4}}, "/data/tokens/size", "data.vocabulary"),
        ("abc\n", {"path": ["text.txt", 3]}, "/data/path/1", "field.wrong-type"),
        ("abc\n", {"path": []}, "/data/path", "field.wrong-type"),
        ("abc\n", {"path": "../text.txt"}, "/data/path", "file.outside-folder"),
        ("abc\n", {"path": "texd.txt"}, "/data/path", "file.missing"),
    ],
)
def test_texts_that_cannot_be_used(
    refused: Callable[..., QsacError],
    text: Callable[[str], str],
    content: str,
    given: dict[str, Any],
    pointer: str,
    code: str,
) -> None:
    error = refused(**{"type": "text", "path": text(content), **given})
    assert error.code.startswith(code)
    assert error.pointer == pointer


def test_the_remedy_for_too_few_blocks_is_one(
    made: Callable[..., Data], refused: Callable[..., QsacError], text: Callable[[str], str]
) -> None:
    path = text("some words\n" * 37)
    error = refused(type="text", path=path, context=4)
    assert error.help == 'for example "block": 3'
    assert len(made(type="text", path=path, context=4, block=3).test) > 0


def test_files_are_checked_before_they_are_read(
    refused: Callable[..., QsacError], text: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = text("abc\n" * 100)
    monkeypatch.setattr(limits, "TEXT_FILE_BYTES", 150)
    assert isinstance(refused(type="text", path=path), DoesNotFitError)
    (tmp_path / "b.txt").write_text("abc\n" * 30)
    assert refused(type="text", path=["b.txt", "b.txt"]).pointer == "/data/path/1"
    (tmp_path / "b.txt").write_bytes(b"abc\n\xff")
    assert refused(type="text", path="b.txt").code == "file.not-utf8"


def test_windows_are_counted_before_they_are_cut(
    refused: Callable[..., QsacError], text: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "TOKEN_ENTRIES", 1000)
    error = refused(type="text", path=text("some words\n" * 100), block=1, context=4, stride=1)
    assert (error.code, error.pointer) == ("capacity.data-too-large", "/data/context")


def test_a_package_that_is_missing_is_named(
    refused: Callable[..., QsacError], text: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    error = refused(type="text", path=text(GENESIS), block=10, tokens=_tokens("bpe", size=99))
    assert (error.code, error.pointer) == ("package.missing", "/data/tokens/type")


def test_the_example_has_the_entropy_of_its_letters(made: Callable[..., Data], text: Callable[[str], str]) -> None:
    data = made(type="text", path=text(GENESIS), block=10)
    letters = Counter(
        " ".join(["", *(line.lower() for k, line in enumerate(GENESIS.splitlines()) if k // 10 % 10 < 9)])
    )
    total = letters.total()
    entropy = -sum(count / total * math.log(count / total) for count in letters.values())
    assert dict(data.facts)["unigram entropy"] == f"{entropy:.3f} nats a word"
    assert 2.8 < entropy < 2.9
    assert fields.model_validate({"type": "text", "path": "a"}).tokens.type == "characters"
