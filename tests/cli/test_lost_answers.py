"""Answers that never came: the job is named, found again, and not submitted twice."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

import qsac
from qsac.errors import BackendError, InvalidInputError
from qsac.submission import submit
from qsac.submission.journal import Journal
from tests.submission.fake import SUBMIT, Captured, FakeVendor, said

UNKNOWN = "error: it is not known whether job 1 was submitted to Quantinuum [job.lost-answer]\n"
ASK = "  help:   `qsac results 1` finds out; do not submit it again before that\n"


def _later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The vendor has had its time to list what was submitted."""
    monkeypatch.setattr(submit, "LISTING_SECONDS", 0.0)


def test_a_vendor_that_fails_is_told_and_remembered(
    vendor: FakeVendor, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor.fails = True
    output = said([*SUBMIT, "--yes"], capsys, 4).err
    assert output.endswith(f"{UNKNOWN}  found:  the vendor is not there\n{ASK}")
    (entry,) = Journal().jobs()
    assert (entry.state, entry.parts[0].handle, entry.message) == ("submitting", None, "the vendor is not there")
    vendor.fails = False
    assert said(["results", "1"], capsys, 4).err == (
        f"error: Quantinuum does not list job 1 so far [job.not-listed]\n  found:  no job called {entry.parts[0].tag}\n"
        "  help:   ask again in some minutes: new jobs may be listed late, and `qsac run` may still be submitting it\n"
    )
    # Nobody is asked: what may be paid for already is not submitted again.
    again = said([*SUBMIT, "--yes"], capsys, 4).err
    assert "error: the very same job may have been submitted already, as job 1 [journal.pending]\n" in again
    assert ASK in again
    _later(monkeypatch)
    assert said(["results", "1"], capsys, 4).err == (
        f"error: job 1 never reached Quantinuum [job.never-submitted]\n  found:  no job called {entry.parts[0].tag}\n"
        "  help:   as far as Quantinuum knows nothing was submitted: submit it again, unless a `qsac run` is still at "
        "it\n"
    )
    assert Journal().job(1).state == "not found"
    assert not vendor.folder.exists()
    assert said([*SUBMIT, "--yes"], capsys).out == "job 2 submitted to H2-1\n"
    assert len(vendor.jobs) == 1


@pytest.mark.parametrize(
    ("breaks", "code", "found"),
    [
        (BackendError("Nexus is away", found="a time-out"), 4, "Nexus is away: a time-out"),
        (TimeoutError("it took\x1b[2J\ntoo long"), 4, "TimeoutError: it took\\x1b[2J\\ntoo long"),
        (SystemExit(0), 4, "SystemExit: 0"),
        (MemoryError(), 4, "MemoryError"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_an_answer_that_is_lost_names_its_job(
    breaks: BaseException, code: int, found: str, vendor: FakeVendor, capsys: Captured
) -> None:
    vendor.breaks = breaks
    output = said([*SUBMIT, "--yes"], capsys, code)
    assert output.err.endswith(f"{UNKNOWN}  found:  {found}\n{ASK}")
    assert output.out == ""
    vendor.breaks = None
    assert "as job 1" in said([*SUBMIT, "--yes"], capsys, 4).err
    facts = json.loads(said(["results", "1", "--json"], capsys).out)
    assert (facts["state"], facts["result"]["shots"]) == ("done", 100)
    assert len(vendor.jobs) == 1


@pytest.mark.parametrize("answer", [3, b"handle", "", "x" * 5000, "a\x1b]0;title\x07", "a\ud800", ["handle"]])
def test_a_handle_that_is_none(answer: Any, vendor: FakeVendor, capsys: Captured) -> None:
    vendor.answer = answer
    output = said([*SUBMIT, "--yes"], capsys, 4).err
    assert f"{UNKNOWN}  found:  the answer of Quantinuum makes no sense: " in output
    assert output.replace("\n", "").isprintable()
    assert json.loads(said(["results", "1", "--json"], capsys).out)["state"] == "done"  # found by its name


def test_a_job_that_the_client_refuses_is_not_pending(vendor: FakeVendor, capsys: Captured) -> None:
    vendor.breaks = InvalidInputError("the device is not as its snapshot")
    assert "error: the device is not as its snapshot [input.invalid]\n" in said([*SUBMIT, "--yes"], capsys, 2).err
    (entry,) = Journal().jobs()
    assert (entry.state, entry.message) == ("failed", "not submitted: the device is not as its snapshot")
    vendor.breaks, vendor.slow = None, True
    assert said(["results", "1"], capsys, 4).err == (
        "error: job 1 was not run: failed [job.not-run]\n  found:  not submitted: the device is not as its snapshot\n"
        "  help:   submit it again\n"
    )
    assert said([*SUBMIT, "--yes"], capsys).out == "job 2 submitted to H2-1\n"


@pytest.mark.usefixtures("terminal")
def test_a_pending_job_is_named_before_the_cost_is_agreed_to(
    vendor: FakeVendor, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor.crashes = True
    said([*SUBMIT, "--yes"], capsys, 130)
    vendor.crashes = False
    output = []
    monkeypatch.setattr(click, "confirm", lambda *_, **__: output.append(capsys.readouterr().err) or len(output) > 1)
    said(SUBMIT, capsys, 130)
    assert "warning: the very same job may have been submitted already, as job 1" in output[0]
    assert len(vendor.jobs) == 1
    said(SUBMIT, capsys)
    assert len(vendor.jobs) == 2
    # Another number of shots is another job.
    assert "job 3 submitted" in said([*SUBMIT[:-1], "101", "--yes"], capsys).out


def test_an_interruption_leaves_a_loop_of_jobs(folder: Path) -> None:
    fake = FakeVendor(folder / "vendor", crashes=True)
    with pytest.raises(KeyboardInterrupt) as caught:
        submit.submit(submit.plan(qsac.compile("small.json", "h2"), 5), fake, Journal())
    assert isinstance(caught.value, submit.SubmissionInterrupted)
    assert caught.value.lost.job.id == 1


def test_a_job_whose_handle_was_lost_is_found_again(vendor: FakeVendor, capsys: Captured) -> None:
    vendor.crashes = True
    said([*SUBMIT, "--yes"], capsys, 130)
    (entry,) = Journal().jobs()
    assert (entry.state, entry.parts[0].handle) == ("submitting", None)
    facts = json.loads(said(["results", "1", "--json"], capsys).out)
    assert (facts["state"], facts["handle"], facts["result"]["shots"]) == ("done", entry.parts[0].tag, 100)


@pytest.mark.parametrize(("broken", "code"), [(BackendError, 4), (InvalidInputError, 4), (KeyboardInterrupt, 130)])
def test_a_handle_that_cannot_be_written_down_is_told(
    broken: type[BaseException], code: int, vendor: FakeVendor, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise broken("the run journal cannot be used")

    with monkeypatch.context() as patched:
        patched.setattr(Journal, "submitted", full)
        output = said([*SUBMIT, "--yes"], capsys, code).err
    (entry,) = Journal().jobs()
    assert "error: job 1 was submitted, but its handle could not be written down [job.lost-handle]\n" in output
    assert f"  found:  H2-1, {entry.parts[0].tag}: " in output
    assert output.endswith(ASK)
    assert json.loads(said(["results", "1", "--json"], capsys).out)["state"] == "done"


# A process that is killed while it submits: the vendor is in its own process, as real ones are.
_KILLED = """
import os, pathlib, sys, threading, time
import qsac
from qsac.cli.main import run
from qsac.submission import submit
from tests.submission.fake import FakeVendor
vendor = FakeVendor(pathlib.Path("vendor"))
submit.client = lambda *_: vendor
where = sys.argv[1]
original = FakeVendor.submit
def killed(self, *args):
    if where == "before":
        os.kill(os.getpid(), 9)
    handle = original(self, *args)
    if where == "after":
        os.kill(os.getpid(), 9)
    return handle
FakeVendor.submit = killed
noted = submit.Journal.submitted
def kill(self, *args):
    noted(self, *args)
    os.kill(os.getpid(), 9)
if where == "noted":
    submit.Journal.submitted = kill
sys.exit(run(["run", "small.json", "--target", "h2", "--submit", "--shots", "100", "--yes"]))
"""


@pytest.mark.parametrize(("where", "submitted"), [("before", 0), ("after", 1), ("noted", 1)])
def test_a_killed_submission_is_neither_lost_nor_doubled(
    where: str, submitted: int, vendor: FakeVendor, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = str(Path(__file__).resolve().parents[2])
    environment = os.environ | {"PYTHONPATH": root}
    found = subprocess.run([sys.executable, "-c", _KILLED, where], env=environment, check=False, capture_output=True)
    assert found.returncode == -9, found.stderr
    assert len(vendor.jobs) == submitted
    assert len(Journal().jobs()) == 1
    if where != "noted":
        assert "as job 1" in said([*SUBMIT, "--yes"], capsys, 4).err
    _later(monkeypatch)
    said(["results", "1"], capsys, 0 if submitted else 4)
    assert Journal().job(1).state == ("done" if submitted else "not found")
    assert len(vendor.jobs) == submitted
