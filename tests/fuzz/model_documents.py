"""Changed model files of a family: from its documents, by its words."""

from __future__ import annotations

from collections.abc import Iterable

from tests.fuzz.changes import Pick
from tests.fuzz.contract import Example
from tests.fuzz.mutations import Document, bytes_mutated, mutated, text_of, walk

_LONGEST = 30
"""Characters of a text that is put elsewhere."""


def words_of(documents: Iterable[Document], more: Iterable[str]) -> tuple[str, ...]:
    """The texts and names of fields of the documents, and more."""
    found = set(more)
    for document in documents:
        for _, _, value in walk(document.document):
            entries = value if isinstance(value, dict) else [value]
            found.update(entry for entry in entries if isinstance(entry, str) and len(entry) <= _LONGEST)
    return tuple(sorted(found))


def changed(documents: tuple[Document, ...], words: tuple[str, ...], pick: Pick) -> Example:
    """Up to three edits of a document, now and then of its bytes as well."""
    mutant = mutated(documents[pick(len(documents))], pick, words, most=3, fitting=pick(3) == 2)
    data, edits = text_of(mutant.document), mutant.edits
    if pick(16) == 15:
        data, edit = bytes_mutated(data, pick)
        edits = (*edits, edit)
    return Example(mutant.start, data, edits)


def fitting(documents: tuple[Document, ...], words: tuple[str, ...], pick: Pick) -> Example:
    """One edit, mostly one that keeps the type of a place: more of it is accepted."""
    mutant = mutated(documents[pick(len(documents))], pick, words, most=1, fitting=pick(4) > 0)
    return Example(mutant.start, text_of(mutant.document), mutant.edits)
