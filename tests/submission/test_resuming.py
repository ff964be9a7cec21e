"""Jobs of several circuits whose submission ends early: nothing is lost, nothing submitted twice."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

import qsac
from qsac.cli.main import run
from qsac.errors import BackendError, DoesNotFitError, InvalidInputError
from qsac.submission import submit
from qsac.submission.journal import Journal
from qsac.submission.plan import plan
from tests.cases import some
from tests.submission.fake import RESUME_PAIR as RESUME
from tests.submission.fake import SUBMIT_PAIR as SUBMIT
from tests.submission.fake import Captured, CountingVendor, first_job, said, states


def _later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The vendor has had its time to list what was submitted."""
    monkeypatch.setattr(submit, "LISTING_SECONDS", 0.0)


# Submission that ends early


def test_a_circuit_that_a_client_refuses(vendor: CountingVendor, capsys: Captured) -> None:
    vendor.refuses = {"second"}
    output = said(SUBMIT, capsys, 2).err
    assert output.endswith(
        "error: the device is not as its snapshot [input.invalid]\n  help:   choose another device\n"
        "          circuit second was not submitted; these of job 1 were: first\n"
    )
    assert states() == ("queued", "failed")
    vendor.refuses = set()
    output = said(["results", "1"], capsys, 4).err
    assert output == (
        "error: job 1 is not complete [job.incomplete]\n"
        "  found:  failed: second; done: first; second: not submitted: the device is not as its snapshot\n"
        "  help:   `qsac results 1 --resume` submits second, once you agree to the cost, unless a `qsac run` is still "
        "at it\n"
    )
    assert said(RESUME, capsys).out.startswith("pair on h2, 100 shots\n")
    assert vendor.circuits == ["first", "second"]


@pytest.mark.parametrize(("breaks", "code"), [(TimeoutError("too long"), 4), (KeyboardInterrupt(), 130)])
def test_an_answer_that_is_lost_names_its_circuit(
    breaks: BaseException, code: int, vendor: CountingVendor, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor.breaks = breaks
    output = said(SUBMIT, capsys, code).err
    assert (
        "error: it is not known whether circuit first of job 1 was submitted to Quantinuum [job.lost-answer]\n"
        in output
    )
    assert output.endswith("  help:   `qsac results 1` finds out; do not submit it again before that\n")
    assert states() == ("submitting", "not submitted")
    assert "as job 1" in said(SUBMIT, capsys, 4).err
    vendor.breaks = None
    # The first is found by its tag; the second was never handed over, and is not now.
    output = said(["results", "1"], capsys, 4).err
    assert "  found:  not submitted: second; done: first\n" in output
    assert vendor.circuits == ["first"]
    # Nor is the first handed over again.
    again = said(SUBMIT, capsys, 4).err
    assert "error: the very same job was submitted already in part, as job 1 [journal.pending-in-part]\n" in again
    assert "`qsac results 1 --resume` submits the others alone" in again
    assert said(RESUME, capsys).out.startswith("pair on h2, 100 shots\n")
    assert vendor.circuits == ["first", "second"]
    assert "nothing of job 1 is left" not in said(["results", "1", "--resume"], capsys).err
    assert vendor.circuits == ["first", "second"]


def test_what_never_reached_the_vendor_gets_another_tag(
    vendor: CountingVendor, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor.fails = True
    said(SUBMIT, capsys, 4)
    vendor.fails = False
    before = first_job().parts[0]
    # It may appear yet: nothing is submitted, not even the circuit that certainly was not.
    output = said(RESUME, capsys, 4).err
    assert output.startswith("error: Quantinuum does not list circuit first of job 1 so far [job.not-listed]\n")
    assert not vendor.folder.exists()
    _later(monkeypatch)
    output = said(["results", "1"], capsys, 4).err
    assert "  found:  not found: first; not submitted: second; first: Quantinuum knew of no such job\n" in output
    assert said(RESUME, capsys).out.startswith("pair on h2, 100 shots\n")
    assert vendor.circuits == ["first", "second"]
    after = first_job().parts[0]
    assert after.tag != before.tag
    assert after.earlier == f"{before.tag}, handle None: not found; "
    assert vendor.handed() == {part.tag: 1 for part in first_job().parts}


def test_a_late_listing_is_waited_for_after_a_resumption_too(
    vendor: CountingVendor, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The two minutes count from when the circuit was handed over, not from when the job was entered."""
    vendor.breaks = KeyboardInterrupt()
    said(SUBMIT, capsys, 130)
    _age(Journal())
    said(RESUME, capsys, 130)
    assert vendor.circuits == ["first", "second"]
    vendor.slow = True
    assert "does not list circuit second of job 1 so far" in said(RESUME, capsys, 4).err
    vendor.slow, vendor.breaks = False, None
    assert said(["results", "1"], capsys).out.startswith("pair on h2")
    assert vendor.circuits == ["first", "second"]


def _age(journal: Journal) -> None:
    """The job was entered long ago."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(journal.path)) as connection, connection:
        connection.execute("UPDATE jobs SET created = '2020-01-01T00:00:00+00:00'")
        connection.execute("UPDATE parts SET begun = '2020-01-01T00:00:00+00:00' WHERE begun IS NOT NULL")


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_a_circuit_that_was_not_run(state: Any, vendor: CountingVendor, capsys: Captured) -> None:
    said([*SUBMIT, "--max-cost", "60"], capsys)
    limits = [part.ceiling for part in first_job().parts]
    vendor.states = {"first": state}
    output = said(["results", "1", "--wait"], capsys, 4).err
    assert "error: job 1 is not complete [job.incomplete]\n" in output
    assert f"  found:  {state}: first; done: second; first: it is {state}\n" in output
    assert "`qsac results 1 --resume` submits first" in output
    (earlier, _), cost = first_job().parts, first_job().cost
    assert cost is not None
    vendor.states = {str(earlier.handle): state, "first": "queued"}
    assert said(RESUME, capsys).out == "job 1 on H2-1: queued: first; done: second\n"
    assert vendor.circuits == ["first", "first", "second"]  # the one that ran is not paid for again
    job = first_job()
    assert job.parts[0].earlier == f"{earlier.tag}, handle {earlier.handle}: {state}; "
    assert [part.ceiling for part in job.parts] == limits  # as agreed to
    assert job.cost == pytest.approx(cost * 3 / 2, rel=0.3)  # what failed may be charged as well
    vendor.states = {}
    assert said(["results", "1"], capsys).out.startswith("pair on h2")


def test_a_resumption_asks_and_names_what_it_submits(
    vendor: CountingVendor, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor.breaks = KeyboardInterrupt()
    said(SUBMIT, capsys, 130)
    vendor.breaks = None
    output = said(["results", "1", "--resume"], capsys, 2).err
    assert "submitting costs money and needs your consent" in output
    assert output.startswith("pair on H2-1, 100 shots of each of second: about ")
    assert said(["results", "1", "--yes"], capsys, 2).err.startswith("error: --yes is for --resume [usage.invalid]\n")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    answers = iter([False, True])
    monkeypatch.setattr(click, "confirm", lambda *_, **__: next(answers))
    said(["results", "1", "--resume"], capsys, 130)
    assert vendor.circuits == ["first"]
    assert states() == ("done", "not submitted")
    assert said(["results", "1", "--resume"], capsys).out.startswith("pair on h2")
    assert next(answers, None) is None


def test_a_circuit_that_became_dearer_is_not_submitted(vendor: CountingVendor, pair: qsac.Compiled) -> None:
    journal = Journal()
    job = journal.enter(pair, "Quantinuum", "H2-1", 100, 5.0, "HQC", [1.0, 1.0])
    journal.unanswered(job.parts[0], "failed", "")
    with pytest.raises(DoesNotFitError, match="the circuit first may cost more than was agreed to"):
        submit.plan_rest(journal.job(1), journal)


def test_two_who_resume_at_once(vendor: CountingVendor, capsys: Captured) -> None:
    vendor.breaks = KeyboardInterrupt()
    said(SUBMIT, capsys, 130)
    vendor.breaks = None
    said(["results", "1"], capsys, 4)
    journal, job = Journal(), first_job()
    planned = submit.plan_rest(job, journal)
    journal.begin(job.parts[1], 50.0, 50.0)  # the other one is about to ask the vendor
    for known in (job, first_job()):
        with pytest.raises(BackendError, match="job 1 is not submitted completely") as caught:
            submit.resume(planned, known, vendor, journal)
        assert "circuit second of job 1 is submitted by another process" in str(caught.value)
    assert vendor.circuits == ["first"]


def test_a_handle_of_a_circuit_that_was_submitted_again_in_between(
    vendor: CountingVendor, pair: qsac.Compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`qsac run` waited for the vendor all the time: what it hears at last is said, not dropped."""
    _later(monkeypatch)
    journal, original = Journal(), vendor.submit

    def slowly(*arguments: Any) -> str:
        handle = original(*arguments)
        monkeypatch.setattr(vendor, "submit", original)
        vendor.slow = True
        with pytest.raises(BackendError, match="job 1 is not complete"):
            submit.update(journal.job(1), vendor, journal)
        again = journal.job(1)
        submit.resume(submit.plan_rest(again, journal), again, vendor, journal)
        return handle

    monkeypatch.setattr(vendor, "submit", slowly)
    with pytest.raises(submit.LostAnswerError, match="circuit first of job 1 was submitted, but its handle") as caught:
        submit.submit(plan(pair, 100), vendor, journal)
    assert "was submitted once more in between" in str(caught.value)
    (first, _) = journal.job(1).parts
    assert first.earlier.split(",")[0] in (caught.value.found or "")  # the handle begins with the tag


def test_one_circuit_that_a_vendor_does_not_answer_for(
    vendor: CountingVendor, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    said(SUBMIT, capsys)
    asked = vendor.status

    def status(handle: str) -> Any:
        if handle == first_job().parts[0].handle:
            raise OSError("a time-out")
        return asked(handle)

    with monkeypatch.context() as patched:
        patched.setattr(vendor, "status", status)
        assert said(["results", "1"], capsys, 4).err.startswith("error: Quantinuum did not answer [vendor.no-answer]\n")
    assert states() == ("queued", "done")


def test_a_refused_job_of_which_nothing_was_submitted_is_not_pending(vendor: CountingVendor, capsys: Captured) -> None:
    vendor.refuses = {"first"}
    said(SUBMIT, capsys, 2)
    assert states() == ("failed", "not submitted")
    vendor.refuses = set()
    assert said(SUBMIT, capsys).out.startswith("job 2 submitted")


def test_an_artifact_of_other_circuits(vendor: CountingVendor, capsys: Captured) -> None:
    import sqlite3
    from contextlib import closing

    said(SUBMIT, capsys)
    with closing(sqlite3.connect(Journal().path)) as connection, connection:
        connection.execute("UPDATE parts SET circuit = 'third' WHERE place = 1")
    output = said(["results", "1"], capsys, 4).err
    assert "error: job 1 is damaged in the journal [journal.damaged-job]\n" in output
    assert "  found:  the artifact: it has other circuits than the job\n" in output


# Kills


def _calls(vendor: CountingVendor) -> list[tuple[Any, str]]:
    """Whatever writes into the journal or asks the vendor."""
    journal = ("enter", "begin", "submitted", "unanswered", "noted", "counted")
    return [
        *((Journal, name) for name in journal),
        *((type(vendor), n) for n in ("submit", "find", "status", "counts")),
    ]


def _killed(vendor: CountingVendor, arguments: list[str], last: int) -> int | None:
    """Run a command in a child that is killed before the call of that number; None if it ended before, its exit code
    being 0. Calls are those of :func:`_calls`."""
    pid = os.fork()
    if not pid:
        for number in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)
        made = [0]

        def counted(call: Callable[..., Any]) -> Callable[..., Any]:
            def count(*args: Any, **kwargs: Any) -> Any:
                made[0] += 1
                if made[0] > last:
                    os.kill(os.getpid(), 9)
                return call(*args, **kwargs)

            return count

        for holder, name in _calls(vendor):
            setattr(holder, name, counted(getattr(holder, name)))
        os._exit(run(arguments))
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code in (-9, 0)
    return code or None


def _finish(vendor: CountingVendor, capsys: Captured) -> None:
    """What a user does who does not know what became of a job: nothing is lost, nothing is doubled."""
    before = vendor.handed()
    entered = {part.tag for part in first_job().parts}
    assert set(before) <= entered
    if not first_job().is_done and any(part.state in ("submitting", "not submitted") for part in first_job().parts):
        assert "as job 1" in said(SUBMIT, capsys, 4).err
    code = run(["results", "1"])
    assert vendor.handed() == before  # asking for results submits nothing
    assert code == (0 if len(before) == 2 else 4)
    for part in first_job().parts:
        assert (part.counts is not None) == (part.tag in before)
    said(RESUME, capsys)
    assert states() == ("done", "done")
    assert vendor.handed() == {part.tag: 1 for part in first_job().parts}
    assert vendor.circuits == ["first", "second"]
    assert said(["results", "1"], capsys).out.startswith("pair on h2, 100 shots\n")


CALLS_OF_RUN = 6  # enter, submit, submitted; begin, submit, submitted
CALLS_OF_RESUME = 9  # status, counts, counted; begin, submit, submitted; status, counts, counted


@pytest.mark.parametrize("last", some(range(1, CALLS_OF_RUN), 3))
def test_a_killed_submission_is_neither_lost_nor_doubled(
    last: int, vendor: CountingVendor, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    _later(monkeypatch)
    assert _killed(vendor, SUBMIT, last) == -9
    # Handed over by now: the first by the second call, the second by the fifth.
    assert sum(vendor.handed().values()) == (last >= 2) + (last >= 5)
    _finish(vendor, capsys)


@pytest.mark.parametrize("last", some(range(CALLS_OF_RESUME), 4))
def test_a_killed_resumption_is_neither_lost_nor_doubled(
    last: int, vendor: CountingVendor, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    _later(monkeypatch)
    assert _killed(vendor, SUBMIT, 3) == -9
    assert states() == ("queued", "not submitted")
    assert _killed(vendor, RESUME, last) == -9
    assert sum(vendor.handed().values()) == 1 + (last >= 5)
    _finish(vendor, capsys)


def test_these_are_all_the_calls(vendor: CountingVendor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _later(monkeypatch)
    assert _killed(vendor, SUBMIT, CALLS_OF_RUN) is None
    assert vendor.circuits == ["first", "second"]
    monkeypatch.setenv("QSAC_DATA_DIR", str(tmp_path / "another"))
    assert _killed(vendor, SUBMIT, 3) == -9
    assert _killed(vendor, RESUME, CALLS_OF_RESUME) is None
    assert states() == ("done", "done")


def test_an_interruption_between_two_circuits(
    vendor: CountingVendor, pair: qsac.Compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    journal = Journal()
    with monkeypatch.context() as patched:
        patched.setattr(Journal, "begin", interrupted)
        with pytest.raises(submit.SubmissionInterrupted) as caught:
            submit.submit(plan(pair, 100), vendor, journal)
    lost = caught.value.lost
    assert (lost.job.id, lost.exit_code) == (1, 130)
    assert lost.title == "job 1 is not submitted completely"
    assert lost.found == "interrupted; not submitted: second; queued: first"
    assert states() == ("queued", "not submitted")


def test_a_client_that_refuses_raises_the_same_error(vendor: CountingVendor, pair: qsac.Compiled) -> None:
    vendor.refuses = {"first"}
    with pytest.raises(InvalidInputError, match="the device is not as its snapshot") as caught:
        submit.submit(plan(pair, 100), vendor, Journal())
    assert caught.value.help == "choose another device"
