"""`qsac run --submit`, `qsac jobs` and `qsac results`, up to the vendor's client, which is a fake one."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest

import qsac
from qsac.cli import results
from qsac.cli.main import run
from qsac.errors import InvalidInputError
from qsac.submission import submit
from qsac.submission.journal import Journal
from tests.submission.fake import SUBMIT, Captured, FakeVendor, said


def test_a_job_from_its_submission_to_its_metrics(vendor: FakeVendor, capsys: Captured) -> None:
    output = said([*SUBMIT, "--yes", "--max-cost", "50"], capsys)
    assert output.out == "job 1 submitted to H2-1\n"
    cost = qsac.compile("small.json", "h2").stats["cost"]
    low, high = (cost["fixed"] + 100 * cost[name] for name in ("per_shot", "per_shot_with_resets"))
    most = f" to {high:,.1f}" if high != low else ""
    assert output.err.startswith(f"small one on H2-1, 100 shots: about {low:,.1f}{most} HQC, by Quantinuum's published")
    assert output.err.endswith("note: qsac results 1 fetches its results\n")
    (entry,) = Journal().jobs()
    (part,) = entry.parts
    assert json.loads((vendor.folder / f"{part.tag}.json").read_text()) == {"shots": 100, "bits": 6, "ceiling": 50.0}

    vendor.state = "running"
    assert said(["results", "1"], capsys).out == "job 1 on H2-1: running\n"
    (listed,) = json.loads(said(["jobs", "--json"], capsys).out)
    assert (listed["id"], listed["state"], listed["handle"]) == (1, "running", part.tag)
    assert json.loads(said(["results", "1", "--json"], capsys).out)["result"] is None

    # What becomes of the user's files is of no matter.
    Path("small.json").unlink()
    vendor.state = "done"
    facts = json.loads(said(["results", "1", "--json"], capsys).out)
    assert facts["state"] == "done"
    assert (facts["result"]["shots"], facts["result"]["seed"], facts["result"]["target"]) == (100, None, "h2")
    assert facts["result"]["metrics"]["success_probability"] == 1.0
    table = said(["results", "1"], capsys).out
    assert table.startswith("small one on h2, 100 shots\n")
    for file in vendor.folder.iterdir():  # counts are fetched once
        file.unlink()
    assert said(["results", "1"], capsys).out == table
    assert "done" in said(["jobs"], capsys).out


def test_no_jobs(folder: Path, capsys: Captured) -> None:
    assert said(["jobs"], capsys).out == "no jobs were submitted\n"
    assert said(["jobs", "--json"], capsys).out == "[]\n"
    assert said(["results", "1"], capsys, 2).err.startswith(
        "error: there is no job 1 in the journal [journal.unknown-job]\n"
    )
    assert said(["results", "one"], capsys, 2).out == ""


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("agreed", [True, False])
def test_the_cost_is_agreed_to_on_a_terminal(
    agreed: bool, vendor: FakeVendor, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(click, "confirm", lambda text, **_: asked.append(text) or agreed)
    output = said(SUBMIT, capsys, 0 if agreed else 130)
    assert asked == ["Submit it?"]
    assert len(Journal().jobs()) == vendor.folder.exists() == agreed
    assert "HQC" in output.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            SUBMIT,
            2,
            "submitting costs money and needs your consent: without a terminal, accept the cost with --yes "
            "[usage.invalid]",
        ),
        ([*SUBMIT, "--yes", "--max-cost", "1"], 3, "the job may cost more than is allowed [job.too-expensive]"),
        ([*SUBMIT[:-1], "20000", "--yes"], 3, "the job has too many shots [job.too-many-shots]"),
        ([*SUBMIT[:-1], "0", "--yes"], 2, "the number of shots is out of range [option.out-of-range]"),
        ([*SUBMIT[:-2], "--yes"], 2, "--submit needs --shots, because each shot costs money [usage.invalid]"),
        ([*SUBMIT, "--noise"], 2, "--noise is for simulations, not for --submit [usage.invalid]"),
        (
            ["run", "small.json", "--submit", "--shots", "9", "--yes"],
            2,
            "no jobs can be submitted to statevector [vendor.unsupported-target]",
        ),
        (
            ["run", "-", "--submit", "--shots", "9"],
            2,
            "--submit asks for consent on standard input: give a file, or --yes [usage.invalid]",
        ),
        (["run", "small.json", "--yes"], 2, "--max-cost, --machine and --yes are for --submit [usage.invalid]"),
        (
            ["run", "small.json", "--machine", "H2-1E"],
            2,
            "--max-cost, --machine and --yes are for --submit [usage.invalid]",
        ),
        (
            ["run", "small.json", "--max-cost", "0"],
            2,
            "--max-cost, --machine and --yes are for --submit [usage.invalid]",
        ),
    ],
)
def test_what_is_refused_before_anything_is_spent(
    arguments: list[str], code: int, message: str, vendor: FakeVendor, capsys: Captured
) -> None:
    output = said(arguments, capsys, code)
    assert f"error: {message}\n" in output.err
    assert output.out == ""
    assert not vendor.folder.exists()
    assert Journal().jobs() == []


def test_an_artifact_and_another_machine(vendor: FakeVendor, capsys: Captured) -> None:
    assert run(["compile", "small.json", "--target", "ibm-fez", "-q", "--no-verify"]) == 0
    words = ["run", "small.qsac.json", "--submit", "--shots", "1000", "--yes", "--json"]
    job = json.loads(said(words, capsys).out)
    assert (job["vendor"], job["machine"], job["unit"]) == ("IBM", "ibm_fez", "quantum seconds")
    taken = json.loads(Path("small.qsac.json").read_text(encoding="utf-8"))["stats"]["duration"]
    assert 251e-6 < taken["per_shot"] < 350e-6
    assert job["cost"] == pytest.approx(2 + 1000 * taken["per_shot"])
    assert json.loads(said([*words, "--machine", "ibm_other"], capsys).out)["machine"] == "ibm_other"
    assert "compiled for ibm-fez, not for h2" in said([*words, "--target", "h2"], capsys, 2).err
    table = said(["jobs"], capsys).out.splitlines()
    assert [line.split()[0] for line in table[2:]] == ["2", "1"]


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_a_job_that_was_not_run(state: Any, vendor: FakeVendor, capsys: Captured) -> None:
    said([*SUBMIT, "--yes"], capsys)
    vendor.state = state
    output = said(["results", "1", "--wait"], capsys, 4).err
    assert (
        output
        == f"error: job 1 was not run: {state} [job.not-run]\n  found:  it is {state}\n  help:   submit it again\n"
    )


def test_waiting(vendor: FakeVendor, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    said([*SUBMIT, "--yes"], capsys)
    vendor.state = "queued"
    states = iter(["running", "done"])

    def later(seconds: float) -> None:
        assert seconds == results.POLL_SECONDS
        vendor.state = next(states)

    monkeypatch.setattr(results.time, "sleep", later)
    assert said(["results", "1", "--wait"], capsys).out.startswith("small one on h2, 100 shots\n")
    assert next(states, None) is None


@pytest.mark.parametrize(
    ("returned", "problem"),
    [
        ({"01": 100}, 'the outcome "01" of 2 bits, not 6'),
        ({"00000x": 100}, 'the outcome "00000x"'),
        ({"000000": -1, "000001": 101}, 'the count -1 of the outcome "000000"'),
        ({"000000": 99.5}, 'the count 99.5 of the outcome "000000"'),
        ({"000000": True}, 'the count true of the outcome "000000"'),
        ({"000000": 0}, "0 shots in all"),
        ({(0,) * 6: 100}, "the outcome a Python tuple"),
        ({"00000\x1b": 100}, 'the outcome "00000\\x1b"'),
        ([1, 2], "a list of 2 items in place of outcomes and their counts"),
        ({"000000": 10**30}, "the count an integer of 100 bits"),
    ],
)
def test_counts_that_cannot_be_used_are_not_kept(
    returned: Any, problem: str, vendor: FakeVendor, capsys: Captured
) -> None:
    said([*SUBMIT, "--yes"], capsys)
    vendor.returned = returned
    output = said(["results", "1"], capsys, 4).err
    assert output.startswith(f"error: the counts of job 1 cannot be used [vendor.invalid-answer]\n  found:  {problem}")
    entry = Journal().job(1)
    assert (entry.state, entry.parts[0].counts) == ("queued", None)
    vendor.returned = {"000000": 100}
    assert json.loads(said(["results", "1", "--json"], capsys).out)["result"]["shots"] == 100


@pytest.mark.parametrize("taken", [90, 110])
def test_another_number_of_shots_than_was_paid_for_issaid(taken: int, vendor: FakeVendor, capsys: Captured) -> None:
    said([*SUBMIT, "--yes"], capsys)
    vendor.returned = {"000000": taken}
    warning = f"Quantinuum returned {taken} shots; 100 were submitted, and may have been charged"
    for _ in range(2):
        output = said(["results", "1", "--json"], capsys)
        assert f"warning: {warning}\n" in output.err
        assert json.loads(output.out)["result"]["warnings"][0] == warning


def test_a_later_answer_does_not_take_a_finished_job_back(vendor: FakeVendor, capsys: Captured) -> None:
    said([*SUBMIT, "--yes"], capsys)
    before = Journal().job(1)
    said(["results", "1"], capsys)
    done = Journal().job(1)
    vendor.state = "failed"
    assert submit.update(before, vendor, Journal()) == done  # another process, which asked before
    vendor.state, vendor.returned = "done", {"111111": 100}
    assert submit.update(before, vendor, Journal()) == done
    vendor.state = "failed"
    said(["results", "1"], capsys)
    assert Journal().job(1) == done


def test_a_state_and_a_message_that_make_no_sense(vendor: FakeVendor, capsys: Captured) -> None:
    said([*SUBMIT, "--yes"], capsys)
    vendor.state = "gone\x1b"  # type: ignore[assignment]  # as a vendor might
    assert (
        "error: the answer of Quantinuum makes no sense [vendor.invalid-answer]\n"
        in said(["results", "1"], capsys, 4).err
    )
    assert Journal().job(1).state == "queued"


def test_a_vendor_that_does_not_answer(vendor: FakeVendor, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    said([*SUBMIT, "--yes"], capsys)
    monkeypatch.setattr(vendor, "status", lambda _: 1 / 0)
    output = said(["results", "1"], capsys, 4).err
    assert output.startswith("error: Quantinuum did not answer [vendor.no-answer]\n  found:  ZeroDivisionError: ")


def _changed(compiled: qsac.Compiled, **fields: Any) -> list[str]:
    """Submits what an artifact was changed into."""
    replace(compiled, **fields).save("changed.qsac.json")
    return ["run", "changed.qsac.json", "--submit", "--yes", "--shots"]


def test_a_forged_cost_is_not_believed(vendor: FakeVendor, capsys: Captured) -> None:
    compiled = qsac.compile("small.json", "h2")
    free = {"unit": "HQC", "fixed": 0, "per_shot": 0, "per_shot_with_resets": 0}
    words = _changed(compiled, stats=compiled.stats | {"cost": free})
    assert (
        "error: the job may cost more than is allowed [job.too-expensive]\n"
        in said([*words, "1000", "--max-cost", "1"], capsys, 3).err
    )
    assert (
        "error: the job has too many shots [job.too-many-shots]\n"
        in said([*words, "100000000", "--max-cost", "1"], capsys, 3).err
    )
    words = _changed(compiled, target=compiled.target | {"max_shots": None})
    output = said([*words, "100000000"], capsys, 2).err
    assert (
        'error: the artifact describes another machine than the "h2" that this qsac knows [artifact.changed-target]\n'
        in output
    )
    assert "  where:  /target/max_shots\n" in output
    assert not vendor.folder.exists()


def test_a_wrong_circuit_is_not_submitted(vendor: FakeVendor, capsys: Captured) -> None:
    compiled = qsac.compile("small.json", "h2")
    angles = compiled.circuits[0].angles.copy()
    angles[0, 0] += 0.1
    words = _changed(compiled, circuits=(replace(compiled.circuits[0], angles=angles),))
    output = said([*words, "100"], capsys, 1).err
    assert output.startswith("error: the job is not submitted: ")
    assert "  where:  /circuits/0/circuit/commands/0/op/params/0\n" in output
    assert not vendor.folder.exists()
    assert Journal().jobs() == []


def test_what_is_not_verified_is_said_before_the_cost(
    vendor: FakeVendor, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qsac.submission.verified.is_narrow", lambda *_: False)
    lines = said([*SUBMIT, "--yes"], capsys).err.splitlines()
    assert lines[0].startswith("warning: the circuit is not verified: ")
    assert "HQC" in lines[1]


@pytest.mark.parametrize("max_cost", ["nan", "inf", "-inf", "-1"])
def test_a_highest_cost_that_is_none(max_cost: str, vendor: FakeVendor, capsys: Captured) -> None:
    output = said([*SUBMIT, "--yes", "--max-cost", max_cost], capsys, 2).err
    assert output.startswith("error: the highest cost is invalid [option.out-of-range]\n")
    assert not vendor.folder.exists()


def test_the_vendor_always_gets_a_limit(vendor: FakeVendor, capsys: Captured) -> None:
    output = said([*SUBMIT, "--yes"], capsys).err
    (job,) = vendor.jobs
    assert Journal().job(1).cost <= job["ceiling"] < Journal().job(1).cost + 0.1
    assert f"; the job's limit at Quantinuum: {job['ceiling']:.1f} HQC\n" in output


def test_a_damaged_row_costs_that_row(vendor: FakeVendor, capsys: Captured) -> None:
    for shots in ("100", "101", "102"):
        said([*SUBMIT[:-1], shots, "--yes"], capsys)
    with closing(sqlite3.connect(Journal().path)) as connection, connection:
        connection.execute("UPDATE jobs SET model = ? WHERE id = 2", ("\x1b[2J",))
        connection.execute("UPDATE parts SET counts = '[' WHERE job = 2")
        connection.execute("UPDATE jobs SET model = ? WHERE id = 1", ("a\x1b]0;title\x07",))
    output = said(["jobs"], capsys)
    assert [line.split()[0] for line in output.out.splitlines()[2:]] == ["3", "2", "1"]
    assert "damaged" in output.out.splitlines()[3]
    assert "a\\x1b]0;title\\x07" in output.out.splitlines()[4]
    assert output.err == "warning: job 2 is damaged in the journal: invalid counts\n"
    listed = json.loads(said(["jobs", "--json"], capsys).out)
    assert [(entry["id"], entry["state"]) for entry in listed] == [(3, "queued"), (2, "damaged"), (1, "queued")]
    assert said(["results", "2"], capsys, 4).err.startswith(
        "error: job 2 is damaged in the journal [journal.damaged-job]\n"
    )
    assert json.loads(said(["results", "3", "--json"], capsys).out)["result"]["shots"] == 102
    assert said(["results", "9" * 30], capsys, 2).err.startswith("error: there is no job 999")


def test_a_vendor_that_nobody_knows(vendor: FakeVendor, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    said([*SUBMIT, "--yes"], capsys)
    with closing(sqlite3.connect(Journal().path)) as connection, connection:
        connection.execute("UPDATE jobs SET vendor = 'Nobody'")
    monkeypatch.undo()
    with pytest.raises(InvalidInputError, match='there is no client for the vendor "Nobody"'):
        submit.client("Nobody", "H2-1")
