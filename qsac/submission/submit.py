"""From a plan to a vendor's job, and from its counts to metrics. What a vendor answers is checked before it is kept."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import get_args

from qsac.artifact.compiled import Compiled
from qsac.errors import EXIT_BACKEND_FAILURE, EXIT_INTERRUPTED, BackendError, InvalidInputError, QsacError, printable
from qsac.families.contract import Result
from qsac.files.pointer import describe, quoted
from qsac.native.circuit import NativeCircuit
from qsac.runtime.run import interpret_counts
from qsac.submission import ibm, quantinuum
from qsac.submission.client import Client, State, Status
from qsac.submission.entries import NOT_FOUND, SUBMITTING, Job, counts_problem, is_handle
from qsac.submission.journal import Journal
from qsac.submission.plan import Plan, plan

__all__ = ["LostAnswerError", "Plan", "SubmissionInterrupted", "client", "plan", "result", "submit", "update"]

LISTING_SECONDS = 120.0
"""How long after its submission a job that the vendor does not list may still appear there."""

_MESSAGE_CHARACTERS = 1000
"""How much of a vendor's message is kept."""


class LostAnswerError(BackendError):
    """Whether ``job`` was submitted is not known: it was interrupted, or the vendor's answer cannot be used."""

    def __init__(self, job: Job, title: str, found: str, exit_code: int, *, code: str) -> None:
        super().__init__(
            title,
            code=code,
            found=found,
            help=f"`qsac results {job.id}` finds out; do not submit it again before that",
        )
        self.job = job
        self.exit_code = exit_code


class SubmissionInterrupted(KeyboardInterrupt):
    """Ctrl-C while a job was submitted; ``lost`` says what to do. As its base it ends whatever goes on after errors."""

    def __init__(self, lost: LostAnswerError) -> None:
        super().__init__(str(lost))
        self.lost = lost


def client(vendor: str, machine: str) -> Client:
    """The vendor's client. Raises :class:`~qsac.errors.BackendError` where there is no login."""
    if vendor == "Quantinuum":
        return quantinuum.NexusClient(machine)
    if vendor == "IBM":
        return ibm.IBMClient(machine)
    raise InvalidInputError(
        f"there is no client for the vendor {quoted(vendor)}",
        code="vendor.unknown",
        wanted="Quantinuum or IBM",
    )


def submit(planned: Plan, service: Client, journal: Journal, *, despite: Collection[int] = ()) -> Job:
    """Enter the job, start it with the plan's ceiling, and note its handle.

    Raises :class:`~qsac.errors.BackendError` where the answer to the very same job is pending and ``despite`` does not
    name that one, and :class:`LostAnswerError` where it is not known whether the job was submitted, or its handle could
    not be kept; :class:`SubmissionInterrupted` where that is because of Ctrl-C. In any case the job is in the journal
    and can be asked for.
    """
    cost = planned.cost
    job = journal.enter(
        planned.compiled, planned.vendor, planned.machine, planned.shots, cost.highest, cost.unit, despite
    )
    handle: str | None = None
    try:
        answer = service.submit(planned.compiled.circuits[0], planned.shots, job.tag, planned.ceiling)
        handle = _handle(answer, planned.vendor)
        journal.submitted(job, handle)
        return journal.job(job.id)
    except KeyboardInterrupt as error:
        raise SubmissionInterrupted(_lost(planned, job, handle, error, journal)) from None
    except BaseException as error:  # a library that calls sys.exit leaves the job as it is, too
        if isinstance(error, InvalidInputError) and handle is None:  # by the client's contract nothing was submitted
            with suppress(QsacError):
                journal.unanswered(job, "failed", f"not submitted: {error.title}")
            raise
        raise _lost(planned, job, handle, error, journal) from None


def _lost(planned: Plan, job: Job, handle: str | None, error: BaseException, journal: Journal) -> LostAnswerError:
    interrupted = isinstance(error, KeyboardInterrupt)
    said = "interrupted" if interrupted else error.title if isinstance(error, QsacError) else type(error).__name__
    exit_code = EXIT_INTERRUPTED if interrupted else EXIT_BACKEND_FAILURE
    if handle is not None:
        title = f"job {job.id} was submitted, but its handle could not be written down"
        return LostAnswerError(
            job,
            title,
            f"{planned.machine}, {handle}: {said}",
            exit_code,
            code="job.lost-handle",
        )
    with suppress(QsacError, KeyboardInterrupt):
        journal.unanswered(job, SUBMITTING, printable(said)[:_MESSAGE_CHARACTERS])
    detail = error.found if isinstance(error, QsacError) else None if interrupted else printable(str(error))[:300]
    found = f"{said}: {detail}" if detail else said
    return LostAnswerError(
        job,
        f"it is not known whether job {job.id} was submitted to {job.vendor}",
        found,
        exit_code,
        code="job.lost-answer",
    )


def update(job: Job, service: Client, journal: Journal) -> Job:
    """Ask the vendor how far a job is, and fetch its counts when it is done.

    A job whose handle was lost is looked for by its tag; :class:`~qsac.errors.BackendError` if the vendor has none. A
    job that has counts is not asked for: nothing changes it.
    """
    if job.counts is not None:
        return job
    compiled = journal.artifact(job)
    circuit = compiled.circuits[0]
    if job.handle is None:
        handle = _found(job, circuit, service, journal)
        if handle is None:
            return job
        journal.submitted(job, handle)
        job = journal.job(job.id)
    if job.handle is None or job.counts is not None:
        return job
    with _answered(job.vendor):
        status = service.status(job.handle)
    if not isinstance(status, Status) or status.state not in get_args(State):
        raise _nonsense(job.vendor, "a state that does not exist")
    if status.state == "done":
        with _answered(job.vendor):
            counts = service.counts(job.handle, circuit)
        _check_counts(job, compiled, counts)
        journal.counted(job, counts)
    else:
        journal.noted(job, status.state, printable(str(status.message))[:_MESSAGE_CHARACTERS])
    return journal.job(job.id)


def result(job: Job, journal: Journal) -> Result | None:
    """The metrics of a job's counts, or None as long as it has none. A warning says so where the vendor returned
    another number of shots than was asked for."""
    if job.counts is None:
        return None
    found = _interpreted(journal.artifact(job), job.counts, job.id)
    taken = sum(job.counts.values())
    if taken == job.shots:
        return found
    warning = f"{job.vendor} returned {taken:,} shots; {job.shots:,} were submitted, and may have been charged"
    return replace(found, warnings=(warning, *found.warnings))


def _found(job: Job, circuit: NativeCircuit, service: Client, journal: Journal) -> str | None:
    """The handle of a job whose answer was lost; None for one that is known not to have been submitted, and was not."""
    with _answered(job.vendor):
        found = service.find(job.tag, circuit)
    if found is not None:
        return _handle(found, job.vendor)
    if job.state == "failed":
        return None
    called = f"no job called {job.tag}"
    if _may_appear(job):
        raise BackendError(
            f"{job.vendor} does not list job {job.id} so far",
            code="job.not-listed",
            found=called,
            help="ask again in some minutes: new jobs may be listed late, and `qsac run` may still be submitting it",
        )
    journal.unanswered(job, NOT_FOUND, f"{job.vendor} knew of no such job")
    raise BackendError(
        f"job {job.id} never reached {job.vendor}",
        code="job.never-submitted",
        found=called,
        help=f"as far as {job.vendor} knows nothing was submitted: submit it again, unless a `qsac run` is still at it",
    )


def _may_appear(job: Job) -> bool:
    try:
        age = (datetime.now(UTC) - datetime.fromisoformat(job.created)).total_seconds()
    except (ValueError, TypeError):  # no date, or one without a time zone: a damaged entry says nothing of its age
        return False
    return 0 <= age < LISTING_SECONDS


def _handle(answer: object, vendor: str) -> str:
    if not isinstance(answer, str) or not is_handle(answer):
        raise _nonsense(vendor, f"{describe(answer)} in place of a job's handle")
    return answer


def _check_counts(job: Job, compiled: Compiled, counts: object) -> None:
    """Counts are kept for good: they must be ones that results can be computed from."""
    problem = counts_problem(counts, len(compiled.circuits[0].bits))
    if problem is not None or not isinstance(counts, dict):
        raise _nonsense(job.vendor, problem or "no counts", f"the counts of job {job.id} cannot be used")
    _interpreted(compiled, counts, job.id)


def _interpreted(compiled: Compiled, counts: dict[str, int], number: int) -> Result:
    """Outcomes in the journal have one character for each bit of the circuit, in its order."""
    return interpret_counts(compiled, {compiled.names[0]: counts}, f"job {number}")


def _nonsense(vendor: str, found: str, title: str | None = None) -> BackendError:
    return BackendError(
        title or f"the answer of {vendor} makes no sense",
        code="vendor.invalid-answer",
        found=found,
        help="ask again; the job is kept as it was",
    )


@contextmanager
def _answered(vendor: str) -> Iterator[None]:
    """Whatever a client raises that is not an error of qsac's is the vendor's failure."""
    try:
        yield
    except QsacError:
        raise
    except Exception as error:
        raise BackendError(
            f"{vendor} did not answer",
            code="vendor.no-answer",
            found=printable(f"{type(error).__name__}: {error}"[:300]),
        ) from None
