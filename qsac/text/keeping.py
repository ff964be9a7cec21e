"""Vectors in the cache of compiled programs, by what they were made from: the encoder's weights and the texts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from qsac.text.encoders.contract import Encoder, Reals

if TYPE_CHECKING:
    from qsac.artifact.cache import Cache

_MAGIC = b"qsac-vectors 1 "


CHUNK = 1024
"""Texts whose vectors are one entry: work that was interrupted goes on behind the last one."""


def vectors_of(encoder: Encoder, texts: Sequence[str], cache: Cache | None) -> Reals:
    """The encoder's vectors, (N, F): those in the cache, where they are worth being kept and it has them.

    Texts are encoded in the same chunks with a cache and without one, so that the bytes are the same.
    """
    if not encoder.costly:
        return encoder.vectors(texts)
    chunks = [texts[start : start + CHUNK] for start in range(0, len(texts), CHUNK)]
    return np.concatenate([_chunk(encoder, chunk, cache) for chunk in chunks])


def _chunk(encoder: Encoder, texts: Sequence[str], cache: Cache | None) -> Reals:
    if cache is None:
        return encoder.vectors(texts)
    from qsac.artifact.cache import key_of

    key = key_of(kind="vectors", encoder=dict(encoder.record), texts=digest_of(texts))
    found = cache.read(key)
    if found is not None:
        vectors = _decoded(found, key, (len(texts), encoder.dimension))
        if vectors is not None:
            return vectors
        cache.drop(key)
    vectors = encoder.vectors(texts)
    cache.write(key, lambda: _encoded(vectors, key))
    return vectors


def digest_of(texts: Sequence[str]) -> str:
    """SHA-256 of texts in their order, in hexadecimal."""
    digest = hashlib.sha256()
    for text in texts:
        data = text.encode("utf-8")
        digest.update(b"%d " % len(data) + data)
    return digest.hexdigest()


def _encoded(vectors: Reals, key: str) -> bytes:
    """Magic, hash of the rest, the key, the numbers as they lie in memory."""
    body = key.encode("ascii") + b"\n" + vectors.astype("<f8").tobytes()
    return _MAGIC + hashlib.sha256(body).hexdigest().encode("ascii") + b"\n" + body


def _decoded(data: bytes, key: str, shape: tuple[int, int]) -> Reals | None:
    """What :func:`_encoded` made of vectors of this key and shape; None for any other bytes."""
    first, _, body = data.partition(b"\n")
    if first != _MAGIC + hashlib.sha256(body).hexdigest().encode("ascii"):
        return None
    named, _, numbers = body.partition(b"\n")
    if named != key.encode("ascii") or len(numbers) != 8 * shape[0] * shape[1]:
        return None
    vectors = np.frombuffer(numbers, dtype="<f8").reshape(shape).astype(np.float64)
    return vectors if np.isfinite(vectors).all() else None
