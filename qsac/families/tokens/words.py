"""The words that a text is made of: how it is split into them, and how it is written again.

Where every word is one character, every character of a text is a word, blanks and line breaks too. Otherwise words
stand between white space. A list of words is never split.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from qsac.errors import InvalidInputError
from qsac.files import limits
from qsac.files.pointer import counted, join, kind, listed, quoted
from qsac.near import perhaps


class Vocabulary(Protocol):
    """Words, and what splits a text into them."""

    @property
    def words(self) -> tuple[str, ...]:
        """The words by their numbers, from 0; all different."""

    def split(self, text: str, pointer: str) -> list[int]:
        """The words of a text. ``pointer`` is its place in the document. Raises
        :class:`~qsac.errors.InvalidInputError` for a part of it that is no word."""


@dataclass(frozen=True)
class ListedWords:
    """The words of a list."""

    words: tuple[str, ...]

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each word."""
        return {word: number for number, word in enumerate(self.words)}

    @cached_property
    def are_characters(self) -> bool:
        """Whether every word is one character."""
        return all(len(word) == 1 for word in self.words)

    def split(self, text: str, pointer: str) -> list[int]:
        """See :class:`Vocabulary`."""
        parts = text if self.are_characters else text.split()
        found = [self.numbers.get(part, -1) for part in parts]
        if -1 in found:
            raise self._unknown_part(text, found.index(-1), pointer)
        return found

    def joined(self, sequence: Sequence[int]) -> str | list[str]:
        """What :meth:`numbered` makes the sequence of again: a text if it is split so, else a list of words."""
        words = [self.words[number] for number in sequence]
        if self.are_characters:
            return "".join(words)
        return words if any(word.split() != [word] for word in words) else " ".join(words)

    def not_among(self, word: str, found: str, pointer: str) -> InvalidInputError:
        """The diagnostic for what is none of the words; ``found`` says where it stands."""
        return InvalidInputError(
            "the text has a word that is not among the words",
            code="text.unknown-word",
            pointer=pointer,
            found=found,
            wanted=f"only {listed(map(quoted, self.words))}",
            help=perhaps(word, self.words[:_COMPARED], None if word.strip() else _BLANKS),
        )

    def _unknown_part(self, text: str, place: int, pointer: str) -> InvalidInputError:
        """The diagnostic for the first part of a text that is no word; ``place`` counts from 0."""
        if self.are_characters:
            word, start = text[place], place
        else:
            match = [*re.finditer(r"\S+", text)][place]
            word, start = match.group(), match.start()
        line = text.count("\n", 0, start) + 1
        lines = f", in line {line:,}" if "\n" in text.strip("\n") else ""
        return self.not_among(word, f"{quoted(word)}, word {place + 1:,} of the text{lines}", pointer)


_COMPARED = 2**12
"""Most words that an unknown one is compared with."""

_BLANKS = "add it to the words, or remove it: where every word is one character, blanks and line breaks are words too"


def listed_words(given: list[object], pointer: str) -> ListedWords:
    """The words of a model file's list. Raises :class:`~qsac.errors.InvalidInputError` for anything but different,
    non-empty texts, two at least."""
    check_count(len(given), pointer)
    first: dict[str, int] = {}
    for place, word in enumerate(given):
        if not isinstance(word, str) or not _is_text(word):
            raise InvalidInputError(
                "a word is not a text",
                code="field.wrong-type",
                pointer=join(pointer, place),
                found=kind(word),
                wanted="a text of at least one character",
            )
        if not word:
            raise InvalidInputError(
                "a word is empty",
                code="field.wrong-length",
                pointer=join(pointer, place),
                wanted="a text of at least one character",
            )
        if first.setdefault(word, place) != place:
            raise InvalidInputError(
                "a word is listed twice",
                code="words.repeated",
                pointer=join(pointer, place),
                found=f"{quoted(word)}, which is word {first[word]:,} too (counted from 0)",
                wanted="words that differ: each has a row of the embedding",
            )
    return ListedWords(tuple(first))


def _is_text(word: str) -> bool:
    """Whether it has whole characters only: two halves of one, written side by side, would become that one."""
    return not any("\ud800" <= character <= "\udfff" for character in word)


def check_count(words: int, pointer: str) -> None:
    """Whether so many words can have an embedding that is an isometry into at least two dimensions, and be held."""
    if words < 2:
        raise InvalidInputError(
            "there are too few words",
            code="words.too-few",
            pointer=pointer,
            found=counted(words, "word"),
            wanted="at least 2 words",
        )
    limits.check_vocabulary(words, pointer)


def numbered(given: str | list[object], vocabulary: Vocabulary, pointer: str) -> list[int]:
    """The words of a model file's text, or of its list of words."""
    if isinstance(given, str):
        return vocabulary.split(given, pointer)
    known = ListedWords(vocabulary.words)
    found = []
    for place, word in enumerate(given):
        here = join(pointer, place)
        if not isinstance(word, str):
            raise InvalidInputError(
                "a word of the text is not a text",
                code="field.wrong-type",
                pointer=here,
                found=kind(word),
                wanted="one of the words",
            )
        if word not in known.numbers:
            raise known.not_among(word, quoted(word), here)
        found.append(known.numbers[word])
    return found
