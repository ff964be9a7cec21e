"""What submission asks of a vendor, and nothing more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from qsac.native.circuit import NativeCircuit

State = Literal["queued", "running", "done", "failed", "cancelled"]


@dataclass(frozen=True)
class Status:
    """What the vendor says of a job; ``message`` is the vendor's own word."""

    state: State
    message: str = ""


@dataclass(frozen=True)
class Cost:
    """What a job is expected to cost, at most ``highest`` where sources differ; ``note`` says how it was counted."""

    amount: float
    highest: float
    unit: str
    note: str


class Client(Protocol):
    """A vendor's service, logged in.

    ``tag`` is a name for the job that no other job has, by which it is found again if its handle was lost. ``ceiling``
    is the most that the vendor may charge, in the unit of the target's cost. Every method may raise
    :class:`~qsac.errors.BackendError`. What the methods return is checked before it is used or kept.
    """

    def submit(self, circuit: NativeCircuit, shots: int, tag: str, ceiling: float) -> str:
        """Start a job; the handle suffices to ask for it from another process.

        :class:`~qsac.errors.InvalidInputError` says that nothing was submitted. After any other exception the job may
        run: it is looked for by its tag.
        """
        ...

    def find(self, tag: str, circuit: NativeCircuit) -> str | None:
        """The handle of the job with this tag, which runs ``circuit``, or None if the vendor knows of none."""
        ...

    def status(self, handle: str) -> Status:
        """How far the job is."""
        ...

    def counts(self, handle: str, circuit: NativeCircuit) -> dict[str, int]:
        """The outcomes of a job that is done, one character for each bit of the circuit in its order."""
        ...


@dataclass(frozen=True)
class Vendor:
    """A vendor: what jobs it takes, what they cost, and how to get at it. Its module is all that knows of it.

    - ``name``: what its targets have as ``vendor``; ``takes``: for people, what they are;
    - ``machine``: what it calls the machine of a target, None where it takes no jobs for it; ``target_of``: the target
      that describes best what it calls so, None if there is none;
    - ``cost``: of so many shots, from what :func:`qsac.counting.stats.cost` says of a circuit;
    - ``least``: the smallest limit that a job of such a highest cost can be given; ``ceiling``: the limit that it is
      given where at most so much is allowed, or anything;
    - ``client``: logs in for jobs on a machine; :class:`~qsac.errors.BackendError` where it cannot.
    """

    name: str
    takes: str
    machine: Callable[[str], str | None]
    target_of: Callable[[str], str | None]
    cost: Callable[[Mapping[str, Any], int], Cost]
    least: Callable[[float], float]
    ceiling: Callable[[float, float | None], float]
    client: Callable[[str], Client]
