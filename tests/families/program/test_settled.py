"""Searches for the largest scores whose rounds end with the first one that changes nothing."""

import json
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.errors import InvalidInputError, of_type
from qsac.families.outcomes import Index, Outcomes
from qsac.families.program.search.top import TopSearch
from qsac.numerics.search_schedule import missed
from qsac.sweeps.journal import Journal
from tests.families.program.by_shots import run_by_shots
from tests.families.program.models import loaded
from tests.families.program.test_top import top

ORACLE = {"type": "overlap", "degree": 4}


def settled(**program: Any) -> Any:
    """Two rows of six tokens, of which the largest score is sought in at most four rounds of two circuits each."""
    return loaded(top(**({"until": "settled", "repeats": 4, "top": 1, "oracle": ORACLE} | program)))


def whole(**program: Any) -> Any:
    """The same, all rounds of which are run: of fewer circuits each."""
    return loaded(top(**({"repeats": 4, "top": 1, "oracle": ORACLE} | program)))


def test_exact_runs_are_the_closed_form() -> None:
    """Of circuits as of numbers: the round after the one that finds the largest changes nothing, and later ones say
    nothing any more."""
    model, other = settled(repeats=3), whole(repeats=3)
    wanted, full = model.readout.closed_form(model), other.readout.closed_form(other)
    assert [one.pop("rounds") for one in wanted.values["rows"]] == [1, 2]
    assert wanted.values["rows"] == full.values["rows"]
    assert wanted.values["output"] == full.values["output"]
    told = full.values["thresholds"]
    assert wanted.values["thresholds"] == {"0": told["0"][:1], "3": told["3"][:2]}
    compiled = qsac.compile(model, "h2", verify=True)
    assert len(compiled.circuits) == 3 * 2 * 2
    found = qsac.run(compiled)
    assert [one.pop("rounds") for one in found.values["rows"]] == [1, 2]
    assert found.values["rows"] == wanted.values["rows"]
    assert found.values["output"] == [pytest.approx(row, abs=1e-9) for row in wanted.values["output"]]
    assert found.values["thresholds"] == wanted.values["thresholds"]
    assert found.success_probability == pytest.approx(wanted.success_probability, abs=1e-9)
    again = qsac.Compiled.parse(compiled.to_json().encode(), "again")
    assert again.plan.described() == compiled.plan.described()


def test_fewer_shots_find_the_same() -> None:
    """A row that settles has what eight rounds have found, most of the time, for less than the shots."""
    model, other = settled(rows=[0, 4], repeats=8), whole(rows=[0, 4], repeats=8)
    best = [one["found"] for one in other.readout.closed_form(other).values["rows"]]
    same = right = taken = ended = 0
    for seed in range(10):
        by_row = [run_by_shots(one, 10, seed).values for one in (model, other)]
        found, wanted = ([one["found"] for one in values["rows"]] for values in by_row)
        same += found == wanted
        right += wanted == best
        taken += by_row[0]["shots_taken"]
        ended += sum(one["rounds"] < 8 for one in by_row[0]["rows"])
    assert right >= 9
    assert same >= 9
    assert ended >= 18
    assert taken <= 0.6 * 10 * 2 * 8 * 10


def test_rounds_that_are_run_are_those_of_the_whole_run() -> None:
    """A circuit's seed is its own: what is left out changes nothing of the others."""
    model = settled()
    found = qsac.run(model, "h2", shots=3, seed=4)
    rounds = {one["row"]: one["rounds"] for one in found.values["rows"]}
    assert found.values["shots_taken"] == 3 * 2 * sum(rounds.values())
    assert set(rounds.values()) - {4}
    # The same circuits by the same seeds, all of them: what each gives is what it gave.
    system = of_type(replace(model.system, settles=False), TopSearch)
    all_of_them = replace(model, system=system)
    wanted = qsac.run(all_of_them, "h2", shots=3, seed=4)
    for row, told in found.values["thresholds"].items():
        assert told == wanted.values["thresholds"][row][: rounds[int(row)]]


def _run(folder: Path | None = None, **options: Any) -> Any:
    kept = {} if folder is None else {"journal": folder}
    return qsac.run(settled(), "h2", shots=3, seed=4, **kept, **options)


def test_runs_that_are_killed_resume(tmp_path: Path) -> None:
    """Killed in the second round a run goes on to the same numbers, and takes no round that has become needless."""
    plain = _run()
    circuits = plain.values["shots_taken"] // 3
    assert 4 < circuits < 16
    pid = os.fork()
    if not pid:
        kept, keep = 0, Journal.keep

        def kill(self: Journal, records: Any) -> None:
            nonlocal kept
            keep(self, records)
            kept += 1
            if kept == 4:  # what is run, and three circuits
                os.kill(os.getpid(), signal.SIGKILL)

        Journal.keep = kill  # type: ignore[method-assign]
        _run(tmp_path)
        os._exit(3)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    told: list[str] = []
    again = _run(tmp_path, announce=told.append)
    assert json.dumps(again.to_dict()) == json.dumps(plain.to_dict())
    assert told == [f"3 results of circuits were in the journal, {circuits - 3} are new"]


def test_the_bound_is_that_of_all_rounds_that_were_run() -> None:
    """Each of them may end the search wrongly; too few shots are told."""
    model = settled(
        schedule="guarantee", rows=[3], top=2, margin=0.5, oracle={"type": "overlap", "degree": 16}, failure=0.02
    )
    system = of_type(model.system, TopSearch)
    ((keys, planned),) = system.search.planned.items()
    assert system.search.failure == 0.02 / 4
    each = missed(planned, keys, 2, loss=system.search.loss, known=2)
    assert 0 < each <= 0.02 / 4
    few, enough = (run_by_shots(model, shots, 5) for shots in (3, max(planned.values())))
    (row,) = enough.values["rows"]
    assert enough.values["missed_bound"] == {"6": pytest.approx(row["rounds"] * each, rel=0.5)}
    assert enough.values["missed_bound"]["6"] <= 0.02
    assert enough.warnings == ()
    assert "its rounds missed with more than 0.02" in few.warnings[0]
    assert model.readout.closed_form(model).values["missed_bound"] == {"6": pytest.approx(4 * each)}


def test_counts_from_elsewhere_may_leave_out_what_is_needless() -> None:
    """A round that ends in the kept keys alone ends a row: later circuits need no counts, earlier ones do."""
    model = settled(rows=[3], repeats=3)
    compiled = qsac.compile(model, "h2", verify=False)
    names = list(compiled.names)
    best = model.readout.closed_form(model).values["rows"][0]["found"][0]
    counts = {}
    for place, (name, circuit) in enumerate(zip(names, compiled.circuits, strict=True)):
        bits = ["0"] * len(circuit.bits)
        for digit, bit in zip(f"{best:03b}", circuit.readouts[0].index_bits, strict=True):
            bits[bit] = digit
        counts[name] = {"".join(bits): 7 + place}
    whole = qsac.interpret(compiled, counts, order="pytket")
    assert [one["found"] for one in whole.values["rows"]] == [[best]]
    kinds = len(names) // 3
    few = qsac.interpret(compiled, {name: counts[name] for name in names[: 2 * kinds]}, order="pytket")
    assert few.values == whole.values
    assert few.values["shots_taken"] == sum(range(7, 7 + 2 * kinds))
    with pytest.raises(InvalidInputError) as caught:
        qsac.interpret(compiled, {name: counts[name] for name in names[:kinds]}, order="pytket")
    assert caught.value.code == "counts.wrong-circuits"


def test_a_row_without_an_index_is_settled() -> None:
    """Where no shot is accepted, nothing changes: the bound says what that is worth."""
    model = settled(rows=[3])
    weights = np.zeros(8)
    seen = {step.name: Outcomes(5.0, 0.0, {"found": 0.0}, Index(weights, weights)) for step in model.plan.circuits[:2]}
    result = model.readout.result(model, seen)
    assert result.values["rows"][0]["rounds"] == 1
    assert result.values["missed_bound"] == {"6": 1.0}


def test_the_field() -> None:
    assert "until" not in loaded(top(until="repeats")).canonical["program"]
    assert loaded(top(until="repeats")).sha256 == loaded(top()).sha256
    model = settled()
    assert model.canonical["program"]["until"] == "settled"
    assert loaded(model.canonical).canonical == model.canonical
    without = top(threshold=0.5, until="settled")
    del without["program"]["top"], without["program"]["repeats"]
    given = [
        (top(until="never"), "field.unknown-choice", "/program/until"),
        (without, "program.unused-field", "/program/until"),
    ]
    for fields, code, pointer in given:
        with pytest.raises(InvalidInputError) as caught:
            loaded(fields)
        assert (caught.value.code, caught.value.pointer) == (code, pointer)
