"""Rows of the journal, whoever wrote them: damaged ones are found, and cost themselves alone."""

import hashlib
import json
import tracemalloc
import zlib
from math import inf
from typing import Any

import pytest

from qsac.submission import entries
from qsac.submission.entries import (
    JOB_COLUMNS,
    PART_COLUMNS,
    STATES,
    DamagedJob,
    Job,
    Part,
    counts_problem,
    pack,
    read_entry,
    unpack,
)

JOB: dict[str, Any] = {
    "id": 7,
    "created": "2026-11-29T06:00:00+00:00",
    "vendor": "IBM",
    "machine": "ibm_fez",
    "target": "ibm-fez",
    "model": "",
    "artifact": "0" * 64,
    "shots": 100,
    "circuits": 1,
    "cost": 2.5,
    "unit": "quantum seconds",
    "bound": None,
}
PART: dict[str, Any] = {
    "place": 0,
    "circuit": None,
    "tag": "qsac-0",
    "ceiling": 3.0,
    "begun": "2026-11-29T06:00:00+00:00",
    "state": "done",
    "message": "",
    "handle": "('a-job', 0, 6, 'null')",
    "earlier": "",
    "counts": '{"00": 40, "01": 60}',
}
COLUMNS = [column for column in (*JOB, *PART) if column not in ("id", "place")]
PAIR = [PART | {"circuit": "a"}, PART | {"place": 1, "circuit": "b", "tag": "qsac-1"}]


def _read(column: str, value: Any) -> Job | DamagedJob:
    changed = {column: value}
    return read_entry(JOB | changed, [PART]) if column in JOB else read_entry(JOB, [PART | changed])


def _job(*states: str) -> Job:
    """A job of so many circuits, called a, b, .."""
    rows = [
        PART | {"place": place, "circuit": chr(97 + place), "state": state, "counts": None}
        for place, state in enumerate(states)
    ]
    found = read_entry(JOB | {"circuits": len(rows)}, rows)
    assert isinstance(found, Job)
    return found


def test_a_sound_row() -> None:
    assert (tuple(JOB), tuple(PART)) == (JOB_COLUMNS, PART_COLUMNS)
    fields = {name: value for name, value in JOB.items() if name != "circuits"}
    part = Part(7, **PART | {"counts": {"00": 40, "01": 60}})
    assert read_entry(JOB, [PART]) == Job(**fields, parts=(part,))
    bare = PART | {"ceiling": None, "begun": None, "handle": None, "counts": None, "state": "submitting"}
    assert read_entry(JOB | {"cost": None, "unit": None}, [bare]) == Job(
        **fields | {"cost": None, "unit": None}, parts=(Part(7, **bare),)
    )


def test_a_job_of_one_circuit_in_json_is_as_it_was_before_there_were_several() -> None:
    found = read_entry(JOB, [PART])
    assert list(found.to_dict()) == [
        *("id", "tag", "created", "vendor", "machine", "target", "model", "artifact"),
        *("shots", "cost", "unit", "state", "message", "handle"),
    ]
    assert (found.to_dict()["tag"], found.to_dict()["handle"]) == (PART["tag"], PART["handle"])


def test_several_circuits() -> None:
    found = read_entry(JOB | {"circuits": 2}, PAIR[::-1])
    assert isinstance(found, Job)
    assert [(part.job, part.place, part.circuit, part.called) for part in found.parts] == [
        (7, 0, "a", "circuit a of job 7"),
        (7, 1, "b", "circuit b of job 7"),
    ]
    told = json.loads(json.dumps(found.to_dict()))
    assert (told["tag"], told["handle"]) == (None, None)
    assert [(one["circuit"], one["tag"], one["state"]) for one in told["circuits"]] == [
        ("a", "qsac-0", "done"),
        ("b", "qsac-1", "done"),
    ]
    assert "counts" not in told["circuits"][0]


@pytest.mark.parametrize(
    ("states", "state", "resumable", "progress"),
    [
        (("done", "queued"), "queued", "", "queued: b; done: a"),
        (("queued", "running", "queued"), "running", "", "running: b; queued: a, c"),
        (("done", "submitting", "not submitted"), "submitting", "c", "submitting: b; not submitted: c; done: a"),
        (("done", "failed", "not submitted"), "failed", "bc", "failed: b; not submitted: c; done: a"),
        (("cancelled", "not found"), "cancelled", "ab", "cancelled: a; not found: b"),
        (("done", "done"), "done", "", "done: a, b"),
    ],
)
def test_a_job_is_as_far_as_its_last_circuit(
    states: tuple[str, ...], state: str, resumable: str, progress: str
) -> None:
    found = _job(*states)
    assert (found.state, found.progress) == (state, progress)
    assert "".join(str(part.circuit) for part in found.resumable) == resumable


def test_every_state_has_its_place() -> None:
    assert set(entries.RESUMABLE) < set(STATES)
    for state in STATES:
        assert _job(state, "done").state == state


@pytest.mark.parametrize(
    ("rows", "circuits", "problem"),
    [
        ([], 1, "1 of 1 circuits are missing"),
        (PAIR[:1], 2, "1 of 2 circuits are missing"),
        (PAIR, 2**40, "1,099,511,627,774 of 1,099,511,627,776 circuits are missing"),
        ([PAIR[0], PAIR[1] | {"counts": "["}], 2, "invalid counts of circuit 2"),
        (
            [PAIR[0] | {"state": "gone"}, PAIR[1] | {"tag": 3}],
            2,
            "invalid state of circuit 1; invalid tag of circuit 2",
        ),
        ([PAIR[0], PAIR[1] | {"circuit": None}], 2, "invalid circuit of circuit 2"),
        ([PAIR[0], PAIR[1] | {"place": "1"}], 2, "1 of 2 circuits are missing"),
        (PAIR[:1], 1, "invalid circuit"),
    ],
)
def test_a_damaged_circuit_costs_its_job(rows: list[dict[str, Any]], circuits: int, problem: str) -> None:
    found = read_entry(JOB | {"circuits": circuits}, rows)
    assert isinstance(found, DamagedJob)
    assert found.problem == problem
    assert found.tag == (", ".join(row["tag"] for row in rows if row["tag"] != 3 and row["place"] != "1") or None)


def test_a_circuit_that_strayed_from_another_job_costs_nothing_here() -> None:
    assert read_entry(JOB, [PART, PAIR[1]]) == read_entry(JOB, [PART])


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("value", [b"\xff", [1], b""])
def test_values_of_a_wrong_type(column: str, value: Any) -> None:
    found = _read(column, value)
    assert isinstance(found, DamagedJob)
    assert (found.id, found.problem) == (7, f"invalid {column}")
    assert found.tag == (None if column == "tag" else "qsac-0")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(
            (column, None)
            for column in COLUMNS
            if column not in ("cost", "unit", "bound", "handle", "counts", "circuit", "ceiling", "begun")
        ),
        *(("shots", shots) for shots in (0, -1, 2**62, 1.5, "100")),
        *(("circuits", circuits) for circuits in (0, -1, 1.5, "1")),
        *(("cost", cost) for cost in (inf, -1.0, "1")),
        *(("ceiling", ceiling) for ceiling in (inf, -1.0, "1")),
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
    found = _read(column, value)
    assert isinstance(found, DamagedJob)
    assert found.problem == f"invalid {column}"
    assert json.loads(json.dumps(found.to_dict()))["state"] == "damaged"


def test_counts_of_a_job_that_is_not_done() -> None:
    found = _read("state", "queued")
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
    bomb = zlib.compress(b"0" * 2**28)
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
