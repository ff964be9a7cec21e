"""A vendor on this machine: its jobs are files, so that another process finds them."""

import json
from dataclasses import dataclass
from pathlib import Path

import qsac
from qsac.errors import BackendError
from qsac.ir.native import NativeCircuit
from qsac.submission.client import State, Status
from tests.cli.conftest import SMALL


@dataclass
class FakeVendor:
    """``state`` is what every job is in; ``outcome`` what it measured every time."""

    folder: Path
    state: State = "done"
    outcome: str = "000000"
    fails: bool = False
    crashes: bool = False

    def submit(self, circuit: NativeCircuit, shots: int, tag: str, ceiling: float | None) -> str:
        if self.fails:
            raise BackendError("the vendor is not there")
        self.folder.mkdir(parents=True, exist_ok=True)
        job = {"shots": shots, "bits": len(circuit.bits), "ceiling": ceiling}
        (self.folder / f"{tag}.json").write_text(json.dumps(job))
        if self.crashes:
            raise KeyboardInterrupt
        return tag

    def find(self, tag: str, circuit: NativeCircuit) -> str | None:
        return tag if (self.folder / f"{tag}.json").exists() else None

    def status(self, handle: str) -> Status:
        assert (self.folder / f"{handle}.json").exists()
        return Status(self.state, f"it is {self.state}")

    def counts(self, handle: str, circuit: NativeCircuit) -> dict[str, int]:
        shots = json.loads((self.folder / f"{handle}.json").read_text())["shots"]
        return {self.outcome: shots}


def small() -> qsac.Compiled:
    return qsac.compile(SMALL, "h2", verify=False)
