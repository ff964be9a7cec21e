"""`qsac targets` and `qsac passes`."""

from __future__ import annotations

import json

import pytest

from qsac.cli import main
from qsac.machine import registry as machines
from qsac.pipeline import registry


def output(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main.run(arguments) == code
    captured = capsys.readouterr()
    return captured.err if code else captured.out


def test_all_targets_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    text = output(capsys, "targets")
    assert [line.split()[0] for line in text.splitlines()[2:-1]] == list(machines.target_names())
    assert "\x1b" not in text
    assert all(line == line.rstrip() for line in text.splitlines())
    listed = json.loads(output(capsys, "targets", "--json"))
    assert [target["name"] for target in listed] == list(machines.target_names())


def test_a_target_is_described(capsys: pytest.CaptureFixture[str]) -> None:
    text = output(capsys, "targets", "h1")
    for part in ("no longer sold", "PhasedX, Rz, ZZPhase", "all to all", "0.0973 %", "2025-05-02", "pytket-quantinuum"):
        assert part in text
    text = output(capsys, "targets", "ibm-brisbane")
    for part in ("ECR", "143 working pairs, in one direction each", "2025-02-26", "snapshot ibm_brisbane"):
        assert part in text
    facts = json.loads(output(capsys, "targets", "ibm-fez", "--json"))
    assert len(facts["errors"]["two_qubit_by_edge"]) == len(facts["coupling"])


@pytest.mark.parametrize("name", machines.target_names())
def test_every_target_can_be_described(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert machines.target(name).description in output(capsys, "targets", name)


def test_an_unknown_target_is_invalid_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert "perhaps ibm-fez" in output(capsys, "targets", "ibm-fes", code=2)


def test_all_passes_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    text = output(capsys, "passes")
    names = [line.split()[0].partition("{")[0] for line in text.splitlines()[2:]]
    assert names == list(registry.pass_names())
    listed = {row["name"]: row for row in json.loads(output(capsys, "passes", "--json"))}
    assert listed["route"]["level"] == "circuit"
    assert listed["route"]["options"] == {"attempts": 24}
    assert listed["route"]["contract"].startswith("Places the circuit's qubits on the device")
