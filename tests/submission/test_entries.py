"""Rows of the journal, whoever wrote them: damaged ones are found, and cost themselves alone."""

import hashlib
import json
import tracemalloc
import zlib
from math import inf
from typing import Any

import pytest

from qsac.submission import entries
from qsac.submission.entries import COLUMNS, DamagedJob, Job, counts_problem, pack, read_entry, unpack

ROW: dict[str, Any] = {
    "id": 7,
    "tag": "qsac-0",
    "created": "2026-11-29T06:00:00+00:00",
    "vendor": "IBM",
    "machine": "ibm_fez",
    "target": "ibm-fez",
    "model": "",
    "artifact": "0" * 64,
    "shots": 100,
    "cost": 2.5,
    "unit": "quantum seconds",
    "state": "done",
    "message": "",
    "handle": "('a-job', 0, 6, 'null')",
    "counts": '{"00": 40, "01": 60}',
}


def test_a_sound_row() -> None:
    assert tuple(ROW) == COLUMNS
    assert read_entry(ROW) == Job(**ROW | {"counts": {"00": 40, "01": 60}})
    bare = ROW | {"cost": None, "unit": None, "handle": None, "counts": None, "state": "submitting"}
    assert read_entry(bare) == Job(**bare)


@pytest.mark.parametrize("column", [column for column in COLUMNS if column != "id"])
@pytest.mark.parametrize("value", [b"\xff", [1], b""])
def test_values_of_a_wrong_type(column: str, value: Any) -> None:
    found = read_entry(ROW | {column: value})
    assert isinstance(found, DamagedJob)
    assert (found.id, found.problem) == (7, f"invalid {column}")
    assert found.tag == (None if column == "tag" else "qsac-0")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *((column, None) for column in COLUMNS if column not in ("id", "cost", "unit", "handle", "counts")),
        *(("shots", shots) for shots in (0, -1, 2**62, 1.5, "100")),
        *(("cost", cost) for cost in (inf, -1.0, "1")),
        *(("state", state) for state in ("", "gone", "Done")),
        *(("handle", handle) for handle in ("", "x" * 5000, "a\x1b[2Jb", 3)),
        ("counts", ""),
        ("counts", "{}"),
        ("counts", "[]"),
        ("counts", "{"),
        ("counts", "NaN"),
        ("counts", "[" * 100_000),
        ("counts", '{"0": 1, "0": 2}'),
        ("counts", '{"0": 1, "00": 2}'),
        ("counts", '{"0": 1e3}'),
        ("counts", '{"0": -1}'),
        ("counts", '{"0": true}'),
        ("counts", '{"0": "1"}'),
        ("counts", '{"0": 0}'),
        ("counts", '{"2": 1}'),
        ("counts", '{"0": ' + "9" * 5000 + "}"),
        ("counts", '{"0": 900000000, "1": 900000000}'),
        ("counts", 3),
    ],
)
def test_values_that_make_no_sense(column: str, value: Any) -> None:
    found = read_entry(ROW | {column: value})
    assert isinstance(found, DamagedJob)
    assert found.problem == f"invalid {column}"
    assert json.loads(json.dumps(found.to_dict()))["state"] == "damaged"


def test_counts_of_a_job_that_is_not_done() -> None:
    found = read_entry(ROW | {"state": "queued"})
    assert isinstance(found, DamagedJob)
    assert found.problem == "it has counts, and its state is queued"


@pytest.mark.parametrize(
    ("counts", "problem"),
    [
        ({"01": 3}, None),
        ({"01": 3, "11": 0}, None),
        ({}, "no outcome"),
        (None, "null in place of outcomes and their counts"),
        ({"011": 3}, 'the outcome "011" of 3 bits, not 2'),
        ({"0\x1b": 3}, 'the outcome "0\\x1b"'),
        ({(0, 1): 3}, "the outcome a Python tuple"),
        ({"01": 1.0}, 'the count 1.0 of the outcome "01"'),
        ({"01": 0}, "0 shots in all"),
    ],
)
def test_what_is_wrong_with_counts(counts: object, problem: str | None) -> None:
    assert counts_problem(counts, 2) == problem


@pytest.mark.parametrize("text", [b"", b"{}", bytes(range(256)) * 999, b"0" * 50_000_000])
def test_what_is_packed_can_be_unpacked(text: bytes) -> None:
    assert unpack(pack(text), hashlib.sha256(text).hexdigest()) == text


def test_a_small_blob_does_not_take_much_memory() -> None:
    bomb = zlib.compress(b"0" * 2**30)
    assert len(bomb) < 2 * 2**20
    tracemalloc.start()
    with pytest.raises(ValueError, match="it is larger than"):
        unpack(bomb, "0" * 64)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 * (entries.EXPANSION_FREE + entries.EXPANSION * len(bomb))


@pytest.mark.parametrize(
    ("stored", "problem"),
    [
        (None, "it is missing"),
        ("text", "it is stored as str"),
        (7, "it is stored as int"),
        (b"", "it is not what was stored"),
        (b"no zlib", "it cannot be decompressed"),
        (zlib.compress(b"other"), "it is not what was stored"),
        (zlib.compress(b"text") + b"more", "it is not what was stored"),
        (zlib.compress(b"text" * 99)[:-3], "it is not what was stored"),
    ],
)
def test_blobs_that_are_not_the_artifact(stored: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        unpack(stored, hashlib.sha256(b"text").hexdigest())
