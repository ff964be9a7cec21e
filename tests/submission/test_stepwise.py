"""Programs that take several steps: later circuits are made for what earlier ones have measured, and paid for once."""

import json
import os
import signal
from math import fsum
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.errors import BackendError, DoesNotFitError
from qsac.families.outcomes import counted
from qsac.families.registry import family_of
from qsac.machine.read import find_target
from qsac.native.circuit import NativeCircuit
from qsac.runtime.aer import sample
from qsac.submission import stepwise, submit
from qsac.submission.feeding import first_places
from qsac.submission.journal import Journal
from qsac.submission.plan import plan
from qsac.templates.making import Maker
from tests.families.program.models import layers, loaded
from tests.families.program.test_top import top
from tests.submission.fake import Captured, CountingVendor, first_job, said, states
from tests.templates.two_layers import CIRCUITS, two_layers

SHOTS = 64
SUBMIT = ["run", "program.json", "--target", "h2", "--submit", "--shots", str(SHOTS), "--yes"]
FIRST = CIRCUITS - 2
"""Circuits of the first layer."""


class SimulatingVendor(CountingVendor):
    """A vendor that takes its shots on Aer, by a seed that is the circuit's name, and counts the circuits it has."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.seen: list[NativeCircuit] = []

    def submit(self, circuit: NativeCircuit, shots: int, tag: str, ceiling: float) -> str:
        self.seen.append(circuit)
        return super().submit(circuit, shots, tag, ceiling)

    def counts(self, handle: str, circuit: NativeCircuit) -> dict[str, int]:
        return counts_of(circuit)


def counts_of(circuit: NativeCircuit) -> dict[str, int]:
    return dict(sample(circuit, SHOTS, sum(circuit.name.encode())))


@pytest.fixture
def vendor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimulatingVendor:
    monkeypatch.chdir(tmp_path)
    Path("program.json").write_text(json.dumps(two_layers()))
    found = SimulatingVendor(tmp_path / "vendor")
    monkeypatch.setattr(submit, "client", lambda _vendor, _machine: found)
    return found


def _wanted() -> dict[str, Any]:
    """The values that the same counts give, layer after layer, without any job."""
    model = loaded(two_layers())
    family, made = family_of(model), Maker(model, find_target("h2"), None, 0)
    seen: dict[str, Any] = {}
    fed = model
    for layer in ("layer-0", "layer-1"):
        for place, step in enumerate(family.plan(fed).circuits):
            if step.name.startswith(layer):
                circuit, scale = made.circuit(fed, place)
                seen[step.name] = counted(circuit, counts_of(circuit).items(), scale)
        fed = family.fed(model, seen)  # type: ignore[attr-defined]
    found: dict[str, Any] = json.loads(json.dumps(dict(fed.readout.result(fed, seen).values)))
    return found


def test_a_program_from_its_submission_to_its_result(vendor: SimulatingVendor, capsys: Captured) -> None:
    compiled = stepwise.submittable(loaded(two_layers()), "h2", 0)
    assert compiled is not None
    costs = [one["cost"]["fixed"] + SHOTS * one["cost"]["per_shot_with_resets"] for one in compiled.parts_stats]
    output = said([*SUBMIT, "--max-cost", "60"], capsys)
    assert output.out == "job 1 submitted to H2-1, 6 circuits: 4 now, the others once their numbers are known\n"
    assert ", all steps of the program together: about " in output.err
    assert f"{fsum(costs):,.1f} HQC" in output.err
    assert "limits of their jobs at Quantinuum: 60.0 HQC" in output.err
    assert states() == ("queued",) * FIRST + ("waiting",) * 2
    assert len(vendor.jobs) == FIRST

    vendor.state = "running"
    waits = "job 1 on H2-1: running: {}; waiting: {}\n"
    names = [str(part.circuit) for part in first_job().parts]
    told = waits.format(", ".join(names[:FIRST]), ", ".join(names[FIRST:]))
    assert said(["results", "1"], capsys).out == told
    assert said(["results", "1"], capsys).out == told
    assert len(vendor.jobs) == FIRST

    vendor.state = "done"
    output = said(["results", "1"], capsys)
    assert "note: the next step of job 1 was submitted to H2-1, 2 circuits" in output.err
    assert output.out.startswith("job 1 on H2-1: queued: layer-1")
    assert vendor.handed() == {part.tag: 1 for part in first_job().parts}
    assert fsum(job["ceiling"] for job in vendor.jobs) <= 60.0

    facts = json.loads(said(["results", "1", "--json"], capsys).out)
    assert facts["state"] == "done"
    assert facts["result"]["values"] == _wanted()
    exact = loaded(two_layers()).readout.closed_form(loaded(two_layers())).values
    assert np.abs(np.array(facts["result"]["values"]["output"]) - exact["output"]).max() > 1e-6
    assert facts["result"]["warnings"] == []
    assert said(["results", "1"], capsys).out.startswith("network on h2, 64 shots\n")
    assert len(vendor.jobs) == CIRCUITS


def test_the_circuits_are_those_of_the_counts(vendor: SimulatingVendor, capsys: Captured) -> None:
    """What is paid for in the second step loads what was measured: other gates' angles, as many gates."""
    exact = stepwise.submittable(loaded(two_layers()), "h2", 0)
    assert exact is not None
    said(SUBMIT, capsys)
    said(["results", "1"], capsys)
    assert len(vendor.seen) == CIRCUITS
    for circuit, was in zip(vendor.seen, exact.circuits, strict=True):
        moved = not np.allclose(circuit.angles, was.angles, atol=1e-9)
        assert len(circuit) == len(was)
        assert moved == circuit.name.startswith("layer-1"), circuit.name


def test_rounds_of_a_repeat_are_one_job(vendor: SimulatingVendor, capsys: Captured) -> None:
    """All rounds there may be are agreed to at once; the second one's phases follow the counts of the first."""
    Path("program.json").write_text(json.dumps(top(rows=[3])))
    exact = stepwise.submittable(loaded(top(rows=[3])), "h2", 0)
    assert exact is not None
    output = said([*SUBMIT, "--max-cost", "60"], capsys)
    assert output.out == "job 1 submitted to H2-1, 2 circuits: 1 now, the others once their numbers are known\n"
    assert states() == ("queued", "waiting")
    vendor.state = "done"
    assert "note: the next step of job 1 was submitted to H2-1, 1 circuit" in said(["results", "1"], capsys).err
    facts = json.loads(said(["results", "1", "--json"], capsys).out)
    assert (facts["state"], len(vendor.jobs)) == ("done", 2)
    assert fsum(job["ceiling"] for job in vendor.jobs) <= 60.0
    seen = {circuit.name: counted(circuit, counts_of(circuit).items(), 1.0) for circuit in vendor.seen}
    fed = family_of(loaded(top(rows=[3]))).fed(loaded(top(rows=[3])), seen)  # type: ignore[attr-defined]
    assert facts["result"]["values"]["rows"] == fed.readout.result(fed, seen).values["rows"]
    for circuit, was in zip(vendor.seen, exact.circuits, strict=True):
        assert len(circuit) == len(was)


def test_the_same_command_goes_on(vendor: SimulatingVendor, capsys: Captured) -> None:
    said(SUBMIT, capsys)
    output = said(SUBMIT, capsys)
    assert "note: the very same program is under way, as job 1: it goes on" in output.err
    assert "note: the next step of job 1" in output.err
    assert said(SUBMIT, capsys).out.startswith("network on h2, 64 shots\n")
    assert len(Journal().jobs()) == 1
    assert len(vendor.jobs) == CIRCUITS
    said([*SUBMIT[:-2], "65", "--yes"], capsys)  # another one is another one
    assert len(Journal().jobs()) == 2


def test_waiting_goes_through_all_steps(
    vendor: SimulatingVendor, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    said(SUBMIT, capsys)
    monkeypatch.setattr("time.sleep", lambda _: None)
    assert said(["results", "1", "--wait"], capsys).out.startswith("network on h2, 64 shots\n")
    assert len(vendor.jobs) == CIRCUITS


# What it costs


def test_the_worst_case_of_all_steps_is_asked_for(vendor: SimulatingVendor, capsys: Captured) -> None:
    compiled = stepwise.submittable(loaded(two_layers()), "h2", 0)
    assert compiled is not None
    whole = plan(compiled, SHOTS).cost.highest
    first = fsum(share.cost.highest for share in plan(compiled, SHOTS).shares[:FIRST])
    assert first < whole - 1
    output = said([*SUBMIT, "--max-cost", f"{(first + whole) / 2:.2f}"], capsys, 3)
    assert "error: the job may cost more than is allowed [job.too-expensive]" in output.err
    assert not vendor.folder.exists()
    assert Journal().jobs() == []


def test_a_step_that_costs_more_than_was_agreed_to_is_not_submitted(
    vendor: SimulatingVendor, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    said(SUBMIT, capsys)
    journal = Journal()
    with journal._file.writing() as connection:
        connection.execute("UPDATE parts SET ceiling = 0.5 WHERE place = ?", (CIRCUITS - 1,))
    for _ in range(2):
        output = said(["results", "1"], capsys, 3).err
        assert "may cost more than was agreed to when the job was submitted [job.too-expensive]" in output
    assert len(vendor.jobs) == FIRST
    assert states()[FIRST:] == ("waiting", "waiting")
    with pytest.raises(DoesNotFitError):
        stepwise.proceed(first_job(), vendor, journal)


# What goes wrong


def test_a_step_is_submitted_by_one_process(vendor: SimulatingVendor, capsys: Captured) -> None:
    """Two processes that read the journal before either has submitted: the slower one submits nothing."""
    said(SUBMIT, capsys)
    vendor.state = "done"
    journal = Journal()
    job = submit.update(first_job(), vendor, journal)
    assert stepwise.proceed(job, vendor, journal).state == "queued"
    with pytest.raises(BackendError, match="is submitted by another process"):
        stepwise.proceed(job, vendor, Journal())
    assert vendor.handed() == {part.tag: 1 for part in first_job().parts}


def test_a_step_that_was_submitted_in_part_is_resumed(vendor: SimulatingVendor, capsys: Captured) -> None:
    said(SUBMIT, capsys)
    vendor.refuses = {"layer-1-input-0-neuron-0-order-3"}
    output = said(["results", "1"], capsys, 2).err
    assert "the device is not as its snapshot" in output
    assert len(vendor.jobs) == CIRCUITS - 1
    vendor.refuses = set()
    assert "[job.incomplete]" in said(["results", "1"], capsys, 4).err
    assert said(["results", "1", "--resume", "--yes"], capsys).out.startswith("network on h2, 64 shots\n")
    facts = json.loads(said(["results", "1", "--json"], capsys).out)
    assert facts["result"]["values"] == _wanted()
    assert len(vendor.jobs) == CIRCUITS


def test_an_answer_that_is_lost_in_a_later_step(vendor: SimulatingVendor, capsys: Captured) -> None:
    said(SUBMIT, capsys)
    vendor.breaks = KeyboardInterrupt()
    said(["results", "1"], capsys, 130)
    assert len(vendor.jobs) == FIRST + 1
    vendor.breaks = None
    assert "[job.incomplete]" in said(["results", "1"], capsys, 4).err  # it finds the one, and asks for the other
    assert len(vendor.jobs) == FIRST + 1
    assert said(["results", "1", "--resume", "--yes"], capsys).out.startswith("network on h2, 64 shots\n")
    assert vendor.handed() == {part.tag: 1 for part in first_job().parts}


@pytest.mark.parametrize("place", ["bind", "begin", "submitted", "counted"])
def test_a_kill_between_two_steps(
    place: str, vendor: SimulatingVendor, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before anything of the next step is written, or at each thing that is: whatever goes on pays once."""
    said(SUBMIT, capsys)
    pid = os.fork()
    if not pid:
        setattr(Journal, place, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        said(["results", "1"], capsys)
        os._exit(3)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    if place in ("begin", "submitted"):
        monkeypatch.setattr(submit, "LISTING_SECONDS", 0.0)
        said(["results", "1"], capsys, 4)
        said(["results", "1", "--resume", "--yes"], capsys)
    said(["results", "1"], capsys)
    facts = json.loads(said(["results", "1", "--json"], capsys).out)
    assert facts["result"]["values"] == _wanted()
    assert vendor.handed() == {part.tag: 1 for part in first_job().parts}


def test_a_failed_first_step_holds_the_next_one_back(vendor: SimulatingVendor, capsys: Captured) -> None:
    said(SUBMIT, capsys)
    failing = "layer-0-input-0-neuron-1-order-3"
    (handle,) = (str(part.handle) for part in first_job().parts if part.circuit == failing)
    vendor.states = {handle: "failed"}
    for _ in range(2):
        assert "[job.incomplete]" in said(["results", "1"], capsys, 4).err
    assert len(vendor.jobs) == FIRST
    output = said(["results", "1", "--resume", "--yes"], capsys)
    assert "note: the next step of job 1" in output.err
    assert sorted(vendor.circuits) == sorted([*(str(part.circuit) for part in first_job().parts), failing])


def test_what_is_bound_is_verified(vendor: SimulatingVendor, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """A circuit that is not what its counts say is not paid for."""
    said(SUBMIT, capsys)
    made = Maker.compiled

    def exact(self: Maker, model: Any) -> qsac.Compiled:
        return made(self, loaded(two_layers()))

    with monkeypatch.context() as patched:
        patched.setattr(Maker, "compiled", exact)
        assert "[check.job-not-verified]" in said(["results", "1"], capsys, 1).err
    assert len(vendor.jobs) == FIRST
    said(["results", "1"], capsys)
    assert len(vendor.jobs) == CIRCUITS


def test_artifacts_and_other_programs(vendor: SimulatingVendor, capsys: Captured) -> None:
    """An artifact's later circuits are bindings of a template too; layers of attention go the same way; one layer is
    one step."""
    qsac.compile(loaded(two_layers()), "h2", verify=False).save("program.qsac.json")
    said(["run", "program.qsac.json", "--submit", "--shots", str(SHOTS), "--yes"], capsys)
    said(["results", "1"], capsys)
    assert json.loads(said(["results", "1", "--json"], capsys).out)["result"]["values"] == _wanted()

    attention = {"kernel": {"type": "softmax-taylor", "degree": 2, "temperature": 1.0}, "mask": "full"}
    Path("program.json").write_text(json.dumps(layers(layers=[{"attention": attention}] * 2)))
    vendor.seen.clear()
    said(SUBMIT, capsys)
    number = len(first_places(loaded(json.loads(Path("program.json").read_text()))))
    assert len(vendor.seen) == number == 9
    said(["results", "2"], capsys)
    assert len(vendor.seen) == 18
    result = json.loads(said(["results", "2", "--json"], capsys).out)["result"]
    assert np.isfinite(np.array(result["values"]["output"])).all()

    model = loaded(layers())
    assert first_places(model) == tuple(range(9))
    assert stepwise.submittable(model, "h2", 0) is None
