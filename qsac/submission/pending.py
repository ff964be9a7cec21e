"""Jobs that keep the very same one from being submitted again in silence."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from qsac.errors import BackendError
from qsac.submission.entries import NOT_NEEDED, RESUMABLE, SUBMITTING, WAITING
from qsac.submission.schema import select


class Pending(NamedTuple):
    """A job that whoever would submit the very same one has to know of: an answer is ``lost``, or is waited for by
    another process, or some of its circuits were submitted and others not, or wait for counts."""

    number: int
    lost: bool
    under_way: bool = False
    """It is a program that takes several steps, and goes on with the next one."""

    @property
    def warning(self) -> str:
        """What is said before the cost of submitting it again is agreed to."""
        if self.under_way:
            return f"the very same program is under way, as job {self.number}: `qsac results {self.number}` goes on"
        if self.lost:
            return (
                f"the very same job may have been submitted already, as job {self.number}, whose answer was lost: "
                f"`qsac results {self.number}` finds out"
            )
        return (
            f"the very same job was submitted already in part, as job {self.number}: "
            f"`qsac results {self.number} --resume` submits the rest alone"
        )

    def error(self) -> BackendError:
        """What is said to whoever would submit it again."""
        if self.under_way:
            return BackendError(
                f"the very same program is under way, as job {self.number}",
                code="journal.under-way",
                found="some of its circuits are with the vendor, others wait for what these give",
                help=f"`qsac results {self.number}` goes on with it",
            )
        if self.lost:
            return BackendError(
                f"the very same job may have been submitted already, as job {self.number}",
                code="journal.pending",
                found="the vendor's answer is not known here",
                help=f"`qsac results {self.number}` finds out; do not submit it again before that",
            )
        return BackendError(
            f"the very same job was submitted already in part, as job {self.number}",
            code="journal.pending-in-part",
            found="some of its circuits are with the vendor, others are not",
            help=f"`qsac results {self.number} --resume` submits the others alone",
        )


def pending(connection: sqlite3.Connection, digest: str, machine: str, shots: int) -> list[Pending]:
    """The jobs of that artifact, machine and number of shots, in order. What was refused or cancelled is not with the
    vendor."""
    where = "WHERE jobs.artifact = ? AND jobs.machine = ? AND jobs.shots = ?"
    found = []
    for job, parts in select(connection, where, (digest, machine, shots)):
        lost = any(part["state"] == SUBMITTING and part["handle"] is None for part in parts)
        left = any(part["state"] in RESUMABLE for part in parts)
        taken = any(part["handle"] is not None and part["state"] not in ("failed", "cancelled") for part in parts)
        steps = job["bound"] is not None or any(part["state"] == WAITING for part in parts)
        missing = any(part["counts"] is None and part["state"] != NOT_NEEDED for part in parts)
        under_way = steps and taken and not lost and missing
        if lost or (left and taken) or under_way:
            found.append(Pending(job["id"], lost, under_way))
    return sorted(found)
