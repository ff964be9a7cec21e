"""The words of a tokenizer.json, the file of Hugging Face's `tokenizers`: its vocabulary, split as it says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from qsac.errors import InvalidInputError, QsacError, printable
from qsac.families.tokens.tokenizer_parts import unsuitable_part
from qsac.families.tokens.words import check_count
from qsac.files import limits
from qsac.files.pointer import quoted
from qsac.files.strict_json import parse
from qsac.optional import optional_package

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_WANTED = "the tokenizer.json of a tokenizer: tokenizer.save(path) writes it"


@dataclass(frozen=True)
class TokenizerWords:
    """The words of a tokenizer, special ones included. ``drops``: it has no word for a part of a text that it does not
    know, and leaves such parts out."""

    words: tuple[str, ...]
    tokenizer: Tokenizer
    drops: bool

    def split(self, text: str, pointer: str) -> list[int]:
        """See :class:`~qsac.families.tokens.words.Vocabulary`. No special words are added to those of the text."""
        limits.check_split(len(text), pointer)
        with _complaints(lambda found: _unsplit(found, pointer)):
            encoded = self.tokenizer.encode(text, add_special_tokens=False)
            left = self._left_out(text, encoded.offsets) if self.drops else None
        if left is None:
            return list(encoded.ids)
        raise InvalidInputError(
            "the text has a character that the tokenizer does not know",
            code="text.unknown-word",
            pointer=pointer,
            found=f"{quoted(text[left])}, character {left + 1:,} of the text",
            wanted="a text of which every part is one of the tokenizer's words",
            help="remove it, or train the tokenizer on a text that has it",
        )

    def _left_out(self, text: str, offsets: list[tuple[int, int]]) -> int | None:
        """The place of the first character of a text that was left out because it is no word, or None."""
        covered = bytearray(len(text))
        for start, stop in offsets:
            covered[start:stop] = b"\x01" * (stop - start)
        known = self.tokenizer.get_vocab(with_added_tokens=True)
        # A character may have been left out on purpose, by the tokenizer's first steps: then it is not unknown.
        unknown = {character for piece in self._pieces(text) for character in piece if character not in known}
        left = (place for place, character in enumerate(text) if not covered[place] and not character.isspace())
        return next((place for place in left if text[place] in unknown), None)

    def _pieces(self, text: str) -> list[str]:
        normalizer, splitter = self.tokenizer.normalizer, self.tokenizer.pre_tokenizer
        plain = text if normalizer is None else normalizer.normalize_str(text)
        return [plain] if splitter is None else [piece for piece, _ in splitter.pre_tokenize_str(plain)]


def tokenizer_words(data: bytes, name: str, pointer: str) -> TokenizerWords:
    """The words of a tokenizer.json with this content. Raises :class:`~qsac.errors.InvalidInputError` for anything
    else, and where the package `tokenizers` is not installed. ``pointer`` is the place of its path in the document."""
    try:
        document = parse(data, name, "tokenizer")
    except QsacError as error:
        error.pointer, error.source = pointer, None
        raise
    model = document.get("model") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(model, dict):
        raise _invalid("no model of a tokenizer", name, pointer)
    unsuitable = unsuitable_part(document)
    if unsuitable is not None:
        raise _invalid(unsuitable[0], name, pointer, unsuitable[1])
    command = "pip install 'qsac[train]', or list the words in the model file"
    library: Any = optional_package("tokenizers", "a tokenizer", command, pointer=pointer)
    # Texts are taken as they are, neither cut to a length nor filled up to one, and split in one way each time.
    document |= {"truncation": None, "padding": None}
    document |= {"model": model | {"dropout": None}} if "dropout" in model else {}
    with _complaints(lambda found: _invalid(found, name, pointer)):
        tokenizer = library.Tokenizer.from_str(json.dumps(document))
        count = tokenizer.get_vocab_size(with_added_tokens=True)
    check_count(count, pointer)
    words = [tokenizer.id_to_token(number) for number in range(count)]
    missing = next((number for number, word in enumerate(words) if not word), None)
    if missing is not None or len(set(words)) < count:
        raise _invalid(
            "two words of one number or name" if missing is None else f"no word of the number {missing:,}",
            name,
            pointer,
            f"{count:,} different words with the numbers 0 to {count - 1:,}: each is a row of the embedding",
        )
    return TokenizerWords(tuple(cast(list[str], words)), tokenizer, _drops(model))


@contextmanager
def _complaints(refused: Callable[[str], InvalidInputError]) -> Iterator[None]:
    """What the package says is wrong, as the diagnostic that is made of it."""
    try:
        yield
    except Exception as error:  # it raises nothing more special
        raise refused(printable(str(error)[:200])) from None
    except BaseException as error:
        # What its compiled part did not expect is no Exception.
        if type(error).__module__ != "pyo3_runtime":
            raise
        raise refused(f"a failure of the package: {printable(str(error)[:200])}") from None


def _drops(model: dict[str, Any]) -> bool:
    """Whether a model leaves out what it does not know: of byte pairs those without a word for it do."""
    whole = model.get("unk_token") is not None or bool(model.get("byte_fallback"))
    return model.get("type", "BPE") == "BPE" and not whole


def _unsplit(found: str, pointer: str) -> InvalidInputError:
    return InvalidInputError(
        "the tokenizer cannot split the text",
        code="text.unknown-word",
        pointer=pointer,
        found=found,
        wanted="a text of which every part is one of the tokenizer's words",
    )


def _invalid(found: str, name: str, pointer: str, wanted: str = _WANTED) -> InvalidInputError:
    return InvalidInputError(
        "the file is not a tokenizer that can be used",
        code="words.invalid-tokenizer",
        pointer=pointer,
        found=f"{name}: {found}",
        wanted=wanted,
    )
