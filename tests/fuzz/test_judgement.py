"""The judge itself: what is outside the contract is found to be, and what hashes and results say is noticed."""

from __future__ import annotations

import copy
import json
import os
import random
import signal
import time
from dataclasses import replace

import numpy as np
import pytest

from qsac.artifact.cache import Cache
from qsac.artifact.compiled import Compiled
from qsac.errors import CheckFailedError, DoesNotFitError, InvalidInputError, QsacError
from tests.fuzz import artifacts, contract, counts, entries, journals, oracle, starts, templates
from tests.fuzz.__main__ import main
from tests.fuzz.contract import Example, Tally, judged
from tests.fuzz.kinds import Kind, every_kind
from tests.fuzz.mutations import Edit, text_of
from tests.fuzz.reseal import digest_of, resealed
from tests.fuzz.rounds import many

EXAMPLE = Example("start", b"{}", (Edit("delete", "/a"),))


def failing(error: BaseException):
    def feed(example: Example) -> str:
        raise error

    return feed


class OwnCodeError(QsacError):
    exit_code = 70


@pytest.mark.parametrize(
    ("feed", "label", "fault"),
    [
        (lambda example: "accepted", "accepted", ""),
        (failing(InvalidInputError("wrong")), "exit 2", ""),
        (failing(DoesNotFitError("large")), "exit 3", ""),
        (failing(CheckFailedError("differs")), "exit 1", ""),
        (failing(IndexError("list index")), "outside", "IndexError"),
        (failing(MemoryError()), "outside", "MemoryError"),
        (failing(RecursionError()), "outside", "RecursionError"),
        (failing(SystemExit(3)), "outside", "SystemExit"),
        (failing(OwnCodeError("a bug")), "outside", "exit code 70"),
        (failing(InvalidInputError("long", help="x\n" * 10_000)), "outside", "a diagnostic too long"),
        (failing(InvalidInputError("")), "outside", "a diagnostic too long, or without a title"),
        (failing(contract.WrongError("not so")), "outside", "WrongError (not so)"),
    ],
)
def test_only_answers_and_refusals_are_within_the_contract(feed, label, fault):
    outcome = judged(feed, EXAMPLE)
    assert outcome.label == label
    assert outcome.fault.startswith(fault)


def test_a_loop_is_ended(monkeypatch):
    monkeypatch.setattr(contract, "SECONDS", 0.05)

    def feed(example: Example) -> str:
        while True:
            try:
                sum(range(1000))
            except Exception:  # what the code under test may do
                continue

    outcome = judged(feed, EXAMPLE)
    assert outcome.outside
    assert outcome.fault.startswith("too slow")


def test_waiting_is_ended(monkeypatch):
    monkeypatch.setattr(contract, "WAITING_SECONDS", 0.05)
    outcome = judged(lambda example: time.sleep(20) or "accepted", EXAMPLE)
    assert outcome.fault.startswith("too slow")


@pytest.mark.parametrize("refuses", [False, True])
def test_memory_is_measured_where_it_is_asked_for(refuses):
    def feed(example: Example) -> str:
        np.zeros(contract.MEMORY_BASE // 8 + 1000)
        if refuses:
            raise InvalidInputError("too late")
        return "accepted"

    assert judged(feed, EXAMPLE, measured=True).fault == "too much memory"
    assert not judged(feed, EXAMPLE).outside


def test_the_smallest_input_of_each_fault_is_kept():
    tally = Tally()
    for size in (30, 10, 20):
        tally.add(Example("start", b"x" * size, EXAMPLE.edits), contract.Outcome("outside", "fault"), size)
    tally.add(EXAMPLE, contract.Outcome("harmless"), 0)
    tally.add(EXAMPLE, contract.Outcome("exit 3"), 0)
    assert len(tally.samples["fault"][0].data) == 10
    assert (tally.inputs, tally.outside, tally.accepted, tally.refused()) == (5, 3, 1, 1)


def _first_angle(document):
    return next(
        (command["op"]["params"], place)
        for command in document["circuits"][0]["circuit"]["commands"]
        for place in range(len(command["op"].get("params", [])))
        if command["op"]["type"] == "PhasedX" and place == 0
    )


def test_the_oracle_tells_harmless_changes_from_others():
    start = starts.artifacts()[0].document
    before = artifacts.original(0)

    def moved(change) -> str:
        document = copy.deepcopy(start)
        change(document)
        try:
            compiled = Compiled.parse(text_of(resealed(document)), "changed")
        except InvalidInputError as error:
            return f"refused at {error.pointer}"
        return oracle.moved(before, oracle.readings(compiled))

    def turn(by: float):
        def change(document) -> None:
            params, place = _first_angle(document)
            params[place] = repr(float(params[place]) + by)

        return change

    assert moved(lambda document: None) == ""
    assert moved(turn(1e-3)) == "probabilities"
    assert moved(turn(4.0)) == "", "an angle is the same after two whole turns"
    assert moved(lambda document: document["circuits"][0]["profile"]["success"].clear()) == (
        "refused at /circuits/0/profile/success"
    )
    assert moved(lambda document: document["stats"].update(lam=2.0)) == "refused at /stats/lam"
    assert moved(lambda document: document["circuits"][0].update(name="other")) == "refused at /circuits/0/name"
    assert moved(lambda document: document["circuits"][0]["groups"].clear()) == ""


def test_the_oracle_sees_what_is_read_for_what():
    compiled = Compiled.parse(text_of(starts.artifacts()[0].document), "unchanged")
    (circuit,) = compiled.circuits
    fidelity, token = circuit.readouts
    changed = replace(circuit, readouts=(fidelity, token._replace(success=())))
    found = oracle.readings(replace(compiled, circuits=(changed,)))
    assert oracle.moved(artifacts.original(0), found) == "probabilities"


def test_resealing_leaves_what_nobody_changed_as_it_is():
    for start in (*starts.artifacts(), *starts.templates()):
        assert json.loads(text_of(resealed(start.document))) == start.document


def test_resealing_makes_hashes_match_unless_they_are_what_was_changed():
    document = {**copy.deepcopy(starts.artifacts()[0].document), "digest": "old"}
    document["model"]["name"] = "another"
    made = resealed(document)
    assert made["sha256"] != document["sha256"]
    assert made["digest"] == digest_of(made)
    assert Compiled.parse(text_of({**made, "digest": made["digest"]}), "resealed").model.name == "another"
    assert resealed(document, ("/sha256", "/digest"))["digest"] == "old"
    assert resealed(document, ("/sha256",))["sha256"] == document["sha256"]


def test_what_a_report_of_verify_has_to_name():
    gate = Edit("renumber", "/circuits/0/circuit/commands/7/op/params/0")
    assert artifacts.names("/circuits/0/circuit/commands/7", gate)
    assert artifacts.names("/circuits/0/circuit/commands/7/op/params/0", gate)
    assert not artifacts.names("/circuits/0/circuit/commands/70", gate)
    assert not artifacts.names("/circuits/0/circuit/commands", gate)
    assert not artifacts.names("", gate)
    moved = Edit("exchange with /circuits/0/circuit/commands/3/op", "/circuits/0/circuit/commands/7/op")
    assert artifacts.names("/circuits/0/circuit/commands/3/op/type", moved)
    assert artifacts.names("/circuits/0/readout/1/success", Edit("delete", "/circuits/0/readout/1/success/0"))
    assert not artifacts.names("/circuits/0/profile", Edit("delete", "/circuits/0/readout/1/success/0"))


def test_whole_inputs_are_accepted_by_every_feed():
    """What nobody changed passes: a feed that refuses everything would find nothing."""
    for index, start in enumerate(starts.artifacts()):
        assert artifacts.feed(Example("whole", text_of(start.document), (), artifacts.Facts(index))) == "harmless"
    for start in starts.templates():
        assert templates.feed(Example("whole", text_of(start.document), ())) == "harmless"
    for index, entry in enumerate(entries.entries()):
        data = entry.sealed(text_of(entry.header.document) + b"\n" + entry.columns)
        assert entries.feed(Example("whole", data, (), index)) == "accepted"
    assert journals.feed(Example("whole", journals.start().data, (), "rows")) == "accepted"
    known = [(start, index, order) for start, index, order in counts.documents() if order == "pytket"]
    for start, index, order in known:
        facts = (index, order, start.document)
        assert counts.feed(Example("whole", text_of(start.document), (), facts)) == "accepted"
    assert known


def test_a_cache_that_gives_what_is_damaged_is_found_out(monkeypatch):
    entry = entries.entries()[0]
    data = entry.sealed(text_of(entry.header.document) + b"\n" + entry.columns)
    monkeypatch.setattr(Cache, "get", lambda *given: None)
    assert judged(entries.feed, Example("whole", data, (), 0)).fault.startswith(
        "WrongError (a damaged entry was passed over"
    )


def test_examples_are_those_of_the_seed():
    for kind in every_kind().values():
        one, other = (kind.make(random.Random(3).randrange) for _ in range(2))
        assert one.edits == other.edits, kind.name


def crashing(example: Example) -> str:
    if len(example.data) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return "accepted"


def drawn(pick) -> Example:
    return Example("start", b"x" * pick(8), ())


def test_a_process_that_dies_costs_its_round_and_is_known_by_its_input():
    kind = Kind("crash", 1, 1, drawn, crashing, {})
    (found,) = many(kind, 50, 0, jobs=1)
    assert found.inputs == found.outside == 1
    ((example, outcome, _),) = found.samples.values()
    assert example.data == b"xxx"
    assert "exit code -9" in outcome.fault


def test_the_command_reports_numbers_and_keeps_what_is_outside(tmp_path, monkeypatch, capsys):
    def odd(example: Example) -> str:
        if len(example.data) == 3:
            raise IndexError("three")
        return "accepted"

    kind = Kind("odd", 1, 1, drawn, odd, {})
    monkeypatch.setattr("tests.fuzz.__main__.every_kind", lambda: {"odd": kind})
    assert main(["--examples", "100", "--jobs", "1", "-o", str(tmp_path / "out")]) == 1
    printed = capsys.readouterr().out
    assert "IndexError in test_judgement.py" in printed
    assert "inputs are outside the contract" in printed
    assert (tmp_path / "out" / "odd-1.input").read_bytes() == b"xxx"
    assert main(["--again", str(tmp_path / "out" / "odd-1.again")]) == 1
    assert "IndexError: three" in capsys.readouterr().out
