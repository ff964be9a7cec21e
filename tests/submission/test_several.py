"""Jobs of several circuits: one number and one cost for the user, one job a circuit at the vendor."""

import json
from collections.abc import Iterator
from math import fsum
from typing import Any

import pytest

import qsac
from qsac.errors import DoesNotFitError
from qsac.submission.journal import Journal
from qsac.submission.plan import plan
from tests.submission.fake import SUBMIT_PAIR as SUBMIT
from tests.submission.fake import Captured, CountingVendor, first_job, said, states


def _costs(compiled: qsac.Compiled, shots: int) -> list[float]:
    """The highest cost of each circuit."""
    return [stats["cost"]["fixed"] + shots * stats["cost"]["per_shot_with_resets"] for stats in compiled.parts_stats]


# From the submission to the result


def test_a_job_from_its_submission_to_its_result(vendor: CountingVendor, pair: qsac.Compiled, capsys: Captured) -> None:
    highest = fsum(_costs(pair, 100))
    output = said([*SUBMIT, "--max-cost", "50"], capsys)
    assert output.out == "job 1 submitted to H2-1, 2 circuits\n"
    line = output.err.splitlines()[0]
    assert line.startswith("pair on H2-1, 100 shots of each of first, second: about ")
    assert f"{highest:,.1f} HQC, by Quantinuum's published formula" in line
    assert line.endswith("; the limits of their jobs at Quantinuum: 50.0 HQC")
    assert vendor.circuits == ["first", "second"]
    assert fsum(job["ceiling"] for job in vendor.jobs) == 50.0
    assert {job["shots"] for job in vendor.jobs} == {100}
    assert vendor.handed() == {part.tag: 1 for part in first_job().parts}

    vendor.states = {"first": "done", "second": "running"}
    assert said(["results", "1"], capsys).out == "job 1 on H2-1: running: second; done: first\n"
    facts = json.loads(said(["results", "1", "--json"], capsys).out)
    assert (facts["state"], facts["result"], facts["tag"]) == ("running", None, None)
    assert [(one["circuit"], one["state"]) for one in facts["circuits"]] == [("first", "done"), ("second", "running")]
    listed = said(["jobs"], capsys).out.splitlines()[2].split()
    assert listed[0] == "1"
    assert " ".join(listed).endswith(f"2 x 100 {highest:,.1f} HQC running (1 of 2 done)")

    vendor.states = {}
    facts = json.loads(said(["results", "1", "--json"], capsys).out)
    assert facts["state"] == "done"
    result = facts["result"]
    assert (result["shots"], result["target"], result["warnings"]) == (100, "h2", [])
    counts = {name: {"0" * len(pair.circuit(name).bits): 100} for name in pair.names}
    assert result["metrics"] == qsac.interpret(pair, counts, order="pytket").metrics
    table = said(["results", "1"], capsys).out
    assert table.startswith("pair on h2, 100 shots\n")
    for file in vendor.folder.iterdir():  # counts are fetched once
        file.unlink()
    assert said(["results", "1"], capsys).out == table
    assert len(vendor.jobs) == 0


def test_waiting_is_for_all_circuits(vendor: CountingVendor, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    said(SUBMIT, capsys)
    vendor.states = {"first": "queued", "second": "done"}
    states: Iterator[Any] = iter(["running", "done"])

    def later(_: float) -> None:
        vendor.states["first"] = next(states)

    monkeypatch.setattr("time.sleep", later)
    assert said(["results", "1", "--wait"], capsys).out.startswith("pair on h2, 100 shots\n")
    assert next(states, None) is None


def test_another_number_of_shots_of_one_circuit(
    vendor: CountingVendor, pair: qsac.Compiled, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    said(SUBMIT, capsys)
    taken = {"first": 100, "second": 90}
    monkeypatch.setattr(vendor, "counts", lambda _, circuit: {"0" * len(circuit.bits): taken[circuit.name]})
    warnings = json.loads(said(["results", "1", "--json"], capsys).out)["result"]["warnings"]
    assert warnings[0] == (
        "Quantinuum returned 90 shots of circuit second; 100 were submitted, and may have been charged"
    )


def test_counts_of_one_circuit_that_cannot_be_used(
    vendor: CountingVendor, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    said(SUBMIT, capsys)
    with monkeypatch.context() as patched:
        counts = {"first": {"01" * 9: 100}}
        patched.setattr(vendor, "counts", lambda _, circuit: counts.get(circuit.name, {"0" * len(circuit.bits): 100}))
        output = said(["results", "1"], capsys, 4).err
        assert output.startswith("error: the counts of circuit first of job 1 cannot be used [vendor.invalid-answer]\n")
    assert states() == ("queued", "done")  # the other one is kept
    assert said(["results", "1"], capsys).out.startswith("pair on h2")


# What it costs


@pytest.mark.parametrize("spare", [0.0, 1e-9, 0.01, 1 / 3, 12.5, 1e6])
def test_the_limits_are_no_more_than_what_is_allowed_for_all(spare: float, pair: qsac.Compiled) -> None:
    costs = _costs(pair, 1000)
    allowed = fsum(costs) + spare
    found = plan(pair, 1000, max_cost=allowed)
    assert found.cost.highest == pytest.approx(fsum(costs))
    assert found.ceiling <= allowed
    assert allowed - found.ceiling < 1e-9
    for share, cost in zip(found.shares, costs, strict=True):
        assert share.ceiling >= share.cost.highest == pytest.approx(cost)
    with pytest.raises(DoesNotFitError, match="the job may cost more than is allowed") as caught:
        plan(pair, 1000, max_cost=fsum(costs) - 0.01)
    assert (caught.value.found or "").endswith("for 1,000 shots of each circuit")


def test_one_circuit_alone_may_cost_what_is_allowed_for_all(vendor: CountingVendor, capsys: Captured) -> None:
    """The sum counts."""
    (one, other) = _costs(qsac.Compiled.load("pair.qsac.json"), 100)
    output = said([*SUBMIT, "--max-cost", f"{max(one, other) + 1}"], capsys, 3).err
    assert output.startswith("error: the job may cost more than is allowed [job.too-expensive]\n")
    assert not vendor.folder.exists()
    assert Journal().jobs() == []


def test_limits_in_whole_seconds(contrast: None) -> None:
    from tests.submission.conftest import PAIR

    compiled = qsac.compile(PAIR, "ibm-fez", optimisation=1, verify=False)
    found = plan(compiled, 1000)
    assert [share.ceiling for share in found.shares] == [3.0, 3.0]
    assert 2 * 2 < found.cost.highest < 6  # 2 seconds a job
    assert [share.ceiling for share in plan(compiled, 1000, max_cost=6.0).shares] == [3.0, 3.0]
    more = [share.ceiling for share in plan(compiled, 1000, max_cost=9.5).shares]
    assert sum(more) <= 9.5
    assert all(limit == int(limit) >= 3 for limit in more)
    with pytest.raises(DoesNotFitError, match="limits jobs by whole quantum seconds") as caught:
        plan(compiled, 1000, max_cost=5.9)
    assert (caught.value.help or "").startswith("--max-cost 6,")


def test_every_circuit_is_checked_first(vendor: CountingVendor, pair: qsac.Compiled, capsys: Captured) -> None:
    from dataclasses import replace

    angles = pair.circuits[1].angles.copy()
    angles[0, 0] += 0.1
    wrong = replace(pair.circuits[1], angles=angles)
    replace(pair, circuits=(pair.circuits[0], wrong)).save("pair.qsac.json")
    output = said(SUBMIT, capsys, 1).err
    assert output.startswith("error: the job is not submitted: ")
    assert "  where:  /circuits/1/" in output
    assert not vendor.folder.exists()
