"""What holds of every family that is found, qsac's own and another package's."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.artifact.compiled import Compiled
from qsac.cli.main import run
from qsac.compiler.estimation import built_counts
from qsac.compiler.options import Options
from qsac.errors import InvalidInputError
from qsac.families import registry
from qsac.families.contract import Family, Model, Result
from qsac.families.outcomes import Outcomes
from qsac.families.reading import load
from qsac.machine.registry import target
from qsac.native.circuit import KIND
from qsac.simulation.statevector import simulate
from qsac.simulation.verification import TOLERANCE, compare, expected_outcomes, of_circuit, of_program
from tests.cases import ALL, some

FAMILIES = ("attention", "program", "steps", "transformer", "contrast")
LEVELS = (0, 1, 2)

pytestmark = pytest.mark.usefixtures("contrast")


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> Family:
    return registry.family(request.param)


def test_all_families_are_tested_here() -> None:
    assert registry.sections() == FAMILIES
    assert all(registry.family(section).section == section for section in FAMILIES)


def examples(family: Family) -> Iterator[Model]:
    found = list(family.examples())
    assert len(found) > 1
    assert {example.readout.type for example in found} == set(family.readouts)
    return iter(found)


def telling(family: Family) -> list[Model]:
    """An example of each readout, and one in four of the others; all of them in `make many`."""
    found = list(examples(family))
    first = {model.readout.type: place for place, model in reversed(list(enumerate(found)))}
    return [model for place, model in enumerate(found) if ALL or place % 4 == 0 or place in first.values()]


@cache
def compiled_for_h2(section: str) -> dict[str, Compiled]:
    """The examples of a family by their names, compiled and verified: nothing below changes them."""
    found = {model.name: qsac.compile(model, "h2") for model in examples(registry.family(section))}
    assert all(compiled.verified is not None for compiled in found.values())
    return found


def agree(found: Outcomes, wanted: Outcomes) -> None:
    for name, one, other in compare(found, wanted):
        assert one == pytest.approx(other, rel=TOLERANCE, abs=1e-12), name


def test_models_read_back_byte_for_byte(family: Family) -> None:
    for model in examples(family):
        assert model.section == family.section in model.canonical
        again = load(json.loads(json.dumps(model.canonical)))
        assert again.canonical == model.canonical
        assert again.sha256 == model.sha256
        assert again == model


@pytest.mark.parametrize(("machine", "level"), some(product(["ibm-fez", "h2", "statevector"], LEVELS), 4))
@pytest.mark.usefixtures("short_search")
def test_three_answers_agree(family: Family, machine: str, level: int) -> None:
    for model in examples(family):
        compiled = qsac.compile(model, machine, optimisation=level, verify=False)
        expected, plan = model.readout.expected(model), family.plan(model)
        assert [step.name for step in plan.circuits] == list(expected) == list(compiled.names)
        for step, circuit, program, subnormalisation in zip(
            plan.circuits, compiled.circuits, compiled.programs, compiled.subnormalisations, strict=True
        ):
            # A pass may trade success for gates; none succeeds more often than what was built, but for rounding.
            built = step.program.subnormalisation
            assert subnormalisation > built * (1 - 1e-12)
            assert (
                tuple(readout.metric for readout in circuit.readouts)
                == step.reads
                == tuple(expected[step.name].success)
            )
            index = expected[step.name].index
            assert (0 if index is None else len(index.marginal).bit_length() - 1) == step.index
            wanted = of_circuit(expected[step.name], subnormalisation)
            agree(of_program(step.program), of_circuit(expected[step.name], built))
            agree(of_program(program), wanted)
            agree(simulate(circuit), wanted)


def test_exact_runs_are_the_closed_form(family: Family) -> None:
    for model in examples(family):
        compiled = compiled_for_h2(family.section)[model.name]
        found, wanted, closed = qsac.run(compiled), exact(family, compiled), model.readout.closed_form(model)
        assert closed.target is None
        assert found.metrics.keys() == wanted.metrics.keys() == closed.metrics.keys()
        assert list(found.values) == list(wanted.values)
        # A closed form may say more than a run: what no circuit is there for.
        assert set(found.values) <= set(closed.values)
        _agree(found, wanted)
        if all(value == pytest.approx(1, rel=1e-9) for value in compiled.subnormalisations):
            _agree(found, closed)
        rows = list(model.readout.rows(model, found))
        assert len(rows) == model.readout.row_count(model, found) > 0


def exact(family: Family, compiled: Compiled) -> Result:
    """The exact result of a model's circuits by the closed form: they may succeed by another share than the model's."""
    outcomes = expected_outcomes(compiled.model, compiled.subnormalisations)
    found: Result = compiled.model.readout.result(compiled.model, family.plan(compiled.model).run(outcomes))
    return found


def _agree(found: Result, wanted: Result) -> None:
    for name, value in wanted.metrics.items():
        assert found.metrics[name] == (None if value is None else pytest.approx(value, abs=1e-9)), name
    assert _numbers(found.values) == pytest.approx(_numbers(_as_said(found.values, wanted.values)), abs=1e-9)


def _as_said(found: Any, wanted: Any) -> Any:
    """Of what is wanted the fields that are found."""
    if isinstance(found, dict):
        return {name: _as_said(value, wanted[name]) for name, value in found.items()}
    if isinstance(found, list):
        return [_as_said(one, other) for one, other in zip(found, wanted, strict=True)]
    return wanted


def _numbers(content: Any) -> list[float]:
    """All numbers of nested content, in order; -1 where there is none."""
    if isinstance(content, dict):
        content = list(content.values())
    if isinstance(content, list):
        return [number for part in content for number in _numbers(part)]
    return [-1.0 if content is None else float(content)] if not isinstance(content, str) else []


def test_shots_come_near(family: Family) -> None:
    """Six standard errors: by chance one of 10^9 values is farther."""
    compared = 0
    for model in examples(family):
        compiled = compiled_for_h2(family.section)[model.name]
        wanted = exact(family, compiled)
        for machine in ("h2", "statevector"):
            found = qsac.run(compiled, machine, shots=2000, seed=1)
            assert found.shots == 2000
            for name, error in found.standard_errors.items():
                if error and wanted.metrics[name] is not None:
                    assert abs((found.metrics[name] or 0) - (wanted.metrics[name] or 0)) < 6 * error + 1e-9, name
                    compared += 1
    assert compared > 5


def test_noise_is_simulated(family: Family) -> None:
    for model in list(examples(family))[:2]:
        compiled = compiled_for_h2(family.section)[model.name]
        found = qsac.run(compiled, shots=500, noise=True)
        assert found.noise
        assert found.shots == 500
        if model.readout.corrected:
            corrected = qsac.run(compiled, shots=500, noise=True, mitigate=True)
            assert corrected.mitigated
            assert corrected.metrics.keys() == found.metrics.keys()
        if model.readout.precise is not None:
            until = qsac.run(compiled, precision=0.3)
            assert (model.readout.reached(until) or 1) <= 0.3


def test_artifacts_stand_alone(family: Family) -> None:
    for model in telling(family):
        compiled = compiled_for_h2(family.section)[model.name]
        again = Compiled.parse(compiled.to_json().encode(), "again")
        assert again.to_json() == compiled.to_json()
        assert qsac.run(again) == qsac.run(compiled)
        report = qsac.verify(again)
        assert report.findings == ()
        assert report.compared == "closed form"


def test_changed_circuits_are_found(family: Family) -> None:
    for model in telling(family):
        compiled = compiled_for_h2(family.section)[model.name]
        for place, circuit in some(enumerate(compiled.circuits), 4):
            turned = np.flatnonzero(circuit.kind == KIND["PhasedX"])
            if not len(turned):
                continue
            document = json.loads(compiled.to_json())
            command = document["circuits"][place]["circuit"]["commands"][int(turned[-1])]
            command["op"]["params"][0] = repr(float(command["op"]["params"][0]) + 0.3)
            from qsac.checking.sealed import check, resealed

            report = check(resealed(json.dumps(document).encode(), "changed").encode(), "changed")
            assert any(finding.pointer.startswith(f"/circuits/{place}") for finding in report.findings)


def test_generic_counts_are_those_of_a_drawn_model(family: Family) -> None:
    for model in examples(family):
        sizes = {name: extent.own for name, extent in family.sizes(model).items()}
        generic = family.generic(model, sizes)
        own = family.plan(model)
        assert [(step.name, step.reads, step.index) for step in generic.circuits] == [
            (step.name, step.reads, step.index) for step in own.circuits
        ]
        from qsac.compiler.estimation import _Counted
        from qsac.counting.stats import together

        machine, options = target("h2"), Options()
        counted = together([_Counted(machine, options, step.program).of_shape for step in generic.circuits])
        drawn = built_counts(family.drawn(model, sizes), machine, options)
        for name in ("qubits", "two_qubit_gates", "measurements", "resets"):
            assert counted[name] == drawn[name], (model.name, name)


def test_parameters_are_bound(family: Family) -> None:
    bound, refused = 0, set()
    for model in telling(family):
        try:
            made = qsac.template(model, "h2")
        except InvalidInputError as error:
            refused.add(error.code)
            continue
        own = qsac.run(made.bind())
        for name, parameter in family.parameters(model).items():
            values = _values(parameter.shape, name)
            try:
                compiled = made.bind(tokens=values) if name == "tokens" else made.bind(parameters={name: values})
            except InvalidInputError as error:
                refused.add(error.code)
                continue
            assert compiled.verified is not None
            assert compiled.model.sha256 != model.sha256
            assert qsac.run(compiled).metrics.keys() == own.metrics.keys()
            bound += 1
        with pytest.raises(InvalidInputError) as caught:
            made.bind(parameters={"no such": 1})
        assert caught.value.pointer == "/parameters/no such"
        file = json.loads("".join(_parts(made)))
        assert family.section in file["model"]
    assert bound > 2
    assert refused <= {"template.unfolded-matrix", "template.other-circuits"}


def _parts(made: Any) -> Any:
    from qsac.templates.file import parts

    return parts(made)


def _values(shape: tuple[int, ...], name: str) -> Any:
    """Other numbers for a parameter: for a matrix a unitary one, for an embedding an isometry; the first word for
    tokens that are words."""
    if name == "embedding":
        return np.linalg.qr(np.random.default_rng(3).uniform(0.2, 1.0, shape))[0].tolist()
    if name == "tokens" and len(shape) == 1:
        return [0] * shape[0]
    if name in ("value", "score") and len(shape) == 2:
        return np.eye(*shape).tolist()
    return np.random.default_rng(3).uniform(0.2, 1.0, shape).tolist()


def test_a_broken_field_is_named(family: Family) -> None:
    (model, *_) = examples(family)
    for change, pointer in (
        ({family.section: 3}, f"/{family.section}"),
        ({"nonsense": 1}, "/nonsense"),
        ({"name": 7}, "/name"),
    ):
        with pytest.raises(InvalidInputError) as caught:
            load(copy.deepcopy(model.canonical) | change)
        assert caught.value.pointer == pointer


def test_two_sections_are_refused() -> None:
    (one, *_), (other, *_) = (list(registry.family(section).examples()) for section in ("attention", "contrast"))
    with pytest.raises(InvalidInputError, match="sections of several families") as caught:
        load({**one.canonical, **other.canonical})
    assert caught.value.pointer == "/contrast"


@pytest.mark.parametrize("section", FAMILIES)
def test_the_schema_takes_the_examples(section: str) -> None:
    family = registry.family(section)
    for model in examples(family):
        assert family.fields.model_validate(json.loads(json.dumps(model.canonical)))


def test_commands(
    family: Family, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (model, *_) = examples(family)
    (tmp_path / "model.json").write_text(json.dumps(model.canonical))
    assert run(["check", "model.json", "--metrics"]) == 0
    assert run(["check", "model.json", "--metrics", "--json"]) == 0
    printed = capsys.readouterr().out
    checked = json.loads(printed[printed.index("{\n") :])
    assert checked["target"] is None
    assert run(["compile", "model.json", "-v"]) == 0
    assert run(["run", "model.qsac.json"]) == 0
    assert run(["run", "model.qsac.json", "--shots", "100", "--noise"]) == 0
    assert run(["verify", "model.qsac.json"]) == 0
    assert run(["estimate", "model.json"]) == 0
    assert run(["compile", "model.json", "--template"]) == 0
    assert run(["bind", "model.qsac-template.json", "-o", "bound.qsac.json"]) == 0
    capsys.readouterr()
    assert run(["run", "bound.qsac.json", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["metrics"] == pytest.approx(checked["metrics"], abs=1e-9)
