"""From a compiled program to a vendor's job, and from its counts to metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qsac.artifact import Compiled
from qsac.errors import BackendError, DoesNotFitError, InvalidInputError, QsacError
from qsac.runtime.run import Result, interpret_counts
from qsac.submission import ibm, quantinuum
from qsac.submission.client import Client, Cost
from qsac.submission.journal import SUBMITTING, Job, Journal


@dataclass(frozen=True)
class Plan:
    """What is about to be submitted: ``shots`` of the program's circuit on ``machine``, as its vendor calls it."""

    compiled: Compiled
    vendor: str
    machine: str
    shots: int
    cost: Cost


def plan(compiled: Compiled, shots: int, machine: str | None = None, max_cost: float | None = None) -> Plan:
    """What submitting ``shots`` of a compiled program means, before anybody is asked.

    ``machine`` names another machine of the target's vendor, an emulator for instance. Raises
    :class:`~qsac.errors.InvalidInputError` where nothing can be submitted to the target, and
    :class:`~qsac.errors.DoesNotFitError` for too many shots, or a cost that may exceed ``max_cost``.
    """
    target: dict[str, Any] = compiled.target
    name, vendor = str(target["name"]), str(target.get("vendor"))
    if vendor == "Quantinuum" and name in quantinuum.MACHINES:
        cost, chosen = quantinuum.cost(_charged(compiled.stats), shots), machine or quantinuum.MACHINES[name]
    elif vendor == "IBM":
        cost, chosen = ibm.cost(_charged(compiled.stats), shots), machine or ibm.machine(name)
    else:
        raise InvalidInputError(
            f"no jobs can be submitted to {name}",
            wanted=f"a program compiled for {', '.join(quantinuum.MACHINES)} or a device of IBM's",
            help="qsac targets lists what can be compiled for",
        )
    if shots < 1:
        raise InvalidInputError("the number of shots is out of range", found=str(shots), wanted="at least 1")
    limit = target.get("max_shots")
    if limit is not None and shots > limit:
        raise DoesNotFitError(
            "the job has too many shots",
            found=f"{shots:,}",
            wanted=f"at most {limit:,} on {name}",
            help="submit several",
        )
    if max_cost is not None and cost.highest > max_cost:
        raise DoesNotFitError(
            "the job may cost more than is allowed",
            found=f"{cost.highest:,.1f} {cost.unit} for {shots:,} shots",
            wanted=f"at most {max_cost:,.1f} {cost.unit}",
            help="take fewer shots, or raise --max-cost",
        )
    return Plan(compiled, vendor, chosen, shots, cost)


def _charged(stats: dict[str, Any]) -> dict[str, Any]:
    """The formula of what the circuit costs."""
    formula: dict[str, Any] | None = stats.get("cost")
    if formula is None:
        raise InvalidInputError(
            "it is not known what the job would cost",
            found="an artifact without a cost",
            help="compile the model again",
        )
    return formula


def client(vendor: str, machine: str) -> Client:
    """The vendor's client. Raises :class:`~qsac.errors.BackendError` where there is no login."""
    return quantinuum.NexusClient(machine) if vendor == "Quantinuum" else ibm.IBMClient(machine)


def submit(planned: Plan, service: Client, journal: Journal, max_cost: float | None = None) -> Job:
    """Enter the job, start it, and note its handle. ``max_cost`` is handed to the vendor too, as a limit."""
    cost = planned.cost
    job = journal.enter(planned.compiled, planned.vendor, planned.machine, planned.shots, cost.highest, cost.unit)
    try:
        handle = service.submit(planned.compiled.circuits[0], planned.shots, job.tag, max_cost)
    except QsacError as error:
        journal.noted(job, SUBMITTING, error.title)
        raise
    try:
        journal.submitted(job, handle)
    except QsacError as error:
        raise BackendError(
            "the job was submitted, but its handle could not be written down",
            found=f"{planned.machine}, {handle}",
            help=f"note it; then: {error.title}",
        ) from None
    return journal.job(job.id)


def update(job: Job, service: Client, journal: Journal) -> Job:
    """Ask the vendor how far a job is, and fetch its counts when it is done.

    A job whose handle was lost is looked for by its tag; :class:`~qsac.errors.BackendError` if the vendor has none.
    """
    circuit = journal.artifact(job).circuits[0]
    handle = job.handle
    if handle is None:
        handle = service.find(job.tag, circuit)
        if handle is None:
            raise BackendError(
                f"job {job.id} never reached {job.vendor}",
                found=f"no job called {job.tag}",
                help=f"as far as {job.vendor} knows nothing was submitted: submit it again",
            )
        journal.submitted(job, handle)
        job = journal.job(job.id)
    status = service.status(handle)
    if status.state == "done":
        journal.counted(job, service.counts(handle, circuit))
    else:
        journal.noted(job, status.state, status.message)
    return journal.job(job.id)


def result(job: Job, journal: Journal) -> Result | None:
    """The metrics of a job's counts, or None as long as it has none."""
    if job.counts is None:
        return None
    return interpret_counts(journal.artifact(job), job.counts, f"job {job.id}")
