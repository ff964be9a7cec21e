"""Files of texts with labels, and files of features: their lines, tables, objects, arrays and bytes."""

from __future__ import annotations

import functools
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np

import qsac
from qsac.text.sources import read_texts
from tests.fuzz.changes import RAW, TEXTS, Pick
from tests.fuzz.contract import Example, WrongError
from tests.fuzz.kinds import MANY, Kind
from tests.fuzz.mutations import Document, Edit, bytes_mutated, mutated, text_of
from tests.fuzz.scratch import scratch

_LINES = (
    (".txt", "one text\nanother text, with a comma\n\nthe last\n"),
    (".csv", 'text,label\n"a, b",yes\nsay ""no"",no\nplain,yes\n'),
    (".csv", 'id,label,text\r\n1,0,first\r\n2,1,"two\nlines"\r\n'),
    (".jsonl", '{"text": "one", "label": "a"}\n{"text": "two", "label": 1}\n'),
    (".jsonl", '{"label": "b", "text": "\\u00e9"}\n\n{"text": "x", "label": "c", "more": [1]}\n'),
)
_CELLS = (*TEXTS, *RAW[:10], '"', '""', '"a', "\0", " ", "\r", "text", "label", '"text"', '{"text": 1}', "[]", "\u2028")


def make_texts(pick: Pick) -> Example:
    suffix, text = _LINES[pick(len(_LINES))]
    lines = text.split("\n")
    place = pick(len(lines))
    action = ("cell", "cell", "line twice", "many lines", "long line", "join", "drop", "bytes")[pick(8)]
    cells = lines[place].split(",")
    column = pick(len(cells))
    if action == "cell":
        cells[column] = _CELLS[pick(len(_CELLS))]
        lines[place] = ",".join(cells)
    elif action == "line twice":
        lines.insert(place, lines[place])
    elif action == "many lines":
        lines[place : place + 1] = [lines[place]] * 3000
    elif action == "long line":
        lines[place] = ",".join(cells * 20_000)
    elif action == "join":
        lines[place : place + 2] = [",".join(lines[place : place + 2])]
    elif action == "drop":
        del lines[place]
    data = "\n".join(lines).encode("utf-8", "surrogatepass")
    edits: tuple[Edit, ...] = (Edit(action, f"/{place}/{column}"),)
    if action == "bytes":
        data, edit = bytes_mutated(data, pick)
        edits = (edit,)
    return Example(suffix, data, edits, suffix)


def feed_texts(example: Example) -> str:
    place = scratch("texts") / f"texts{example.facts}"
    place.write_bytes(example.data)
    found = read_texts(str(place))
    if not found.texts or any(not text.strip() for text in found.texts):
        raise WrongError("a text that is empty")
    if found.labels is not None and len(found.labels) != len(found.texts):
        raise WrongError(f"{len(found.labels)} labels of {len(found.texts)} texts")
    for text in (*found.texts, *(found.labels or ())):
        text.encode("utf-8")
    return "accepted"


@functools.cache
def _features() -> tuple[dict[str, Any], ...]:
    """The arrays of files of features, with labels and without, projected and not."""
    texts = [
        f"{animal} {verb} {number % 3}"
        for number in range(4)
        for animal in ("a dog", "a cat")
        for verb in ("sat", "ran")
    ]
    labels = [text.split()[1] for text in texts]
    found = (
        qsac.features(texts, labels, dimension=3),
        qsac.features(texts, dimension="all", validation=0),
    )
    made = []
    for one in found:
        with np.load(io.BytesIO(one.to_bytes())) as archive:
            made.append(dict(archive))
    return tuple(made)


_CHANGES: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("a row less", lambda array: array[:-1]),
    ("turned", lambda array: array.T),
    ("an axis more", lambda array: array[None]),
    ("zero", lambda array: array * 0),
    ("minus one", lambda array: array.astype(float) - 1 if array.dtype == np.uint8 else array - 1),
    ("more", lambda array: array + 3),
    ("whole numbers", lambda array: array.astype(np.int64)),
    ("short floats", lambda array: array.astype(np.float16)),
    ("complex", lambda array: array.astype(complex)),
    ("huge", lambda array: np.full(array.shape, 1e308)),
    ("not finite", lambda array: np.full(array.shape, np.nan)),
    ("bytes", lambda array: array.astype(np.uint8)),
    ("empty", lambda array: array[:0]),
)


def make_features(pick: Pick) -> Example:
    start = pick(len(_features()))
    arrays = dict(_features()[start])
    edits: tuple[Edit, ...] = ()
    action = pick(4)
    if action == 0:
        record = Document("record", json.loads(arrays["record"].tobytes()))
        mutant = mutated(record, pick, (*arrays, "tf-idf", "minilm", "all", "contract"))
        arrays["record"], edits = np.frombuffer(text_of(mutant.document), dtype=np.uint8), mutant.edits
    elif action < 3:
        name = sorted(arrays)[pick(len(arrays))]
        what, change = _CHANGES[pick(len(_CHANGES))]
        with np.errstate(all="ignore"):
            arrays[name] = change(arrays[name])
        edits = (Edit(what, f"/{name}"),)
        if pick(6) == 5:
            del arrays[name]
            edits = (Edit("left out", f"/{name}"),)
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    data = stream.getvalue()
    if action == 3:
        data, edit = bytes_mutated(data, pick)
        edits = (edit,)
    return Example(f"features {start}", data, edits)


def feed_features(example: Example) -> str:
    place = scratch("features") / "features.npz"
    place.write_bytes(example.data)
    found = qsac.Features.load(place)
    if not np.isfinite(found.features).all() or found.features.ndim not in (2, 3):
        raise WrongError("features that are none")
    if found.labels is not None and not 0 <= found.labels.min() <= found.labels.max() < len(found.classes):
        raise WrongError("a label without a class")
    vectors = found.encode(["a dog sat", "a cat"])
    if not np.isfinite(vectors).all() or vectors.shape != (2, found.features.shape[-1]):
        raise WrongError(f"vectors of shape {vectors.shape}")
    return "accepted"


KINDS = (
    Kind("texts", 150, MANY, make_texts, feed_texts, {"accepted": 0.1}),
    Kind("features", 150, MANY, make_features, feed_features, {"accepted": 0.05}),
)
