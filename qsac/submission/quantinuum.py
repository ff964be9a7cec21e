"""Quantinuum's machines through Nexus (qnexus, the extra ``nexus``), logged in by ``qnx login`` or in a Nexus lab.

Circuits are submitted as they were compiled, in the machine's own gates, without optimisation.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import Any

from qsac.errors import BackendError, InvalidInputError, QsacError, printable
from qsac.native.circuit import NativeCircuit
from qsac.optional import optional_package
from qsac.submission.client import Cost, State, Status, Vendor

MACHINES = {"h1": "H1-1", "h2": "H2-1", "h2-1": "H2-1", "h2-2": "H2-2"}
"""Target name -> what Nexus calls its machine."""

_VARIANT = re.compile(r"(?<=\d)(E|LE|SC)$")
"""How the names of emulators (two kinds) and syntax checkers end."""

PROJECT = "qsac"
"""The Nexus project that jobs are filed under."""

_STATES: dict[str, State] = {
    "COMPLETED": "done",
    "RUNNING": "running",
    "ERROR": "failed",
    "TERMINATED": "failed",
    "DEPLETED": "failed",
    "CANCELLED": "cancelled",
}


def cost(formula: Mapping[str, Any], shots: int) -> Cost:
    """What ``shots`` of a compiled circuit cost in HQC, by Quantinuum's published formula."""
    low, high = (formula["fixed"] + shots * formula[name] for name in ("per_shot", "per_shot_with_resets"))
    return Cost(low, high, "HQC", "by Quantinuum's published formula; the upper value counts resets as measurements")


def ceiling(highest: float, max_cost: float | None) -> float:
    """The job's limit in HQC: ``max_cost``, or ``highest`` rounded up to a tenth."""
    if max_cost is not None:
        return max_cost
    return float(Decimal(repr(highest)).quantize(Decimal("0.1"), ROUND_CEILING))


def target_of(machine: str) -> str | None:
    """The target that describes ``machine``, or the machine that it emulates or checks the syntax for, if there is one.

    :class:`~qsac.errors.InvalidInputError` for Helios, whose programs are of another form and cost something else.
    """
    if machine.lower().startswith("helios"):
        raise InvalidInputError(
            "jobs for Helios are not submitted",
            code="vendor.unsupported-target",
            found=machine,
            help="Nexus takes programs for it in other forms",
        )
    bare = _VARIANT.sub("", machine)
    return next((name for name, called in MACHINES.items() if called == bare), None)


class NexusClient:
    """Jobs on ``machine``, a name that Nexus knows: H2-1, or H2-1E, its emulator."""

    def __init__(self, machine: str) -> None:
        self.machine = machine
        self.nexus: Any = optional_package("qnexus", "submitting to Quantinuum", "pip install 'qsac[nexus]'")
        if not _has_login():
            raise _no_login()

    def submit(self, circuit: NativeCircuit, shots: int, tag: str, ceiling: float) -> str:
        """The handle is the id of the Nexus job, which is called after the tag."""
        from qsac.export.tket import to_tket

        with _vendor_errors():
            project = self.nexus.projects.get_or_create(name=PROJECT)
            uploaded = self.nexus.circuits.upload(circuit=to_tket(circuit), project=project, name=tag)
            job = self.nexus.start_execute_job(
                programs=[uploaded],
                n_shots=[shots],
                backend_config=self.nexus.QuantinuumConfig(device_name=self.machine),
                name=tag,
                project=project,
                max_cost=[ceiling],
            )
            return str(job.id)

    def find(self, tag: str, circuit: NativeCircuit) -> str | None:
        """Looks through the jobs of the project by name."""
        with _vendor_errors():
            project = self.nexus.projects.get_or_create(name=PROJECT)
            found = list(self.nexus.jobs.get_all(name_like=tag, project=project))
            return str(found[0].id) if found else None

    def status(self, handle: str) -> Status:
        """Whatever is neither running nor at an end counts as queued."""
        with _vendor_errors():
            found = self.nexus.jobs.status(self.nexus.jobs.get(id=handle))
            return Status(_STATES.get(found.status.name, "queued"), found.message)

    def counts(self, handle: str, circuit: NativeCircuit) -> dict[str, int]:
        """Downloads the result of the job's only circuit."""
        from pytket.circuit import Bit

        with _vendor_errors():
            (result,) = self.nexus.jobs.results(self.nexus.jobs.get(id=handle))
            counts = result.download_result().get_counts(cbits=[Bit(*unit) for unit in circuit.bits])
            return {"".join(map(str, outcome)): int(count) for outcome, count in counts.items()}


def _has_login() -> bool:
    """Whether qnexus has a token to ask with. Whether it is still valid, Nexus alone knows."""
    if os.environ.get("NEXUS_MANAGED_TOKENS"):
        return True
    from qnexus.config import CONFIG

    return (Path.home() / CONFIG.token_path / "token.json").is_file()


def _no_login() -> BackendError:
    return BackendError(
        "there is no login to Quantinuum Nexus",
        code="vendor.no-login",
        help="qnx login, and try again",
    )


@contextmanager
def _vendor_errors() -> Iterator[None]:
    """What qnexus raises, as one message: it has no common class of errors, and lets those of its HTTP client pass."""
    from qnexus.exceptions import AuthenticationError

    try:
        yield
    except QsacError:
        raise
    except AuthenticationError:
        raise _no_login() from None
    except Exception as error:
        raise BackendError(
            "Quantinuum Nexus did not do what it was asked for",
            code="vendor.failed",
            found=printable(f"{type(error).__name__}: {error}"[:300]),
        ) from None


VENDOR = Vendor(
    name="Quantinuum",
    takes=", ".join(MACHINES),
    machine=MACHINES.get,
    target_of=target_of,
    cost=cost,
    least=float,
    ceiling=ceiling,
    client=NexusClient,
)
