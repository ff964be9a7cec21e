"""TF-IDF of words and pairs of words, and their truncated singular value decomposition (latent semantic analysis,
Deerwester et al. 1990): vectors without any package, fitted to the texts that are trained with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import scipy.sparse

from qsac.errors import InvalidInputError
from qsac.files import limits
from qsac.files.pointer import counted
from qsac.text.encoders.contract import Arrays, Encoder, Reals, Record
from qsac.text.projection import signed

COMPONENTS = 256
"""Most entries of a vector."""

LEAST_TEXTS = 2
"""A word or pair counts that is in so many texts, at least."""

_WORDS = re.compile(r"\w+(?:['’]\w+)*")
_DENSE = 2**9
"""Most rows, or columns, of a matrix whose decomposition is worked out in full."""
_RANK = 1e-9


@dataclass(frozen=True, eq=False)
class TfIdf:
    """``terms``: words and pairs of words, in alphabetical order; ``weights``: their inverse document frequencies,
    (V,); ``components``: right singular vectors, (F, V)."""

    terms: tuple[str, ...]
    weights: Reals
    components: Reals
    costly: bool = False

    @property
    def record(self) -> Record:
        return {"name": "tf-idf", "package": "qsac", "terms": len(self.terms), "dimension": self.dimension}

    @property
    def arrays(self) -> Arrays:
        written = np.frombuffer("\n".join(self.terms).encode(), dtype=np.uint8)
        return {"terms": written, "weights": self.weights, "components": self.components}

    @property
    def dimension(self) -> int:
        return len(self.components)

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """The column of each term."""
        return {term: number for number, term in enumerate(self.terms)}

    def vectors(self, texts: Sequence[str]) -> Reals:
        """A text without any term that is known is the zero vector."""
        found: Reals = self.matrix(texts) @ self.components.T
        return found

    def matrix(self, texts: Sequence[str]) -> Any:
        """The sparse (N, V) matrix before it is projected; rows of length 1, or 0."""
        return _weighted(texts, self.numbers, self.weights)


def fitted(texts: Sequence[str]) -> Encoder:
    """Terms, weights and components of these texts. Raises :class:`~qsac.errors.InvalidInputError` where no term is in
    two of them."""
    counts: dict[str, int] = {}
    seen = 0
    for text in texts:
        own = set(_terms(text))
        seen += len(own)
        limits.check_terms(seen)
        for term in own:
            counts[term] = counts.get(term, 0) + 1
    kept = sorted((-count, term) for term, count in counts.items() if count >= LEAST_TEXTS)[: limits.TERMS]
    if not kept:
        raise InvalidInputError(
            "the texts have no word in common",
            code="features.no-terms",
            found=f"{counted(len(texts), 'text')} to train with, {counted(len(counts), 'different word')} or pairs",
            wanted=f"words that are in at least {LEAST_TEXTS} of the texts",
            help="more texts, or an encoder that was trained before: minilm or wordllama",
        )
    frequencies = {term: -count for count, term in kept}
    terms = tuple(sorted(frequencies))
    weights = np.log((1 + len(texts)) / (1 + np.array([frequencies[term] for term in terms]))) + 1
    rows = _weighted(texts, {term: number for number, term in enumerate(terms)}, weights)
    return TfIdf(terms, weights, _components(rows))


def restored(record: Record, arrays: Arrays) -> Encoder:
    """The encoder that such arrays make."""
    written, weights, components = (arrays.get(name) for name in ("terms", "weights", "components"))
    if written is None or weights is None or components is None or written.dtype != np.uint8:
        raise _damaged("terms, weights or components are missing")
    try:
        terms = tuple(written.tobytes().decode().split("\n"))
    except UnicodeDecodeError:
        raise _damaged("terms that are not UTF-8 text") from None
    fits = weights.shape == (len(terms),) and components.ndim == 2 and components.shape[1] == len(terms)
    if not fits or len(set(terms)) < len(terms) or len(terms) > limits.TERMS:
        raise _damaged(f"{len(terms):,} terms, weights {weights.shape}, components {components.shape}")
    return TfIdf(terms, weights.astype(np.float64), components.astype(np.float64))


def _terms(text: str) -> Iterator[str]:
    """Words, then pairs of consecutive words with a blank between them."""
    words = _WORDS.findall(text.lower())
    yield from words
    yield from map(" ".join, pairwise(words))


def _weighted(texts: Sequence[str], numbers: Mapping[str, int], weights: Reals) -> Any:
    """How often each term is in each text, times its weight; rows divided by their lengths."""
    places: list[int] = []
    starts = [0]
    for text in texts:
        places += [numbers[term] for term in _terms(text) if term in numbers]
        starts.append(len(places))
    shape = (len(texts), len(numbers))
    found = scipy.sparse.csr_matrix((np.ones(len(places)), np.array(places, dtype=np.int64), starts), shape=shape)
    found.sum_duplicates()
    found = found.multiply(weights[None, :]).tocsr()
    lengths = np.sqrt(np.asarray(found.multiply(found).sum(axis=1)).ravel())
    return scipy.sparse.diags(1 / np.where(lengths > 0, lengths, 1)) @ found


def _components(rows: Any) -> Reals:
    """The right singular vectors of the largest singular values, in their order, (F, V)."""
    small = min(rows.shape)
    wanted = min(COMPONENTS, small)
    if small <= _DENSE:
        _, values, vectors = np.linalg.svd(rows.toarray(), full_matrices=False)
    else:
        from scipy.sparse.linalg import svds

        # Begun from one vector, the iteration takes the same way each time.
        start = np.full(small, small**-0.5)
        _, values, vectors = svds(rows, wanted, v0=start, solver="arpack", return_singular_vectors="vh")
        order = np.argsort(-values, kind="stable")
        values, vectors = values[order], vectors[order]
    kept = int(np.count_nonzero(values[:wanted] > _RANK * values[0]))
    return signed(vectors[:kept])


def _damaged(found: str) -> InvalidInputError:
    return InvalidInputError(
        "the file of features does not hold a TF-IDF encoder",
        code="features.damaged-file",
        found=found,
        wanted="what qsac features has written",
    )
