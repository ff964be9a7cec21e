"""Arrays as they stand in a page: little-endian numbers, compressed, in base64."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Type = Literal["u1", "u2", "i4", "f4"]
"""The types that a page can read: bytes, 16-bit and 32-bit whole numbers, single precision."""

Packed = tuple[str, str]
"""A type (or ``json``) and the compressed content in base64."""


def packed(values: NDArray[np.generic], type: Type) -> Packed:
    """An array, flattened row by row. Values beyond the type's range are the caller's mistake."""
    return type, _compressed(np.ascontiguousarray(values).astype(f"<{type}").tobytes())


def whole(values: NDArray[np.integer] | Sequence[int]) -> Packed:
    """Whole numbers in the smallest type that holds them."""
    array = np.asarray(values, dtype=np.int64)
    least, most = (int(array.min()), int(array.max())) if array.size else (0, 0)
    return packed(array, "u1" if least >= 0 and most < 1 << 8 else "u2" if least >= 0 and most < 1 << 16 else "i4")


def packed_text(value: object) -> Packed:
    """A JSON value, such as a long list of texts."""
    return "json", _compressed(json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii"))


def _compressed(data: bytes) -> str:
    # No name and no time in the header: the same content is the same text.
    return b64encode(gzip.compress(data, 9, mtime=0)).decode("ascii")
