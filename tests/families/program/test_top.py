"""The keys of the largest scores, by rounds whose threshold rises."""

import copy
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.errors import InvalidInputError, of_type
from qsac.families.contract import CircuitStep, ClassicalStep
from qsac.families.outcomes import Index, Outcomes
from qsac.families.program.family import FAMILY
from qsac.families.program.search.top import TopSearch
from qsac.families.repeats import Repeat
from qsac.machine.registry import target
from qsac.simulation.statevector import simulate
from qsac.simulation.verification import compare, of_circuit, of_program
from qsac.sweeps.journal import Journal
from qsac.templates.making import Maker
from tests.families.program.models import loaded


def top(tokens: int = 6, dimension: int = 3, seed: int = 1, **program: Any) -> dict[str, Any]:
    """Two rows of six real tokens, of which the two largest scores are sought in two rounds."""
    rows = np.random.default_rng(seed).normal(size=(tokens, dimension)).tolist()
    own = {
        "type": "search",
        "top": 2,
        "repeats": 2,
        "margin": 0.4,
        "mask": "full",
        "rows": [0, 3],
        "schedule": "typical",
        "oracle": {"type": "overlap", "degree": 8},
    } | program
    return {"qsac": 1, "name": "top", "tokens": {"type": "inline", "values": rows}, "program": own}


def _largest(values: Mapping[str, Any], row: int, keys: int, count: int) -> list[int]:
    scores = values["scores"][row][:keys]
    return sorted(range(keys), key=lambda key: (-scores[key], key))[:count]


@pytest.mark.parametrize(
    "program",
    [
        {"part": "re", "mask": "causal", "rows": [2, 5], "herald": False},
        {"top": 1, "repeats": 3, "rows": [4], "schedule": "guarantee", "rest": 0.1},
    ],
)
def test_exact_rounds_find_the_largest(program: dict[str, Any]) -> None:
    """Circuits, closed form and results agree, and are the largest scores."""
    model = loaded(top(**program))
    values = model.readout.closed_form(model).values
    for one in values["rows"]:
        assert one["found"] == _largest(values, one["row"], one["keys"], model.system.top)
    for step in model.plan.circuits:
        wanted = of_circuit(model.expected[step.name], 1.0)
        for name, one, other in compare(of_program(step.program), wanted):
            assert one == pytest.approx(other, rel=1e-9, abs=1e-12), (step.name, name)
    found = qsac.run(qsac.compile(model, "h2", verify=True)).values
    assert found["output"] == [pytest.approx(row, abs=1e-9) for row in values["output"]]
    assert [one["found"] for one in found["rows"]] == [one["found"] for one in values["rows"]]
    assert found["thresholds"] == values["thresholds"]
    again = loaded(model.canonical)
    assert again.canonical == model.canonical


def test_thresholds_follow_what_was_found() -> None:
    """By outcomes that end in one key the next round's circuits have other phases, of the same gates."""
    model = loaded(top(rows=[3]))
    system = of_type(model.system, TopSearch)
    (first,) = {one.name for one in system.circuits if one.round == 0}
    order = _largest(model.readout.closed_form(model).values, 3, 6, 6)
    weights = np.zeros(8)
    weights[order[1]] = 5.0
    seen = Outcomes(5.0, 5.0, {"found": 5.0}, Index(weights, weights, ("", "")), exact=False)
    fed = FAMILY.fed(model, {first: seen})
    left, exact = fed.system.course[3], system.course[3]
    assert order[1] in dict(left[1])
    assert left[1] != exact[1]
    assert fed.system.threshold(1, 3) != system.threshold(1, 3)
    maker = Maker(model, target("h2"), None, 0)
    place = next(at for at, step in enumerate(fed.plan.circuits) if step.name.startswith("repeat-1"))
    bound, other = maker.circuit(fed, place)[0], maker.circuit(model, place)[0]
    assert bound.two_qubit_gates == other.two_qubit_gates

    found = simulate(bound)
    for name, one, wanted in compare(found, of_circuit(fed.expected[bound.name], 1.0)):
        assert one == pytest.approx(wanted, rel=1e-9, abs=1e-12), name
    assert fed.expected[bound.name].given != pytest.approx(model.expected[bound.name].given, abs=1e-4)


def _run(folder: Path | None = None, **options: Any) -> Any:
    return qsac.run(loaded(top()), "h2", shots=4, seed=3, **({} if folder is None else {"journal": folder}), **options)


def test_runs_that_are_killed_resume(tmp_path: Path) -> None:
    """Killed after the first circuit of the second round a run goes on to the same numbers: a record's path has the
    round in it, and the outcomes of the one before."""
    plain = _run()
    pid = os.fork()
    if not pid:
        kept, keep = 0, Journal.keep

        def kill(self: Journal, records: Any) -> None:
            nonlocal kept
            keep(self, records)
            kept += 1
            if kept == 4:  # what is run, both rows of the first round, and one circuit more
                os.kill(os.getpid(), signal.SIGKILL)

        Journal.keep = kill  # type: ignore[method-assign]
        _run(tmp_path)
        os._exit(3)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    told: list[str] = []
    assert _run(tmp_path, announce=told.append).values == plain.values
    assert told == ["3 results of circuits were in the journal, 1 are new"]
    scores = loaded(top()).system.search.scores
    for one in plain.values["rows"]:
        assert one["scores"] == pytest.approx([scores[one["row"]][key] for key in one["found"]], abs=1e-12)


def test_a_repeat_is_written_out() -> None:
    def body(number: int) -> list[CircuitStep | ClassicalStep]:
        return [ClassicalStep(f"loop-{number}-keep", lambda seen, options: {}, 1, (), ())]

    assert [step.name for step in Repeat("loop", 3, body).steps()] == ["loop-0-keep", "loop-1-keep", "loop-2-keep"]
    with pytest.raises(ValueError, match="does not begin"):
        Repeat("other", 1, body).steps()


def _without(name: str, **program: Any) -> dict[str, Any]:
    given = copy.deepcopy(top(**program))
    del given["program"][name]
    return given


def _planned(given: dict[str, Any]) -> Any:
    """The plan of what is read and has a closed form."""
    model = loaded(given)
    assert model.readout.closed_form(model).values["rows"]
    return model.plan


@pytest.mark.parametrize(
    ("given", "code", "pointer"),
    [
        (_without("top", repeats=2), "field.missing", "/program"),
        (top(threshold=0.5), "program.unused-field", "/program/top"),
        (_without("top", threshold=0.5), "program.unused-field", "/program/repeats"),
        (top(top=0), "field.out-of-range", "/program/top"),
        (top(repeats=17), "field.out-of-range", "/program/repeats"),
        (top(index="superposed"), "program.not-compiled", "/program/index"),
        (top(verify="measured"), "program.not-compiled", "/program/verify"),
        (top(strategy="auto"), "program.not-compiled", "/program/strategy"),
        (top(oracle={"type": "table"}), "program.not-compiled", "/program/oracle/type"),
        (top(top=6), "program.not-compiled", "/program/top"),
    ],
)
def test_what_has_no_rounds(given: dict[str, Any], code: str, pointer: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        _planned(given)
    assert (caught.value.code, caught.value.pointer) == (code, pointer)
