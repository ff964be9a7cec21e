"""Plans are read strictly: every mistake has its place, and nothing is made before it is known to fit."""

import json
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.errors import QsacError
from qsac.sweeps import schema
from qsac.sweeps.reading import read
from tests.cli.conftest import SMALL
from tests.machine.test_target_file import GATES_OF
from tests.sweeps.plans import PLAN, changed, written

CONTEXT = {"field": "/tokens/values", "values": [1]}
LEVEL = {"field": "optimisation", "values": [0, 1]}

WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"qsac_sweep": None}, "sweep.no-version", ""),
    ({"qsac_sweep": None, "qsac": 1}, "sweep.other-document", ""),
    ({"qsac_sweep": "1"}, "sweep.unknown-version", "/qsac_sweep"),
    ({"qsac_sweep": 2}, "sweep.newer-version", "/qsac_sweep"),
    ({"name": "../over"}, "sweep.invalid-name", "/name"),
    ({"name": " "}, "sweep.invalid-name", "/name"),
    ({"axis": []}, "field.unknown", "/axis"),
    ({"action": None}, "field.missing", ""),
    ({"action": "compil"}, "field.unknown-choice", "/action"),
    ({"model": None}, "field.missing", ""),
    ({"model": 3}, "field.wrong-type", "/model"),
    ({"model": "missing.json"}, "file.missing", "/model"),
    ({"model": "../model.json"}, "file.outside-folder", "/model"),
    ({"repeat": 0}, "field.out-of-range", "/repeat"),
    ({"axes": [{"values": [1]}]}, "field.missing", "/axes/0"),
    ({"axes": [{"field": "optimisation", "value": [1]}]}, "field.unknown", "/axes/0/value"),
    ({"axes": [LEVEL | {"values": []}]}, "field.wrong-type", "/axes/0/values"),
    ({"axes": [LEVEL | {"values": 3}]}, "field.wrong-type", "/axes/0/values"),
    ({"axes": [LEVEL | {"values": [0, 4]}]}, "field.out-of-range", "/axes/0/values/1"),
    ({"axes": [{"field": "target", "values": ["h2", "h3x"]}], "options": {}}, "target.unknown", "/axes/0/values/1"),
    ({"axes": [{"field": "target", "values": ["h2", "no.json"]}], "options": {}}, "file.missing", "/axes/0/values/1"),
    ({"axes": [{"field": "optimization", "values": [1]}]}, "sweep.no-such-option", "/axes/0/field"),
    ({"axes": [{"field": "shots", "values": [1]}]}, "sweep.no-such-option", "/axes/0/field"),
    ({"options": {"shots": 3}}, "sweep.no-such-option", "/options/shots"),
    ({"options": {"shot": 3}}, "field.unknown", "/options/shot"),
    ({"options": {"target": "h3x"}}, "target.unknown", "/options/target"),
    ({"axes": [{"field": "/token/values", "values": [1]}]}, "sweep.no-such-place", "/axes/0/field"),
    ({"axes": [{"field": "/tokens/values/9", "values": [1]}]}, "sweep.no-such-place", "/axes/0/field"),
    ({"axes": [{"field": "/tokens/type/x", "values": [1]}]}, "sweep.no-such-place", "/axes/0/field"),
    ({"axes": [LEVEL, LEVEL]}, "sweep.set-twice", "/axes/1/field"),
    ({"axes": [CONTEXT, {"field": "/tokens", "values": [1]}]}, "sweep.set-twice", "/axes/1/field"),
    ({"axes": [LEVEL], "options": {"optimisation": 1}}, "sweep.set-twice", "/axes/0/field"),
    ({"axes": [], "options": {"seed": 1}}, "sweep.set-twice", "/repeat"),
    ({"action": "estimate"}, "sweep.no-such-option", "/repeat"),
    ({"repeat": 99_999}, "sweep.too-many-tasks", ""),
]


@pytest.mark.parametrize(("fields", "code", "pointer"), WRONG, ids=[f"{code} {at}" for _, code, at in WRONG])
def test_mistakes_have_their_place(fields: dict[str, Any], code: str, pointer: str, tmp_path: Path) -> None:
    path = written(tmp_path, changed(**fields))
    with pytest.raises(QsacError) as caught:
        read(path)
    assert (caught.value.code, caught.value.pointer or "") == (code, pointer)
    assert str(caught.value.source).startswith(str(tmp_path))


def test_the_product_is_counted_before_it_is_made() -> None:
    axes = [{"field": f"/tokens/{number}", "values": list(range(1000))} for number in range(30)]
    with pytest.raises(qsac.DoesNotFitError, match="too many tasks"):
        read(changed(axes=axes))
    with pytest.raises(qsac.DoesNotFitError, match="too many tasks"):
        read([{}] * 100_001)


@pytest.mark.parametrize("depth", [70, 300, 900, 975, 980, 985, 1000, 100_000])
def test_what_is_nested_too_deeply_is_refused(depth: int, tmp_path: Path) -> None:
    deep = "[" * depth + "]" * depth
    (tmp_path / "model.json").write_text(f'{{"qsac": 1, "x": {deep}}}', encoding="utf-8")
    for model in ('"model.json"', f'{{"x": {deep}}}'):
        (tmp_path / "plan.json").write_text(f'{{"qsac_sweep": 1, "action": "run", "model": {model}}}', encoding="utf-8")
        with pytest.raises(QsacError) as caught:
            qsac.sweep(str(tmp_path / "plan.json"))
        assert caught.value.code == "json.too-deep"
        assert caught.value.source == str(tmp_path / ("model.json" if "json" in model else "plan.json"))


def test_numbers_beyond_double_precision_are_refused(tmp_path: Path) -> None:
    path = Path(written(tmp_path))
    path.write_text(path.read_text(encoding="utf-8").replace("[2, 1]", "[1e400, 1]", 1), encoding="utf-8")
    with pytest.raises(QsacError) as caught:
        read(path)
    assert caught.value.code == "number.not-finite"
    assert str(caught.value.pointer).startswith("/axes/0/values/")


def test_points_come_in_order_and_change_what_they_name() -> None:
    plan = read(
        changed(
            axes=[LEVEL, {"field": "/attention/kernel/degree", "values": [1, 2]}, {"field": "/x~1y", "values": [7]}]
        )
    )
    settings = [plan.settings(place) for place in range(len(plan))]
    assert [(one["optimisation"], one["/attention/kernel/degree"]) for one in settings] == [
        (level, degree) for level in (0, 1) for degree in (1, 2) for _ in range(2)
    ]
    task = plan.task(6)
    assert task["model"]["attention"]["kernel"] == {"type": "monomial", "degree": 2}
    assert task["model"]["x/y"] == 7
    assert task["options"] == {"optimisation": 1, "seed": plan.seed(6)}
    assert task["target"] == "h2"
    assert SMALL["attention"]["kernel"]["degree"] == 1, "the model itself stays as it is"


def test_an_item_of_a_list_can_be_an_axis() -> None:
    plan = read(changed(axes=[{"field": "/tokens/values/1/0", "values": [5]}], repeat=1))
    assert plan.task(0)["model"]["tokens"]["values"] == [[1, 0], [5, 1], [0, 2], [1, 3]]


def test_seeds_and_keys_follow_from_what_a_task_says() -> None:
    plan, wider = read(PLAN), read(changed(repeat=3, axes=[PLAN["axes"][0], LEVEL | {"values": [2, 1, 0]}]))
    assert len(set(plan.keys)) == 12
    assert set(plan.keys) < set(wider.keys), "tasks that were there keep their keys when the grid grows"
    seeds = [plan.seed(place) for place in range(12)]
    assert len(set(seeds)) == 12
    assert all(seed is not None and 0 <= seed < 2**52 for seed in seeds)
    assert read(changed(name="other")).keys == plan.keys
    assert read(changed(options={"target": "h1"})).keys[0] not in plan.keys
    given = read(changed(options={"target": "h2", "seed": 5}, repeat=1))
    assert {given.seed(place) for place in range(6)} == {5}


def test_other_code_has_other_keys_and_the_same_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    before = read(PLAN)
    keys, seeds = before.keys, [before.seed(place) for place in range(12)]
    monkeypatch.setattr("qsac.sweeps.tasks.fingerprint", lambda: "another")
    after = read(PLAN)
    assert not set(after.keys) & set(keys)
    assert [after.seed(place) for place in range(12)] == seeds


def test_a_model_with_files_is_taken_with_what_they_say(tmp_path: Path) -> None:
    np.save(tmp_path / "tokens.npy", np.array(SMALL["tokens"]["values"], dtype=float))
    model = SMALL | {"tokens": {"type": "file", "path": "tokens.npy"}}
    (tmp_path / "model.json").write_text(json.dumps(model), encoding="utf-8")
    path = written(tmp_path, changed(model="model.json", axes=[LEVEL]))
    plan = read(path)
    assert plan.task(0)["model"]["tokens"]["type"] == "inline"
    keys = plan.keys
    assert read(path).keys == keys
    np.save(tmp_path / "tokens.npy", np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert not set(read(path).keys) & set(keys)
    assert qsac.sweep(path).states() == {"done": 4}


def test_a_target_from_a_file_goes_into_the_task(tmp_path: Path) -> None:
    given = {"qsac_target": 1, "name": "mine", "qubits": 12, "gates": GATES_OF["CZ"], "coupling": {"type": "line"}}
    (tmp_path / "mine.json").write_text(json.dumps(given), encoding="utf-8")
    path = written(tmp_path, changed(options={"target": "mine.json"}, axes=[], repeat=1))
    (row,) = qsac.sweep(path)
    assert row.state == "done"
    (tmp_path / "mine.json").write_text("{}", encoding="utf-8")
    with pytest.raises(QsacError, match="version of the target"):
        read(path)


def test_tasks_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text(json.dumps(SMALL), encoding="utf-8")
    tasks: list[dict[str, Any]] = [
        {"action": "estimate", "model": SMALL, "target": "h1"},
        {"action": "run", "model": qsac.load(SMALL), "options": {"shots": np.int64(50), "seed": 3}},
        {"action": "compile", "model": tmp_path / "model.json"},
    ]
    found = qsac.sweep(tasks)
    assert [row.state for row in found] == ["done"] * 3
    results = [row.result or {} for row in found]
    assert results[0] == json.loads(json.dumps(qsac.estimate(SMALL, "h1").to_json()))
    assert results[1] == json.loads(json.dumps(qsac.run(SMALL, shots=50, seed=3).to_dict()))
    seed = found[2].seed
    assert seed is not None
    assert results[2] == json.loads(json.dumps(qsac.compile(SMALL, "h2", seed=seed, verify=False).stats))


@pytest.mark.parametrize(
    ("task", "code", "pointer"),
    [
        (3, "sweep.invalid-task", "/1"),
        ({"action": "run"}, "sweep.invalid-task", "/1"),
        ({"action": "run", "model": SMALL, "shots": 3}, "sweep.invalid-task", "/1"),
        ({"action": "run", "model": SMALL, "options": {"shots": 0}}, "field.out-of-range", "/1/options/shots"),
        ({"action": "run", "model": SMALL, "options": 3}, "field.wrong-type", "/1/options"),
        ({"action": "run", "model": SMALL, "target": "no"}, "target.unknown", "/1/options/target"),
        ({"action": "run", "model": 7}, "option.wrong-type", "/1"),
    ],
)
def test_wrong_tasks(task: Any, code: str, pointer: str) -> None:
    with pytest.raises(QsacError) as caught:
        read([{"action": "run", "model": SMALL}, task])
    assert (caught.value.code, caught.value.pointer) == (code, pointer)


def test_the_shipped_schema_is_the_generated_one() -> None:
    shipped = resources.files("qsac").joinpath("sweeps", schema.SCHEMA_FILE).read_text(encoding="utf-8")
    assert shipped == json.dumps(schema.json_schema(), indent=2) + "\n"
    for one in (schema.json_schema(), *schema.json_schema()["$defs"].values()):
        assert one["additionalProperties"] is False
        assert one["description"]
