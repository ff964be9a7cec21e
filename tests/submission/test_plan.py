"""What a job is and costs, whatever its artifact says."""

import json
from dataclasses import replace
from math import inf, nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.errors import CheckFailedError, DoesNotFitError, InvalidInputError
from qsac.machine.registry import target
from qsac.submission import plan as plan_module
from qsac.submission.plan import plan
from qsac.submission.verified import verified_before_submission
from tests.cli.conftest import MODELS
from tests.pipelines import CASCADES
from tests.submission.fake import placed, small


@pytest.fixture(scope="module")
def compiled() -> qsac.Compiled:
    return small()


@pytest.fixture(scope="module")
def routed() -> qsac.Compiled:
    return placed()


FREE = {"unit": "HQC", "fixed": 0, "per_shot": 0, "per_shot_with_resets": 0}


FORGED = [FREE, None, {}, "nothing", {"fixed": nan}, [1]]


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if verification found nothing wrong: what is computed must not depend on it."""
    monkeypatch.setattr(plan_module, "verified_before_submission", lambda *_: True)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("cost", FORGED)
def test_the_cost_is_that_of_the_circuit(cost: Any, compiled: qsac.Compiled) -> None:
    circuit = compiled.circuits[0]
    counts = circuit.one_qubit_gates + 10 * circuit.two_qubit_gates + 5 * circuit.count("Measure")
    found = plan(replace(compiled, stats=compiled.stats | {"cost": cost}), 1000)
    assert found.cost.amount == pytest.approx(5 + 1000 * counts / 5000)
    assert found.cost.highest == pytest.approx(5 + 1000 * (counts + 5 * circuit.count("Reset")) / 5000)
    assert found.cost.highest <= found.ceiling < found.cost.highest + 0.1
    assert (found.vendor, found.machine, found.verified, found.warnings) == ("Quantinuum", "H2-1", True, ())


@pytest.mark.parametrize("cost", FORGED)
def test_a_forged_cost_is_refused(cost: Any, compiled: qsac.Compiled) -> None:
    with pytest.raises(InvalidInputError if cost == FORGED[4] else CheckFailedError) as caught:
        plan(replace(compiled, stats=compiled.stats | {"cost": cost}), 1000)
    assert (caught.value.pointer or "").startswith("/stats/cost")


def test_what_is_honest_is_verified(compiled: qsac.Compiled, routed: qsac.Compiled) -> None:
    found = plan(compiled, 1000)
    assert (found.verified, found.warnings) == (True, ())
    cost = compiled.stats["cost"]
    assert found.cost.amount == pytest.approx(cost["fixed"] + 1000 * cost["per_shot"])
    assert plan(routed, 4000).verified


@pytest.mark.usefixtures("unchecked")
def test_the_cost_of_time(routed: qsac.Compiled) -> None:
    taken = routed.stats["duration"]
    found = plan(replace(routed, stats=routed.stats | {"cost": FREE, "duration": None}), 4000)
    assert found.cost.amount == pytest.approx(2 + 4000 * taken["per_shot"])
    assert found.ceiling == np.ceil(found.cost.highest)
    assert plan(routed, 4000, max_cost=10.5).ceiling == 10
    with pytest.raises(DoesNotFitError, match="limits jobs by whole quantum seconds") as caught:
        plan(routed, 4000, max_cost=found.cost.highest + 1e-6)
    assert caught.value.help is not None
    assert f"--max-cost {found.ceiling:.0f}" in caught.value.help


@pytest.mark.parametrize("shots", [0, -1, True, 1.5, "9", None, 10**9 + 1, pytest.param(10**5000, id="huge")])
def test_shots_that_are_none(shots: Any, compiled: qsac.Compiled) -> None:
    with pytest.raises(InvalidInputError, match="the number of shots is out of range"):
        plan(compiled, shots)


def test_numpys_integers_are_shots(compiled: qsac.Compiled) -> None:
    assert type(plan(compiled, np.int64(5)).shots) is int  # type: ignore[arg-type]  # what users have


@pytest.mark.parametrize("max_cost", [nan, inf, -inf, -1.0, -1e-9, "5"])
def test_a_highest_cost_that_is_none(max_cost: Any, compiled: qsac.Compiled) -> None:
    with pytest.raises(InvalidInputError, match="the highest cost is invalid"):
        plan(compiled, 5, max_cost=max_cost)


def test_limits_are_those_of_the_known_machine(compiled: qsac.Compiled) -> None:
    with pytest.raises(DoesNotFitError, match="the job has too many shots"):
        plan(compiled, 10_001)
    generous = replace(compiled, target=compiled.target | {"max_shots": 10**9})
    with pytest.raises(InvalidInputError, match="describes another machine") as caught:
        plan(generous, 10_001)
    assert caught.value.pointer == "/target/max_shots"


@pytest.mark.parametrize("name", ["statevector", "qulacs", "aer", "helios"])
def test_what_no_jobs_are_submitted_to(name: str) -> None:
    with pytest.raises(InvalidInputError, match=f"no jobs can be submitted to {name}"):
        plan(qsac.compile(MODELS["small"], name, verify=False), 5)


@pytest.mark.parametrize("vendor", ["IBM", "Quantinuum"])
def test_a_machine_of_ones_own_is_not_a_vendors(vendor: str, tmp_path: Path) -> None:
    gates = ["PhasedX", "Rz", "ZZPhase", "Measure", "Reset"]
    described = {"qsac_target": 1, "name": "mine", "vendor": vendor, "qubits": 12, "gates": gates, "cost": "hqc"}
    (tmp_path / "mine.json").write_text(json.dumps(described))
    mine = qsac.compile(MODELS["small"], str(tmp_path / "mine.json"), verify=False)
    with pytest.raises(InvalidInputError, match="a target that this qsac does not know"):
        plan(mine, 5)


def test_a_simulator_that_calls_itself_a_device() -> None:
    compiled = qsac.compile(MODELS["small"], "statevector", verify=False)
    forged = replace(compiled, target=compiled.target | {"vendor": "IBM", "kind": "device", "cost_formula": "hqc"})
    with pytest.raises(InvalidInputError, match="describes another machine"):
        plan(forged, 5)


@pytest.mark.parametrize("durations", [nan, inf, -1.0])
def test_durations_that_are_none(durations: float, routed: qsac.Compiled, monkeypatch: pytest.MonkeyPatch) -> None:
    known = target("ibm-fez")
    assert known.durations is not None
    broken = replace(known, durations=replace(known.durations, job=durations, delay=0.0))
    monkeypatch.setattr(plan_module, "known_target", lambda _: broken)
    with pytest.raises(InvalidInputError, match="it is not known what the job would cost"):
        plan(routed, 1)
    monkeypatch.setattr(plan_module, "known_target", lambda _: replace(known, durations=None))
    with pytest.raises(InvalidInputError, match="it is not known what the job would cost"):
        plan(routed, 1)


@pytest.mark.parametrize("machine", ["", " H2-1", "H2-1\x1b[2J", "../H2", "x" * 65, 5])
def test_a_name_that_no_machine_has(machine: Any, compiled: qsac.Compiled) -> None:
    with pytest.raises(InvalidInputError, match="the name of the machine is invalid"):
        plan(compiled, 5, machine)


def test_another_machine_of_the_vendor(compiled: qsac.Compiled, routed: qsac.Compiled) -> None:
    assert plan(compiled, 5, "H2-1E").machine == "H2-1E"
    assert plan(compiled, 5, "H9-1").cost == plan(compiled, 5).cost
    assert plan(routed, 5, "ibm_new").cost == plan(routed, 5).cost
    with pytest.raises(InvalidInputError, match="a gate that ibm-sherbrooke does not have"):
        plan(routed, 5, "ibm_sherbrooke")
    with pytest.raises(InvalidInputError, match="is not a machine of IBM's"):
        plan(routed, 5, "h2")


def _turned(compiled: qsac.Compiled, place: int, by: float) -> qsac.Compiled:
    angles = compiled.circuits[0].angles.copy()
    angles[place, 0] += by
    return replace(compiled, circuits=(replace(compiled.circuits[0], angles=angles),))


def test_every_wrong_angle_is_found(compiled: qsac.Compiled) -> None:
    places = np.flatnonzero(compiled.circuits[0].kind == 4)
    assert len(places) > 2
    for place in places.tolist():
        with pytest.raises(CheckFailedError, match="the job is not submitted: ") as caught:
            plan(_turned(compiled, place, -0.01 if compiled.circuits[0].angles[place, 0] > 0 else 0.01), 5)
        assert caught.value.pointer == f"/circuits/0/circuit/commands/{place}/op/params/0"
        assert caught.value.wanted == f'"{float(compiled.circuits[0].angles[place, 0])!r}"'


def test_a_circuit_that_disagrees_is_refused_where_its_place_is_not_known(
    compiled: qsac.Compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qsac.checking.numbers.changed_places", lambda *_: [])
    with pytest.raises(
        CheckFailedError, match="the job is not submitted: the circuit disagrees with the model"
    ) as caught:
        plan(_turned(compiled, int(np.flatnonzero(compiled.circuits[0].kind == 4)[0]), -0.01), 5)
    assert caught.value.pointer == "/circuits/0"


@pytest.mark.parametrize("lam", [2.0, 1e300, pytest.param(10**5000, id="huge"), 0, -1.0, nan, None, True, "1"])
def test_results_are_not_scaled_by_what_the_artifact_says(lam: Any, compiled: qsac.Compiled) -> None:
    with pytest.raises((CheckFailedError, InvalidInputError)) as caught:
        plan(replace(compiled, stats=compiled.stats | {"lam": lam}), 5)
    assert caught.value.pointer == "/stats/lam"
    if isinstance(caught.value, CheckFailedError):
        assert caught.value.wanted == f"as it is in the model and its program: {compiled.stats['lam']!r}"
    else:
        assert caught.value.found in ("nan", "an integer of 16610 bits")  # what no artifact can hold


@pytest.mark.parametrize("readout", ["loss", "predict", "overlaps"])
def test_a_program_that_spent_of_its_budget_is_within_it(readout: str) -> None:
    tokens = MODELS["long"]["tokens"] | {"sites": 3, "context": 8}
    model = MODELS["long"] | {"tokens": tokens, "readout": {"type": readout}}
    spent = qsac.compile(model, "h2", optimisation=3, error_budget=0.05, passes=CASCADES, verify=False)
    assert spent.stats["error_budget"]["spent"]
    assert verified_before_submission(spent)
    # The same circuit, said to be more exact than it is.
    report = spent.stats["error_budget"]
    little = report | {"spent": dict.fromkeys(report["spent"], 1e-12)}
    with pytest.raises(CheckFailedError, match="the circuit is further from the model than was spent"):
        verified_before_submission(replace(spent, stats=spent.stats | {"error_budget": little}))
    with pytest.raises(CheckFailedError, match="the model is not that of the program and the circuit"):
        verified_before_submission(replace(spent, stats=spent.stats | {"error_budget": report | {"spent": {}}}))


@pytest.mark.parametrize(
    "spent", [{"a": nan}, {"a": 10**400}, {"a": 1.0}, {"a": -1}, {"a": None}, {"a": True}, "all", 3]
)
def test_a_budget_that_is_none(spent: Any, compiled: qsac.Compiled) -> None:
    whole = compiled.stats["error_budget"] | {"spent": spent}
    for report in (whole, {"spent": spent}):
        with pytest.raises((CheckFailedError, InvalidInputError)) as caught:
            plan(replace(compiled, stats=compiled.stats | {"error_budget": report}), 5)
        place = "/stats/error_budget/spent/a" if report is whole and isinstance(spent, dict) else "/stats/error_budget"
        assert (caught.value.pointer or "").startswith(place)


def test_a_program_too_wide_to_be_interpreted_is_not_called_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    """The circuit is narrow, as it uses qubits again; of what passes have approximated only the distance is known."""
    tokens = MODELS["long"]["tokens"] | {"sites": 3, "context": 8}
    model = MODELS["long"] | {"tokens": tokens}
    spent = qsac.compile(model, "h2", optimisation=3, error_budget=0.05, passes=CASCADES, verify=False)
    monkeypatch.setattr("qsac.ir.interpreter.WIDTH_LIMIT", 3)
    found = plan(spent, 5)
    assert not found.verified
    assert "its program, of which passes approximate parts, is too wide" in found.warnings[0]
    report = spent.stats["error_budget"]
    little = report | {"spent": dict.fromkeys(report["spent"], 1e-12)}
    with pytest.raises(CheckFailedError, match="the circuit is further from the model than was spent"):
        plan(replace(spent, stats=spent.stats | {"error_budget": little}), 5)


@pytest.mark.parametrize("value", [nan, inf, pytest.param(10**5000, id="huge"), {1, 2}, {"a": b"x"}, {None: 1, "a": 2}])
@pytest.mark.parametrize("field", ["stats", "options"])
def test_what_no_artifact_can_hold(field: str, value: Any, compiled: qsac.Compiled) -> None:
    broken = replace(compiled, **{field: getattr(compiled, field) | {"more": value}})
    for act in (lambda: plan(broken, 5), lambda: qsac.verify(broken), broken.to_json):
        with pytest.raises(InvalidInputError, match="the compiled program cannot be written as JSON") as caught:
            act()
        if not (isinstance(value, dict) and None in value):
            assert (caught.value.pointer or "").startswith(f"/{field}/more")


def test_what_is_too_wide_to_be_verified_is_said(compiled: qsac.Compiled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qsac.submission.verified.is_narrow", lambda *_: False)
    found = plan(_turned(compiled, 0, 0.1), 5)
    assert not found.verified
    (warning,) = found.warnings
    assert warning.startswith("the circuit is not verified: ")


def test_shots_that_will_not_succeed_are_said(compiled: qsac.Compiled) -> None:
    assert plan(compiled, 4).warnings == ()  # a third of the shots succeeds, by the closed form
    (warning,) = plan(compiled, 2).warnings
    assert warning == "less than one of 2 shots is expected to succeed, even without noise: 0.67"
