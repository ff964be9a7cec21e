"""From a plan to a vendor's jobs, and from their counts to metrics. What a vendor answers is checked before it is kept.

A program of several circuits is one job of the user's and, one circuit after the other, as many jobs of the vendor's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import get_args

from qsac.errors import EXIT_BACKEND_FAILURE, EXIT_INTERRUPTED, BackendError, InvalidInputError, QsacError, printable
from qsac.families.contract import Result
from qsac.files.pointer import describe
from qsac.native.circuit import NativeCircuit
from qsac.progress import Progress
from qsac.runtime.run import checked_counts, interpret_counts
from qsac.submission.client import Client, State, Status
from qsac.submission.entries import (
    NOT_FOUND,
    NOT_NEEDED,
    NOT_SUBMITTED,
    SUBMITTING,
    WAITING,
    Job,
    Part,
    counts_problem,
    is_handle,
)
from qsac.submission.journal import Journal
from qsac.submission.plan import Plan, Share, plan
from qsac.submission.vendors import vendor

__all__ = [
    "IncompleteJobError",
    "LostAnswerError",
    "Plan",
    "SubmissionInterrupted",
    "client",
    "plan",
    "plan_rest",
    "problem",
    "result",
    "resume",
    "submit",
    "update",
]

LISTING_SECONDS = 120.0
"""How long after its submission a job that the vendor does not list may still appear there."""

_MESSAGE_CHARACTERS = 1000
"""How much of a vendor's message is kept."""


class LostAnswerError(BackendError):
    """Submission ended early: it is not known whether ``job``, or a circuit of it, was submitted, as it was interrupted
    or the vendor's answer cannot be used; or only some of its circuits were."""

    def __init__(self, job: Job, title: str, found: str, help: str, exit_code: int, *, code: str) -> None:
        super().__init__(title, code=code, found=found, help=help)
        self.job = job
        self.exit_code = exit_code


class SubmissionInterrupted(KeyboardInterrupt):
    """Ctrl-C while a job was submitted; ``lost`` says what to do. As its base it ends whatever goes on after errors."""

    def __init__(self, lost: LostAnswerError) -> None:
        super().__init__(str(lost))
        self.lost = lost


class IncompleteJobError(BackendError):
    """The vendor runs no more of a job, and circuits of it have no counts."""


def client(name: str, machine: str) -> Client:
    """The client of the vendor of that name. Raises :class:`~qsac.errors.BackendError` where there is no login."""
    return vendor(name).client(machine)


def submit(planned: Plan, service: Client, journal: Journal, *, despite: Collection[int] = ()) -> Job:
    """Enter the job, start its circuits one after the other, each with its limit, and note their handles. Circuits
    whose numbers follow from counts wait for these (:func:`~qsac.submission.stepwise.proceed`).

    Raises :class:`~qsac.errors.BackendError` where the answer to the very same job is pending and ``despite`` does not
    name that one, and :class:`LostAnswerError` where it is not known whether the job was submitted, or its handle could
    not be kept, or it was submitted in part; :class:`SubmissionInterrupted` where that is because of Ctrl-C. In any
    case the job is in the journal and can be asked for.
    """
    cost = planned.cost
    job = journal.enter(
        planned.compiled,
        planned.vendor,
        planned.machine,
        planned.shots,
        cost.highest,
        cost.unit,
        [share.ceiling for share in planned.shares],
        despite,
        [share.place for share in planned.shares if share.place not in planned.first],
    )
    for share in planned.shares:
        if share.place in planned.first:
            job = _start(planned, share, job, service, journal, begun=share.place == 0)
    return job


def plan_rest(job: Job, journal: Journal, progress: Progress | None = None) -> Plan:
    """What submitting the circuits means that the vendor does not run, as far as the journal knows (:func:`update`):
    those that it was never handed, and those that failed, were cancelled, or never reached it.

    Raises as :func:`plan`; a circuit's cost may not exceed the limit that was agreed to.
    """
    agreed = {part.place: part.ceiling for part in job.resumable}
    fed = job.bound is not None
    return plan(journal.artifact(job), job.shots, job.machine, None, progress, agreed=agreed, fed=fed)


def resume(planned: Plan, job: Job, service: Client, journal: Journal) -> Job:
    """Start the circuits that :func:`plan_rest` found. Raises as :func:`submit`."""
    for share in planned.shares:
        job = _start(planned, share, job, service, journal, begun=False)
    return job


def _start(planned: Plan, share: Share, job: Job, service: Client, journal: Journal, *, begun: bool) -> Job:
    """Hand the vendor one circuit. That it will be is on disk before: the first of a new job is entered as begun."""
    part, handle = job.parts[share.place], None
    try:
        if not begun:
            part = journal.begin(part, share.ceiling, share.cost.highest)
            begun = True
        answer = service.submit(planned.compiled.circuits[share.place], planned.shots, part.tag, share.ceiling)
        handle = _handle(answer, planned.vendor)
        journal.submitted(part, handle)
        job = journal.job(job.id)
        if job.parts[share.place].tag != part.tag:
            raise BackendError(f"{part.called} was submitted once more in between", code="journal.changed-job")
        return job
    except KeyboardInterrupt as error:
        raise SubmissionInterrupted(_ended(planned, job, part, begun, handle, error, journal)) from None
    except BaseException as error:  # a library that calls sys.exit leaves the job as it is, too
        if isinstance(error, InvalidInputError) and begun and handle is None:  # by the client's contract not submitted
            with suppress(QsacError):
                journal.unanswered(part, "failed", f"not submitted: {error.title}")
            raise _refused(error, job, part) from None
        raise _ended(planned, job, part, begun, handle, error, journal) from None


def _refused(error: InvalidInputError, job: Job, part: Part) -> InvalidInputError:
    """What a client says of a circuit that it does not submit, with what became of those before."""
    others = [str(one.circuit) for one in job.parts if one.handle is not None and one.place != part.place]
    if others:
        told = f"circuit {part.circuit} was not submitted; these of job {job.id} were: {', '.join(others)}"
        error.help = told if error.help is None else f"{error.help}\n{told}"
    return error


def _ended(
    planned: Plan, job: Job, part: Part, begun: bool, handle: str | None, error: BaseException, journal: Journal
) -> LostAnswerError:
    interrupted = isinstance(error, KeyboardInterrupt)
    said = "interrupted" if interrupted else error.title if isinstance(error, QsacError) else type(error).__name__
    exit_code = EXIT_INTERRUPTED if interrupted else EXIT_BACKEND_FAILURE
    ask = f"`qsac results {job.id}` finds out; do not submit it again before that"
    if handle is not None:
        title = f"{part.called} was submitted, but its handle could not be written down"
        return LostAnswerError(
            job, title, f"{planned.machine}, {handle}: {said}", ask, exit_code, code="job.lost-handle"
        )
    detail = error.found if isinstance(error, QsacError) else None if interrupted else printable(str(error))[:300]
    found = f"{said}: {detail}" if detail else said
    if not begun:
        title = f"job {job.id} is not submitted completely"
        return LostAnswerError(
            job, title, f"{found}; {job.progress}", _resume_help(job), exit_code, code="job.incomplete"
        )
    with suppress(QsacError, KeyboardInterrupt):
        journal.unanswered(part, SUBMITTING, printable(said)[:_MESSAGE_CHARACTERS])
    return LostAnswerError(
        job,
        f"it is not known whether {part.called} was submitted to {job.vendor}",
        found,
        ask,
        exit_code,
        code="job.lost-answer",
    )


def update(job: Job, service: Client, journal: Journal) -> Job:
    """Ask the vendor how far the circuits of a job are, and fetch the counts of those that are done.

    A circuit whose handle was lost is looked for by its tag; :class:`IncompleteJobError` if the vendor has none. This
    and any other :class:`~qsac.errors.BackendError` is raised once all circuits were asked for. One that has counts is
    not asked for: nothing changes it; nor is one that was never submitted.
    """
    if job.is_done:
        return job
    compiled = journal.artifact(job)
    errors = []
    for part, circuit in zip(job.parts, compiled.circuits, strict=True):
        try:
            _update(job, part, circuit, service, journal)
        except BackendError as error:
            errors.append(error)
    if errors:
        raise errors[0]
    job = journal.job(job.id)
    found = problem(job)
    if found is not None and any(part.state == NOT_FOUND for part in job.parts):
        raise found
    return job


def _update(job: Job, part: Part, circuit: NativeCircuit, service: Client, journal: Journal) -> None:
    if part.counts is not None:
        return
    if part.handle is None:
        unknown = part.state in (NOT_SUBMITTED, WAITING, NOT_NEEDED)
        handle = None if unknown else _found(job, part, circuit, service, journal)
        if handle is None:
            return
        journal.submitted(part, handle)
        part = journal.job(job.id).parts[part.place]
    if part.handle is None or part.counts is not None:
        return
    with _answered(job.vendor):
        status = service.status(part.handle)
    if not isinstance(status, Status) or status.state not in get_args(State):
        raise _nonsense(job.vendor, "a state that does not exist")
    if status.state == "done":
        with _answered(job.vendor):
            counts = service.counts(part.handle, circuit)
        _check_counts(job, part, circuit, counts)
        journal.counted(part, counts)
    else:
        journal.noted(part, status.state, printable(str(status.message))[:_MESSAGE_CHARACTERS])


def problem(job: Job) -> IncompleteJobError | None:
    """Why the result of a job does not come by itself, or None: what the vendor does not run, and what to do."""
    left = job.resumable
    if not left:
        return None
    if len(job.parts) > 1:
        said = [f"{part.circuit}: {part.message}" for part in left if part.message]
        found = "; ".join([job.progress, *map(printable, said)])
        return IncompleteJobError(
            f"job {job.id} is not complete", code="job.incomplete", found=found, help=_resume_help(job)
        )
    if job.state == NOT_FOUND:
        return IncompleteJobError(
            f"job {job.id} never reached {job.vendor}",
            code="job.never-submitted",
            found=f"no job called {job.parts[0].tag}",
            help=f"as far as {job.vendor} knows nothing was submitted: submit it again, unless a `qsac run` is still "
            "at it",
        )
    return IncompleteJobError(
        f"job {job.id} was not run: {job.state}",
        code="job.not-run",
        found=printable(job.message) or None,
        help="submit it again",
    )


def _resume_help(job: Job) -> str:
    names = ", ".join(str(part.circuit) for part in job.resumable)
    still = ", unless a `qsac run` is still at it"
    return f"`qsac results {job.id} --resume` submits {names}, once you agree to the cost{still}"


def result(job: Job, journal: Journal) -> Result | None:
    """The metrics of a job's counts, or None as long as a circuit that is needed has none. A warning says so where the
    vendor returned another number of shots than was asked for."""
    if not job.is_done:
        return None
    compiled = journal.artifact(job)
    # Outcomes in the journal have one character for each bit of the circuit, in its order.
    counts = {compiled.names[part.place]: part.counts for part in job.parts if part.counts is not None}
    found = interpret_counts(compiled, counts, f"job {job.id}")
    warnings = []
    for part in job.parts:
        taken = job.shots if part.counts is None else sum(part.counts.values())
        if taken != job.shots:
            of = "" if part.circuit is None else f" of circuit {part.circuit}"
            warnings.append(
                f"{job.vendor} returned {taken:,} shots{of}; {job.shots:,} were submitted, and may have been charged"
            )
    return replace(found, warnings=(*warnings, *found.warnings))


def _found(job: Job, part: Part, circuit: NativeCircuit, service: Client, journal: Journal) -> str | None:
    """The handle of a circuit whose answer was lost; None for one that the vendor does not know, which is noted."""
    with _answered(job.vendor):
        found = service.find(part.tag, circuit)
    if found is not None:
        return _handle(found, job.vendor)
    if part.state == "failed":
        return None
    if _may_appear(part):
        raise BackendError(
            f"{job.vendor} does not list {part.called} so far",
            code="job.not-listed",
            found=f"no job called {part.tag}",
            help="ask again in some minutes: new jobs may be listed late, and `qsac run` may still be submitting it",
        )
    journal.unanswered(part, NOT_FOUND, f"{job.vendor} knew of no such job")
    return None


def _may_appear(part: Part) -> bool:
    try:
        age = (datetime.now(UTC) - datetime.fromisoformat(part.begun or "")).total_seconds()
    except (ValueError, TypeError):  # no date, or one without a time zone: a damaged entry says nothing of its age
        return False
    return 0 <= age < LISTING_SECONDS


def _handle(answer: object, vendor: str) -> str:
    if not isinstance(answer, str) or not is_handle(answer):
        raise _nonsense(vendor, f"{describe(answer)} in place of a job's handle")
    return answer


def _check_counts(job: Job, part: Part, circuit: NativeCircuit, counts: object) -> None:
    """Counts are kept for good: they must be ones that results can be computed from."""
    found = counts_problem(counts, len(circuit.bits))
    if found is not None or not isinstance(counts, dict):
        raise _nonsense(job.vendor, found or "no counts", f"the counts of {part.called} cannot be used")
    checked_counts(circuit, counts, f"job {job.id}")


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
