"""`qsac run --submit`, `qsac jobs` and `qsac results`, up to the vendor's client, which is a fake one."""

import json
import sys
from pathlib import Path
from typing import Any

import click
import pytest

import qsac
from qsac.cli import results
from qsac.cli.main import run
from qsac.errors import BackendError
from qsac.submission import submit
from qsac.submission.journal import Journal
from tests.submission.fake import FakeVendor

Captured = pytest.CaptureFixture[str]
SUBMIT = ["run", "small.json", "--target", "h2", "--submit", "--shots", "100"]


@pytest.fixture
def vendor(folder: Path, monkeypatch: pytest.MonkeyPatch) -> FakeVendor:
    fake = FakeVendor(folder / "vendor")
    monkeypatch.setattr(submit, "client", lambda _vendor, _machine: fake)
    return fake


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)


def _said(arguments: list[str], capsys: Captured, code: int = 0) -> Any:
    capsys.readouterr()
    assert run(arguments) == code
    return capsys.readouterr()


def test_a_job_from_its_submission_to_its_metrics(vendor: FakeVendor, capsys: Captured) -> None:
    said = _said([*SUBMIT, "--yes", "--max-cost", "50"], capsys)
    assert said.out == "job 1 submitted to H2-1\n"
    cost = qsac.compile("small.json", "h2").stats["cost"]
    low, high = (cost["fixed"] + 100 * cost[name] for name in ("per_shot", "per_shot_with_resets"))
    most = f" to {high:,.1f}" if high != low else ""
    assert said.err.startswith(f"small one on H2-1, 100 shots: about {low:,.1f}{most} HQC, by Quantinuum's published")
    assert said.err.endswith("note: qsac results 1 fetches its results\n")
    (entry,) = Journal().jobs()
    assert json.loads((vendor.folder / f"{entry.tag}.json").read_text()) == {"shots": 100, "bits": 6, "ceiling": 50.0}

    vendor.state = "running"
    assert _said(["results", "1"], capsys).out == "job 1 on H2-1: running\n"
    (listed,) = json.loads(_said(["jobs", "--json"], capsys).out)
    assert (listed["id"], listed["state"], listed["handle"]) == (1, "running", entry.tag)
    assert json.loads(_said(["results", "1", "--json"], capsys).out)["result"] is None

    # What becomes of the user's files is of no matter.
    Path("small.json").unlink()
    vendor.state = "done"
    facts = json.loads(_said(["results", "1", "--json"], capsys).out)
    assert facts["state"] == "done"
    assert (facts["result"]["shots"], facts["result"]["seed"], facts["result"]["target"]) == (100, None, "h2")
    assert facts["result"]["metrics"]["success_probability"] == 1.0
    table = _said(["results", "1"], capsys).out
    assert table.startswith("small one on h2, 100 shots\n")
    for file in vendor.folder.iterdir():  # counts are fetched once
        file.unlink()
    assert _said(["results", "1"], capsys).out == table
    assert "done" in _said(["jobs"], capsys).out


def test_no_jobs(folder: Path, capsys: Captured) -> None:
    assert _said(["jobs"], capsys).out == "no jobs were submitted\n"
    assert _said(["jobs", "--json"], capsys).out == "[]\n"
    assert _said(["results", "1"], capsys, 2).err.startswith("error: there is no job 1 in the journal\n")
    assert _said(["results", "one"], capsys, 2).out == ""


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("agreed", [True, False])
def test_the_cost_is_agreed_to_on_a_terminal(
    agreed: bool, vendor: FakeVendor, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(click, "confirm", lambda text, **_: asked.append(text) or agreed)
    said = _said(SUBMIT, capsys, 0 if agreed else 130)
    assert asked == ["Submit it?"]
    assert len(Journal().jobs()) == vendor.folder.exists() == agreed
    assert "HQC" in said.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (SUBMIT, 2, "nothing is submitted unasked: --yes agrees to the cost where there is no terminal"),
        ([*SUBMIT, "--yes", "--max-cost", "1"], 3, "the job may cost more than is allowed"),
        ([*SUBMIT[:-1], "20000", "--yes"], 3, "the job has too many shots"),
        ([*SUBMIT[:-1], "0", "--yes"], 2, "the number of shots is out of range"),
        ([*SUBMIT[:-2], "--yes"], 2, "--submit needs --shots: every one of them is paid for"),
        ([*SUBMIT, "--noise"], 2, "--noise is for simulations, not for --submit"),
        (["run", "small.json", "--submit", "--shots", "9", "--yes"], 2, "no jobs can be submitted to statevector"),
        (["run", "-", "--submit", "--shots", "9"], 2, "--submit asks before it spends: give a file, or --yes"),
        (["run", "small.json", "--yes"], 2, "--max-cost, --machine and --yes are for --submit"),
        (["run", "small.json", "--machine", "H2-1E"], 2, "--max-cost, --machine and --yes are for --submit"),
        (["run", "small.json", "--max-cost", "0"], 2, "--max-cost, --machine and --yes are for --submit"),
    ],
)
def test_what_is_refused_before_anything_is_spent(
    arguments: list[str], code: int, message: str, vendor: FakeVendor, capsys: Captured
) -> None:
    said = _said(arguments, capsys, code)
    assert f"error: {message}\n" in said.err
    assert said.out == ""
    assert not vendor.folder.exists()
    assert Journal().jobs() == []


def test_an_artifact_and_another_machine(vendor: FakeVendor, capsys: Captured) -> None:
    assert run(["compile", "small.json", "--target", "ibm-fez", "-q", "--no-verify"]) == 0
    words = ["run", "small.qsac.json", "--submit", "--shots", "1000", "--yes", "--json"]
    job = json.loads(_said(words, capsys).out)
    assert (job["vendor"], job["machine"], job["unit"]) == ("IBM", "ibm_fez", "quantum seconds")
    taken = json.loads(Path("small.qsac.json").read_text(encoding="utf-8"))["stats"]["duration"]
    assert 251e-6 < taken["per_shot"] < 350e-6
    assert job["cost"] == pytest.approx(2 + 1000 * taken["per_shot"])
    assert json.loads(_said([*words, "--machine", "ibm_other"], capsys).out)["machine"] == "ibm_other"
    assert "compiled for ibm-fez, not for h2" in _said([*words, "--target", "h2"], capsys, 2).err
    table = _said(["jobs"], capsys).out.splitlines()
    assert [line.split()[0] for line in table[2:]] == ["2", "1"]


def test_a_vendor_that_fails_is_told_and_remembered(vendor: FakeVendor, capsys: Captured) -> None:
    vendor.fails = True
    assert "error: the vendor is not there\n" in _said([*SUBMIT, "--yes"], capsys, 4).err
    (entry,) = Journal().jobs()
    assert (entry.state, entry.handle, entry.message) == ("submitting", None, "the vendor is not there")
    said = _said(["results", "1"], capsys, 4)
    assert said.err == (
        "error: job 1 never reached Quantinuum\n"
        f"  found:  no job called {entry.tag}\n"
        "  help:   as far as Quantinuum knows nothing was submitted: submit it again\n"
    )


def test_a_job_whose_handle_was_lost_is_found_again(vendor: FakeVendor, capsys: Captured) -> None:
    vendor.crashes = True
    _said([*SUBMIT, "--yes"], capsys, 130)
    (entry,) = Journal().jobs()
    assert (entry.state, entry.handle) == ("submitting", None)
    facts = json.loads(_said(["results", "1", "--json"], capsys).out)
    assert (facts["state"], facts["handle"], facts["result"]["shots"]) == ("done", entry.tag, 100)


def test_a_handle_that_cannot_be_written_down_is_told(
    vendor: FakeVendor, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise BackendError("the run journal cannot be used")

    monkeypatch.setattr(Journal, "submitted", full)
    said = _said([*SUBMIT, "--yes"], capsys, 4).err
    (entry,) = Journal().jobs()
    assert "error: the job was submitted, but its handle could not be written down\n" in said
    assert f"  found:  H2-1, {entry.tag}\n" in said


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_a_job_that_was_not_run(state: Any, vendor: FakeVendor, capsys: Captured) -> None:
    _said([*SUBMIT, "--yes"], capsys)
    vendor.state = state
    said = _said(["results", "1", "--wait"], capsys, 4).err
    assert said == f"error: job 1 was not run: {state}\n  found:  it is {state}\n  help:   submit it again\n"


def test_waiting(vendor: FakeVendor, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    _said([*SUBMIT, "--yes"], capsys)
    vendor.state = "queued"
    states = iter(["running", "done"])

    def later(seconds: float) -> None:
        assert seconds == results.POLL_SECONDS
        vendor.state = next(states)

    monkeypatch.setattr(results.time, "sleep", later)
    assert _said(["results", "1", "--wait"], capsys).out.startswith("small one on h2, 100 shots\n")
    assert next(states, None) is None


def test_counts_that_do_not_fit_the_circuit(vendor: FakeVendor, capsys: Captured) -> None:
    vendor.outcome = "01"
    _said([*SUBMIT, "--yes"], capsys)
    assert (
        "error: an outcome does not fit the circuit's bits\n  where:  job 1 /01"
        in _said(["results", "1"], capsys, 2).err
    )
