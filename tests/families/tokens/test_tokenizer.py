"""Words of a tokenizer.json: what is read of one, and what is refused."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

import qsac
from qsac.errors import QsacError
from qsac.families.tokens.tokenizer import tokenizer_words
from tests.families.models import with_tokens

TEXT = "In the beginning God created the heaven and the earth."


def trained(size: int = 40, **fields: Any) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(**fields))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = [fields["unk_token"]] if "unk_token" in fields else []
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator([TEXT], trainer)
    return tokenizer


def words_of(content: str | bytes) -> Any:
    data = content.encode() if isinstance(content, str) else content
    return tokenizer_words(data, "tokenizer.json", "/tokens/words/path")


def refused(content: str | bytes) -> QsacError:
    with pytest.raises(QsacError) as caught:
        words_of(content)
    assert caught.value.pointer == "/tokens/words/path"
    return caught.value


def test_a_model_of_byte_pairs(tmp_path: Path) -> None:
    tokenizer = trained()
    tokenizer.enable_truncation(3)
    tokenizer.enable_padding(length=50)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    count = tokenizer.get_vocab_size()
    rows = np.linalg.qr(np.random.default_rng(0).normal(size=(count, 4)))[0]
    given = with_tokens(type="text", words={"path": "tokenizer.json"}, embedding=rows.tolist(), text=TEXT)
    (tmp_path / "model.json").write_text(json.dumps(given))
    model: Any = qsac.load(tmp_path / "model.json")
    tokenizer.no_truncation()
    tokenizer.no_padding()
    assert model.text.sequence.tolist() == tokenizer.encode(TEXT).ids
    assert "".join(model.text.words[word] for word in model.text.sequence) == "▁" + TEXT.lower().replace(" ", "▁")
    assert model.text.words == tuple(tokenizer.id_to_token(number) for number in range(count))
    # No tokenizer is needed for the canonical model.
    assert model.canonical["tokens"]["words"] == list(model.text.words)
    assert qsac.load(model.canonical) == model


def test_characters_that_are_left_out_are_named() -> None:
    words = words_of(trained().to_str())
    with pytest.raises(QsacError) as caught:
        words.split("the heaven? earth", "/tokens/text")
    assert (caught.value.code, caught.value.found) == ("text.unknown-word", '"?", character 11 of the text')
    whole = words_of(trained(unk_token="[?]").to_str())
    assert whole.words[whole.split("the heaven?", "/")[-1]] == "[?]"


def test_what_is_left_out_on_purpose_is_left_out() -> None:
    tokenizer = trained()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split("?", "removed"), pre_tokenizers.Metaspace()]
    )
    assert words_of(tokenizer.to_str()).split("the earth?", "/") == words_of(trained().to_str()).split("the earth", "/")


def test_whole_words() -> None:
    tokenizer = Tokenizer(models.WordLevel({"to": 0, "be": 1}, unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    words = words_of(tokenizer.to_str())
    assert words.split("to be to", "/") == [0, 1, 0]
    with pytest.raises(QsacError) as caught:
        words.split("to bee", "/tokens/text")
    assert (caught.value.code, caught.value.pointer) == ("text.unknown-word", "/tokens/text")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xff", "file.not-utf8"),
        ("", "json.empty"),
        ("{", "json.syntax"),
        ("[" * 100_000, "json.too-deep"),
        ('{"model": 1, "model": 2}', "field.repeated"),
        ("[]", "words.invalid-tokenizer"),
        ("{}", "words.invalid-tokenizer"),
        ('{"model": 3}', "words.invalid-tokenizer"),
        ('{"model": {"type": "BPE"}}', "words.invalid-tokenizer"),
        ('{"model": {"vocab": {"a": 0, "b": 1}, "merges": []}}', "words.invalid-tokenizer"),
        ('{"model": {"type": "WordLevel", "vocab": {}, "unk_token": "?"}}', "words.too-few"),
        ('{"model": {"type": "WordLevel", "vocab": {"a": 0, "b": 9}, "unk_token": "?"}}', "words.invalid-tokenizer"),
        ('{"model": {"type": "WordLevel", "vocab": {"a": 0, "b": 0}, "unk_token": "?"}}', "words.invalid-tokenizer"),
        ('{"model": {"type": "WordLevel", "vocab": {"a": 0, "": 1}, "unk_token": "?"}}', "words.invalid-tokenizer"),
    ],
)
def test_other_files_are_refused(content: str | bytes, code: str) -> None:
    assert refused(content).code == code


def test_what_the_package_did_not_expect_is_no_crash() -> None:
    document = json.loads(trained().to_str())
    first = next(iter(document["model"]["vocab"]))
    document["model"]["vocab"][first] = -1
    assert refused(json.dumps(document)).code == "words.invalid-tokenizer"
    document = json.loads(trained().to_str())
    document["model"]["continuing_subword_prefix"] = "### a long one"
    assert refused(json.dumps(document)).code == "words.invalid-tokenizer"


def test_parts_that_may_take_for_ever_are_refused() -> None:
    document = json.loads(trained().to_str())
    for field, part, found in (
        (
            "pre_tokenizer",
            {"type": "Split", "pattern": {"Regex": "(a*)*b"}, "behavior": "Removed", "invert": False},
            "a reg",
        ),
        (
            "normalizer",
            {"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 1000},
            "that puts long texts in",
        ),
        ("normalizer", {"type": "Sequence", "normalizers": [{"type": "Lowercase"}] * 17}, "too many"),
        ("normalizer", {"type": "Precompiled", "precompiled_charsmap": ""}, '"Precompiled"'),
        ("pre_tokenizer", 3, "type null"),
    ):
        error = refused(json.dumps(document | {field: part}))
        assert error.code == "words.invalid-tokenizer"
        assert found in str(error.found)


def test_a_text_may_be_too_long_for_a_tokenizer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qsac.files.limits.SPLIT_CHARACTERS", 10)
    words = words_of(trained().to_str())
    assert words.split("the heaven", "/")
    with pytest.raises(QsacError) as caught:
        words.split("the heavens", "/tokens/text")
    assert (caught.value.code, caught.value.pointer) == ("capacity.sequence-too-long", "/tokens/text")


def test_texts_are_split_in_one_way() -> None:
    document = json.loads(trained().to_str())
    document["model"]["dropout"] = 0.9
    words = words_of(json.dumps(document))
    assert len({tuple(words.split(TEXT, "/")) for _ in range(20)}) == 1


def test_files_that_are_cut_short_are_refused() -> None:
    whole = trained().to_str()
    for stop in range(0, len(whole) - 1, 97):
        assert refused(whole[:stop]).code.startswith("json.")


def test_the_package_is_not_needed_for_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    qsac.load(with_tokens(type="text", words=["a", "b"], embedding=[[1, 0], [0, 1]], text="ab"))
    error = refused('{"model": {"type": "BPE"}}')
    assert error.code == "package.missing"
    assert "qsac[train]" in str(error.help)
