"""Tokens that are words of a text, through a trained embedding (docs/model-file.md).

Of M words, E is an isometry, (M, d), E^dagger E = 1, and x_l, word l's token, row l of E conjugated. So
sum_l |x_l><x_l| = 1, and alpha_l = ||x_l||^2 is at most 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError, QsacError
from qsac.families import schema
from qsac.families.tokens.file import file_tokens, path_and_array
from qsac.families.tokens.inline import inline_rows
from qsac.families.tokens.words import ListedWords, Vocabulary, listed_words, numbered
from qsac.files import limits
from qsac.files.inside import inside
from qsac.files.numbers import Numbers, as_lists, exactly_real
from qsac.files.pointer import counted, join, kind, listed, quoted
from qsac.files.source import read_file

TOLERANCE = 1e-8
"""How far E^dagger E may be from the identity, in any entry."""

WHOLE = 1 - 1e-13
"""From which alpha on a token counts as one of length 1."""


@dataclass(frozen=True, eq=False)
class Text:
    """A text: M ``words``, the ``embedding`` (M, d) as it was given, float64 where exactly real, and the ``sequence``
    of T+1 words by their numbers, from 0. No token of the sequence is zero."""

    words: tuple[str, ...]
    embedding: Numbers = field(repr=False)
    sequence: NDArray[np.int64] = field(repr=False)

    @cached_property
    def states(self) -> Numbers:
        """x_l, (M, d): the rows of the isometry nearest to the embedding, conjugated."""
        return isometry(self.embedding).conj()

    @cached_property
    def weights(self) -> NDArray[np.float64]:
        """alpha_l = ||x_l||^2, (M,), at most 1."""
        found = np.einsum("ld,ld->l", self.states.conj(), self.states).real
        return np.where(found > WHOLE, 1.0, found)

    @property
    def tokens(self) -> Numbers:
        """The tokens x_1 .. x_{T+1}, (T+1, d), float64 where exactly real."""
        return exactly_real(self.states[self.sequence])

    @cached_property
    def canonical(self) -> dict[str, Any]:
        """The model file's field, which stands alone: no file is left in it."""
        return {
            "type": "text",
            "words": list(self.words),
            "embedding": as_lists(self.embedding),
            "text": ListedWords(self.words).joined(self.sequence.tolist()),
        }


def read_text(given: schema.TextTokens, folder: Path, pointer: str) -> Text:
    """The text of a model file's tokens. Raises :class:`~qsac.errors.QsacError` with the place of a mistake."""
    vocabulary = _vocabulary(given.words, folder, f"{pointer}/words")
    embedding = _embedding(given.embedding, len(vocabulary.words), folder, f"{pointer}/embedding")
    check_isometry(embedding, f"{pointer}/embedding")
    content, place = _content(given, folder, pointer)
    return text_of(vocabulary, embedding, numbered(content, vocabulary, place), place)


def text_of(vocabulary: Vocabulary, embedding: Numbers, sequence: list[int], pointer: str) -> Text:
    """The text of words by their numbers; ``pointer`` is its place in the document. Raises
    :class:`~qsac.errors.QsacError` for fewer than two words, too many, and one without a direction."""
    if len(sequence) < 2:
        raise InvalidInputError(
            "the text has too few words",
            code="tokens.too-few",
            pointer=pointer,
            found=counted(len(sequence), "word"),
            wanted="at least 2 words: the target of each is the next one",
        )
    limits.check_tokens(len(sequence), embedding.shape[1], pointer)
    used = np.unique(np.array(sequence, dtype=np.int64))
    empty = used[~embedding[used].any(axis=1)]
    if empty.size:
        word = int(empty[0])
        raise InvalidInputError(
            "a word of the text has a zero row in the embedding",
            code="tokens.zero-token",
            pointer=pointer,
            found=f"{quoted(vocabulary.words[word])}, word {sequence.index(word) + 1:,} of the text; row {word:,} of "
            "the embedding (counted from 0) has all entries 0",
            wanted="a row with at least one entry other than 0: a zero row has no direction",
        )
    numbers = np.array(sequence, dtype=np.int64)
    numbers.flags.writeable = False
    return Text(vocabulary.words, embedding, numbers)


def isometry(embedding: Numbers) -> Numbers:
    """E (E^dagger E)^(-1/2), the polar factor of an embedding, (M, d): zero rows stay zero."""
    values, vectors = np.linalg.eigh(embedding.conj().T @ embedding)
    return exactly_real(embedding @ ((vectors / np.sqrt(values)) @ vectors.conj().T))


def check_isometry(embedding: Numbers, pointer: str) -> None:
    """Raise :class:`~qsac.errors.InvalidInputError` for an embedding that is none."""
    words, dimension = embedding.shape
    if words < dimension:
        raise InvalidInputError(
            "the embedding has more columns than there are words",
            code="embedding.not-an-isometry",
            pointer=pointer,
            found=f"{counted(words, 'row')} of {dimension:,} entries",
            wanted=f"at most {words:,} entries a row: orthonormal columns of {words:,} entries are no more than that",
            help="give one row for each word" if dimension > 2 else None,
        )
    with np.errstate(over="ignore", invalid="ignore"):
        deviation = np.abs(embedding.conj().T @ embedding - np.eye(dimension)).max()
    if not deviation <= TOLERANCE:
        raise InvalidInputError(
            "the embedding is not an isometry",
            code="embedding.not-an-isometry",
            pointer=pointer,
            found=f"E^dagger E differs from the identity by up to {deviation:.2g}",
            wanted=f"a difference of at most {TOLERANCE:g} in every entry: columns that are orthogonal and of length 1",
            help="rows are not normalised; numpy.linalg.qr(rows)[0] has the same span and orthonormal columns",
        )


def _vocabulary(given: object, folder: Path, pointer: str) -> Vocabulary:
    if isinstance(given, list):
        return listed_words(given, pointer)
    path = given.get("path") if isinstance(given, dict) else None
    if not isinstance(given, dict) or not isinstance(path, str) or not path or len(given) > 1:
        raise InvalidInputError(
            "the words are neither a list nor a tokenizer",
            code="field.wrong-type",
            pointer=pointer,
            found=kind(given),
            wanted='a list of texts, or {"path": "tokenizer.json"}',
        )
    from qsac.families.tokens.tokenizer import tokenizer_words

    place = f"{pointer}/path"
    data = _read(path, folder, place, limits.TOKENIZER_FILE_BYTES, "tokenizer file")
    return tokenizer_words(data, quoted(path), place)


def _embedding(given: object, words: int, folder: Path, pointer: str) -> Numbers:
    """The rows of a list or of a file, as many as there are words."""
    if isinstance(given, dict):
        named = path_and_array(given)
        if named is None:
            raise InvalidInputError(
                "a file of an embedding is named by its path, and one of several arrays by its name",
                code="matrix.invalid-file",
                pointer=pointer,
                found=f"an object with {listed(given)}" if given else "an empty object",
                wanted='{"path": "embedding.npy"} or {"path": "trained.npz", "array": "embedding"}',
            )
        values = file_tokens(named[0], folder, f"{pointer}/path", named[1], (1, 2))
    elif isinstance(given, list) and given:
        values = inline_rows(given, pointer, "word")
    else:
        raise InvalidInputError(
            "the embedding is not a list of rows",
            code="field.wrong-type",
            pointer=pointer,
            found=kind(given),
            wanted='a row of numbers or of [re, im] pairs for each word, or {"path": "embedding.npy"}',
        )
    if len(values) != words:
        raise InvalidInputError(
            "there is not one row of the embedding for each word",
            code="field.wrong-length",
            pointer=pointer,
            found=counted(len(values), "row"),
            wanted=f"{counted(words, 'row')}, as there are {counted(words, 'word')}",
        )
    return exactly_real(values)


def _content(given: schema.TextTokens, folder: Path, pointer: str) -> tuple[str | list[object], str]:
    """The text, or the list of its words, and its place in the document."""
    fields = given.model_fields_set & {"text", "path"}
    if len(fields) != 1:
        raise InvalidInputError(
            "there are two texts" if fields else "there is no text",
            code="text.not-one",
            pointer=f"{pointer}/path" if fields else pointer,
            wanted='either "text", a text or a list of words, or "path", the file of a text',
        )
    if "path" in fields:
        place = join(pointer, "path")
        return _decoded(_read(given.path, folder, place, limits.TEXT_FILE_BYTES, "text file"), pointer=place), place
    place = join(pointer, "text")
    content: object = given.text
    if not isinstance(content, str | list):
        raise InvalidInputError(
            "the text is neither a text nor a list of words",
            code="field.wrong-type",
            pointer=place,
            found=kind(content),
            wanted='a text such as "to be or not to be", or a list of words',
        )
    return content, place


def text_file(path: str) -> str:
    """The text of a file in UTF-8, wherever it is. Raises :class:`~qsac.errors.QsacError`."""
    return _decoded(read_file(path, limits.TEXT_FILE_BYTES, "text file"), source=path)


def _decoded(data: bytes, **place: str) -> str:
    """The text of UTF-8, with or without byte order mark; a line break at its end is no part of it."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            "the text file is not UTF-8 text",
            code="file.not-utf8",
            found=f"the byte 0x{data[error.start]:02x} at position {error.start:,}",
            wanted="text in UTF-8",
            **place,
        ) from None
    return text.replace("\r\n", "\n").removesuffix("\n")


def _read(path: str, folder: Path, pointer: str, limit: int, what: str) -> bytes:
    """The content of a file in the model's folder."""
    try:
        return read_file(inside(path, folder, pointer, what), limit, what)
    except QsacError as error:
        error.pointer, error.source = pointer, None
        raise
