"""Loops that end early: what counts have made needless is not submitted, not paid for and not waited for."""

import json
import os
import signal
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

import qsac
from qsac import plugins
from qsac.families.outcomes import counted
from qsac.families.plans import CircuitStep, ClassicalStep, Plan
from qsac.families.registry import family_of
from qsac.families.repeats import Repeat, Step
from qsac.native.circuit import NativeCircuit
from qsac.submission import stepwise, submit
from qsac.submission.journal import Journal
from qsac.submission.plan import plan
from tests.families.conftest import contrast as contrast
from tests.families.conftest import package as package
from tests.families.program.models import loaded
from tests.families.program.test_settled import ORACLE
from tests.families.program.test_top import top
from tests.submission.conftest import PAIR
from tests.submission.fake import Captured, CountingVendor, first_job, said, states
from tests.submission.test_stepwise import SimulatingVendor, counts_of

SHOTS = 64
SUBMIT = ["run", "program.json", "--target", "h2", "--submit", "--shots", str(SHOTS), "--yes"]
ROUNDS = 3


def search() -> dict[str, Any]:
    """A row of six keys, of which the largest is sought in at most three rounds, of two circuits each."""
    return top(rows=[3], top=1, repeats=ROUNDS, until="settled", oracle=ORACLE)


@pytest.fixture
def vendor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimulatingVendor:
    monkeypatch.chdir(tmp_path)
    Path("program.json").write_text(json.dumps(search()))
    found = SimulatingVendor(tmp_path / "vendor")
    monkeypatch.setattr(submit, "client", lambda _vendor, _machine: found)
    return found


def _through(capsys: Captured) -> dict[str, Any]:
    """Ask until the job is done; what it has then."""
    facts: dict[str, Any] = {}
    for _ in range(ROUNDS):
        facts = facts if facts.get("result") else json.loads(said(["results", "1", "--json"], capsys).out)
    return facts


def test_later_rounds_are_not_submitted(vendor: SimulatingVendor, capsys: Captured) -> None:
    """The most there may be is agreed to; what is handed over are the rounds up to the one that changes nothing."""
    compiled = stepwise.submittable(loaded(search()), "h2", 0)
    assert compiled is not None
    assert len(compiled.circuits) == 2 * ROUNDS
    whole = plan(compiled, SHOTS).cost
    output = said(SUBMIT, capsys)
    assert output.out.endswith(
        "6 circuits: 2 now, the others once their numbers are known, as far as they are needed\n"
    )
    assert f"all steps of the program together, at most: about {whole.amount:,.1f}" in output.err
    vendor.state = "done"
    assert "note: the next step of job 1 was submitted to H2-1, 2 circuits" in said(["results", "1"], capsys).err
    assert states() == ("done",) * 2 + ("queued",) * 2 + ("waiting",) * 2
    output = said(["results", "1"], capsys)
    assert "note: 2 circuits of job 1 will not be submitted: not needed any more" in output.err
    assert output.out.startswith("top on h2, 64 shots\n")
    assert states() == ("done",) * 4 + ("not needed",) * 2
    assert [circuit.name for circuit in vendor.seen] == list(compiled.names[:4])
    assert first_job().cost == pytest.approx(whole.highest)
    assert "done (4 of 6 done)" in said(["jobs"], capsys).out.replace("\n", " ")

    facts = _through(capsys)
    assert (facts["state"], len(vendor.jobs)) == ("done", 4)
    values = facts["result"]["values"]
    assert (values["rows"][0]["rounds"], values["shots_taken"]) == (2, 4 * SHOTS)
    seen = {circuit.name: counted(circuit, counts_of(circuit).items(), 1.0) for circuit in vendor.seen}
    fed = family_of(loaded(search())).fed(loaded(search()), seen)  # type: ignore[attr-defined]
    assert values == json.loads(json.dumps(dict(fed.readout.result(fed, seen).values)))
    # It is not under way any more: the same command would submit another job.
    assert Journal().pending(compiled, "H2-1", SHOTS) == []


def test_a_kill_before_the_end_is_written(vendor: SimulatingVendor, capsys: Captured) -> None:
    said(SUBMIT, capsys)
    said(["results", "1"], capsys)
    assert len(Journal().pending(stepwise.submittable(loaded(search()), "h2", 0), "H2-1", SHOTS)) == 1  # type: ignore[arg-type]
    pid = os.fork()
    if not pid:
        Journal.spare = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[method-assign, assignment, return-value]
        said(["results", "1"], capsys)
        os._exit(3)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    facts = _through(capsys)
    assert facts["state"] == "done"
    assert vendor.handed() == {part.tag: 1 for part in first_job().parts if part.state == "done"}
    assert len(vendor.jobs) == 4


# Another family


def _tried(tables: Any, name: str, size: tuple[int, int]) -> Plan:
    """The first circuit of the pair, tried at most three times, until no less than half of the shots agree; the second
    one once."""
    import contrast_qsac  # type: ignore[import-not-found]

    def circuit(own: str, other: str) -> CircuitStep:
        build = partial(contrast_qsac.agreement, tables, other, name, size)
        return CircuitStep(own, build, ("agreement",), contrast_qsac.qubits(size[0]))

    def body(number: int) -> list[Step]:
        own = f"try-{number}-"

        def judge(seen: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
            share = seen[f"{own}first"].share("agreement")
            return {f"{own}share": share, f"{own}agreed": share >= 0.5}

        writes = (f"{own}share", f"{own}agreed")
        return [circuit(f"{own}first", "first"), ClassicalStep(f"{own}judge", judge, 1, (f"{own}first",), writes)]

    def difference(seen: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
        tried = [name for name in seen if name.startswith("try-") and name.endswith("first")]
        return {"difference": seen["try-2-share"] - seen["second"].share("agreement"), "error": len(tried) / 10}

    inputs = ("try-2-share", "second", *(f"try-{number}-first" for number in range(3)))
    last = ClassicalStep("difference", difference, 1, inputs, ("difference", "error"))
    return Plan((*Repeat("try", 3, body, "agreed").steps(), circuit("second", "second"), last))


@pytest.fixture
def tried(contrast: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The family ``contrast`` with that plan: none of its circuits' numbers depends on outcomes."""
    import contrast_qsac

    expected = contrast_qsac.Contrast.expected

    def of_all(self: Any, model: Any) -> dict[str, Any]:
        found = expected(self, model)
        return {f"try-{number}-first": found["first"] for number in range(3)} | {"second": found["second"]}

    def result(self: Any, model: Any, seen: Mapping[str, Any]) -> Any:
        return qsac.Result({"difference": seen["difference"]}, {"difference": seen["error"]}, 1.0, ())

    # What is installed is looked for once: it takes a tenth of a second each time.
    monkeypatch.setattr(plugins, "_entries", cache(plugins._entries))
    monkeypatch.setattr(contrast_qsac, "plan_of", lambda name, tables, size: _tried(tables, name, size))
    monkeypatch.setattr(contrast_qsac.Contrast, "expected", of_all)
    monkeypatch.setattr(contrast_qsac.Contrast, "result", result)


class Answering(CountingVendor):
    """A vendor whose shots all agree from the round on that is named."""

    agrees = 1

    def counts(self, handle: str, circuit: NativeCircuit) -> dict[str, int]:
        digit = "0" if circuit.name == "second" or int(circuit.name.split("-")[1]) >= self.agrees else "1"
        return {digit * len(circuit.bits): SHOTS}


@pytest.mark.parametrize(("agrees", "rounds"), [(1, 2), (3, 3)])
def test_any_family_has_loops_that_end(
    agrees: int, rounds: int, tried: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    """Of another package, and without numbers that follow from outcomes: runs and jobs leave out what is needless."""
    monkeypatch.chdir(tmp_path)
    Path("program.json").write_text(json.dumps(PAIR))
    vendor = Answering(tmp_path / "vendor")
    vendor.agrees = agrees
    monkeypatch.setattr(submit, "client", lambda _vendor, _machine: vendor)
    said(SUBMIT, capsys)
    facts = _through(capsys)
    assert facts["state"] == "done"
    assert vendor.circuits == sorted(["second", *(f"try-{number}-first" for number in range(rounds))])
    assert facts["result"]["standard_errors"] == {"difference": rounds / 10}
    assert facts["result"]["metrics"]["difference"] == (0.0 if agrees < 3 else -1.0)


def test_a_run_of_another_family(tried: None) -> None:
    """By shots, by the same seed the same rounds; an exact run sees those of the closed form."""
    model = qsac.load(PAIR)
    runs = [qsac.run(model, "statevector", shots=3, seed=seed) for seed in (0, 0, 1, 2, 3, 4)]
    assert runs[0] == runs[1]
    assert len({round(10 * (one.standard_errors["difference"] or 0)) for one in runs}) > 1
    exact, wanted = qsac.run(model), model.readout.closed_form(model)
    assert exact.metrics["difference"] == pytest.approx(wanted.metrics["difference"], abs=1e-12)
    assert exact.standard_errors == wanted.standard_errors
