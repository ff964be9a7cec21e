"""The section on hosts: its quick cases, in this process, and one in a process of its own."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.bench import hosts, in_hosts, jobs, measure
from tests.bench.measure import Outcome
from tests.bench.plan import Plan


def test_quick_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    def here(job: str, _limit: float, **arguments: Any) -> Outcome:
        return Outcome(jobs.JOBS[job](**arguments))

    monkeypatch.setattr(measure, "run", here)
    text = hosts.section(Plan(quick=True, parallel=1))
    for host in in_hosts.HOSTS:
        rows = re.findall(r"^\| (.*?) \|", text.partition(f"### {host}\n")[2].partition("###")[0], re.MULTILINE)
        assert str(hosts.QUICK[0]) in rows
    assert "| state, n = 3, complex | 4 | 3 | 0.75 |" in text
    assert "No figures" not in text


@pytest.mark.many  # test_quick_cases is of the same job, in this process
def test_one_job() -> None:
    outcome = measure.run("host", 120, host="pytket", asked=hosts.QUICK[0], plugin=True)
    assert outcome.result is not None
    assert outcome.result["gates"] == 3
    assert outcome.result["deviation"] < hosts.TOLERANCE


def test_a_wrong_circuit_is_noticed() -> None:
    table = hosts.numbers(hosts.QUICK[0])
    made = in_hosts.tket(table, plugin=True)
    assert made is not None
    assert made.deviation(table) < hosts.TOLERANCE < made.deviation(table[:, ::-1])
