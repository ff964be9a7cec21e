"""A vendor on this machine: its jobs are files, so that another process finds them."""

import functools
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

import qsac
from qsac.cli.main import run
from qsac.errors import BackendError, InvalidInputError
from qsac.native.circuit import NativeCircuit
from qsac.submission.client import State, Status
from qsac.submission.entries import Job
from qsac.submission.journal import Journal
from tests.cli.conftest import SMALL

Captured = pytest.CaptureFixture[str]

SUBMIT_PAIR = ["run", "pair.qsac.json", "--submit", "--shots", "100", "--yes"]
RESUME_PAIR = ["results", "1", "--resume", "--yes"]
SUBMIT = ["run", "small.json", "--target", "h2", "--submit", "--shots", "100"]


@dataclass
class FakeVendor:
    """``state`` is what every job is in; ``outcome`` what it measured every time.

    It ``fails`` before it takes a job, and ``crashes`` (or ``breaks``, with another exception) once it has taken one.
    ``answer`` and ``returned`` take the place of its handle and of its counts; while it is ``slow`` it lists no job.
    """

    folder: Path
    state: State = "done"
    outcome: str = "000000"
    fails: bool = False
    crashes: bool = False
    breaks: BaseException | None = None
    answer: Any = None
    returned: Any = None
    slow: bool = False

    def submit(self, circuit: NativeCircuit, shots: int, tag: str, ceiling: float) -> str:
        if self.fails:
            raise BackendError("the vendor is not there")
        self.folder.mkdir(parents=True, exist_ok=True)
        job = {"shots": shots, "bits": len(circuit.bits), "ceiling": ceiling}
        (self.folder / f"{tag}.json").write_text(json.dumps(job))
        if self.crashes:
            raise KeyboardInterrupt
        if self.breaks is not None:
            raise self.breaks
        answer: str = tag if self.answer is None else self.answer
        return answer

    def find(self, tag: str, circuit: NativeCircuit) -> str | None:
        if self.slow:
            return None
        return tag if (self.folder / f"{tag}.json").exists() else None

    def status(self, handle: str) -> Status:
        assert (self.folder / f"{handle}.json").exists()
        return Status(self.state, f"it is {self.state}")

    def counts(self, handle: str, circuit: NativeCircuit) -> dict[str, int]:
        if self.returned is not None:
            returned: dict[str, int] = self.returned
            return returned
        shots = json.loads((self.folder / f"{handle}.json").read_text())["shots"]
        return {self.outcome: shots}

    @property
    def jobs(self) -> list[dict[str, Any]]:
        """What was submitted."""
        return [json.loads(file.read_text()) for file in sorted(self.folder.glob("*.json"))]


class CountingVendor(FakeVendor):
    """A vendor that makes a job of whatever it is handed, twice if it is handed twice. ``states`` are those of circuits
    by name, or of jobs by handle, where they are not in ``state``; whatever it measured was 0. It ``refuses`` circuits
    by name."""

    def __init__(self, folder: Path, **fields: Any) -> None:
        super().__init__(folder, **fields)
        self.states: dict[str, State] = {}
        self.refuses: set[str] = set()

    def submit(self, circuit: NativeCircuit, shots: int, tag: str, ceiling: float) -> str:
        if self.fails:
            raise BackendError("the vendor is not there")
        if circuit.name in self.refuses:
            raise InvalidInputError("the device is not as its snapshot", help="choose another device")
        self.folder.mkdir(parents=True, exist_ok=True)
        job = {"shots": shots, "circuit": circuit.name, "ceiling": ceiling, "bits": len(circuit.bits)}
        name = f"{tag}.{uuid4().hex}.json"
        (self.folder / f"{name}.new").write_text(json.dumps(job))
        (self.folder / f"{name}.new").rename(self.folder / name)
        if self.breaks is not None:
            raise self.breaks
        return name.removesuffix(".json")

    def find(self, tag: str, circuit: NativeCircuit) -> str | None:
        found = sorted(self.folder.glob(f"{tag}.*.json"))
        return found[0].stem if found and not self.slow else None

    def status(self, handle: str) -> Status:
        job = json.loads((self.folder / f"{handle}.json").read_text())
        state = self.states.get(handle, self.states.get(job["circuit"], self.state))
        return Status(state, f"it is {state}")

    def counts(self, handle: str, circuit: NativeCircuit) -> dict[str, int]:
        job = json.loads((self.folder / f"{handle}.json").read_text())
        assert job["circuit"] == circuit.name
        return {"0" * job["bits"]: job["shots"]}

    @property
    def circuits(self) -> list[str]:
        """The circuits that it was handed, as often as it was."""
        return sorted(job["circuit"] for job in self.jobs)

    def handed(self) -> Counter[str]:
        """How often it was handed a job of each tag."""
        return Counter(file.name.split(".")[0] for file in self.folder.glob("*.json"))


def said(arguments: list[str], capsys: Captured, code: int = 0) -> Any:
    """What the command line prints, once its exit code is the right one."""
    capsys.readouterr()
    assert run(arguments) == code
    return capsys.readouterr()


def small() -> qsac.Compiled:
    return qsac.compile(SMALL, "h2", verify=False)


@functools.cache
def placed(target: str = "ibm-fez") -> qsac.Compiled:
    """The small model on a machine with a coupling graph, without the long search for a good place."""
    return qsac.compile(SMALL, target, optimisation=1, verify=False)


def first_job() -> Job:
    """The first job of the journal."""
    return Journal().job(1)


def states() -> tuple[str, ...]:
    """The states of the circuits of the first job."""
    return tuple(part.state for part in first_job().parts)
