"""Cutting long sequences into windows of one length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.files import limits
from qsac.files.pointer import counted
from qsac.training.data.drawing import Split, generator


def windows(streams: Sequence[NDArray[Any]], length: int, stride: int, pointer: str) -> NDArray[Any]:
    """The windows (S, length, ..) of streams (N, ..), one every ``stride`` tokens from each stream's beginning on; what
    is left at its end is in none. S may be 0. Checks their size before memory is taken."""
    firsts = [range(0, len(stream) - length + 1, stride) for stream in streams]
    entries = int(np.prod(streams[0].shape[1:], dtype=np.int64)) if streams else 1
    limits.check_sequences(sum(map(len, firsts)), length, entries, pointer)
    found = [stream[first : first + length] for stream, starts in zip(streams, firsts, strict=True) for first in starts]
    if found:
        return np.stack(found)
    return np.empty((0, length, *streams[0].shape[1:]) if streams else (0, length), dtype=np.int64)


def chosen(sequences: NDArray[Any], number: int | None, seed: int, split: Split) -> NDArray[Any]:
    """So many of the sequences, drawn by the seed, in their order; all of them for None. Raises
    :class:`~qsac.errors.InvalidInputError` where there are fewer."""
    if number is None:
        return sequences
    if number > len(sequences):
        raise InvalidInputError(
            "there are fewer sequences than are asked for",
            code="data.too-few-sequences",
            pointer=f"/data/{split.name.lower()}",
            found=f"{counted(len(sequences), 'sequence')} for {split.purpose}",
            wanted=f"{number:,}",
            help="ask for fewer, or leave the number out: all are then used",
        )
    places = generator(seed, split, 0).choice(len(sequences), size=number, replace=False)
    return sequences[np.sort(places)]


def parted(sequences: Sequence[NDArray[Any]], share: float) -> dict[Split, list[NDArray[Any]]]:
    """Sequences for training, and for testing the last ``share`` of them; of a single one its last tokens. At
    least one sequence is in either part, but its tokens may be too few."""
    if len(sequences) == 1:
        kept = round((1 - share) * len(sequences[0]))
        return {Split.TRAIN: [sequences[0][:kept]], Split.TEST: [sequences[0][kept:]]}
    kept = min(max(1, round((1 - share) * len(sequences))), len(sequences) - 1)
    return {Split.TRAIN: list(sequences[:kept]), Split.TEST: list(sequences[kept:])}
