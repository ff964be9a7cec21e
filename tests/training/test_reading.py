"""Configurations: what is read, and that every mistake has its place."""

import json
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qsac.errors import InvalidInputError, QsacError
from qsac.training.json_schema import SCHEMA_FILE, json_schema, json_schema_text
from qsac.training.reading import load
from tests.training.tiny import STATES, WORDS, changed


def test_defaults_are_explicit_and_read_again(tmp_path: Path) -> None:
    config = load(STATES)
    assert config.document["optimiser"] == {
        "type": "adam",
        "rate": 0.02,
        "warm_up": 0.05,
        "schedule": "cosine",
        "continuation": 0,
        "b1": 0.9,
        "b2": 0.999,
    }
    assert config.document["gradient"] == "exact"
    assert config.document["seeds"] == [0]
    path = tmp_path / "other.json"
    path.write_text(json.dumps(config.document), encoding="utf-8")
    again = load(path)
    assert again.document == config.document
    assert again.digest == config.digest
    assert again.name == "tiny"


def test_a_configuration_is_called_after_its_file(tmp_path: Path) -> None:
    path = tmp_path / "some name.json"
    path.write_text(json.dumps(changed(STATES, name=None)), encoding="utf-8")
    assert load(path).name == "some name"
    assert load(changed(STATES, name=None)).name == "trained"


def test_digests_are_of_what_numbers_depend_on() -> None:
    same = [{"name": "x"}, {"seeds": 3}, {"seeds": [4]}, {"checkpoint": {"every": 7}}, {"optimiser": {"type": "adam"}}]
    others: list[dict[str, Any]] = [
        {"epochs": 7},
        {"batch": 9},
        {"precision": "double"},
        {"objective": "loss_a"},
        {"optimiser": {"type": "sgd"}},
        {"validation": {}},
        {"data": STATES["data"] | {"dt": 0.3}},
        {"gradient": {"type": "spsa"}},
    ]
    own = load(STATES).digest
    assert {load(changed(STATES, **change)).digest for change in same} == {own}
    digests = {load(changed(STATES, **change)).digest for change in others}
    assert len(digests | {own}) == len(others) + 1


def test_seeds() -> None:
    assert load(changed(STATES, seeds=3)).seeds == (0, 1, 2)
    assert load(changed(STATES, seeds=[5, 2])).seeds == (5, 2)
    assert load(changed(STATES, seeds=np.array([5, 2]))).seeds == (5, 2)


def test_changes_take_the_place_of_fields() -> None:
    config = load(STATES, {"epochs": 3, "seeds": 2})
    assert (config.fields.epochs, config.seeds) == (3, (0, 1))
    assert load(config, {"epochs": 4}).fields.epochs == 4
    assert load(config) is config


MISTAKES: list[tuple[str, dict[str, Any], str, str]] = [
    ("field.missing", {"data": None}, "", "data"),
    ("field.missing", {"model": None}, "", "model"),
    ("field.unknown", {"epoch": 3}, "/epoch", "epochs"),
    ("field.unknown", {"frequency": 3}, "/frequency", "remove"),
    ("field.out-of-range", {"epochs": 0}, "/epochs", "1 or more"),
    ("field.wrong-type", {"epochs": 2.5}, "/epochs", "whole number"),
    ("field.wrong-type", {"epochs": "3"}, "/epochs", "without quotes"),
    ("field.wrong-type", {"batch": True}, "/batch", "whole number"),
    ("field.unknown-choice", {"precision": "half"}, "/precision", "single"),
    ("field.out-of-range", {"seeds": 0}, "/seeds", "1 or more"),
    ("field.wrong-type", {"seeds": "all"}, "/seeds", "whole number"),
    ("field.wrong-length", {"seeds": []}, "/seeds", "at least 1 item"),
    ("field.out-of-range", {"seeds": [1, -2]}, "/seeds/1", "0 or more"),
    ("train.repeated-seed", {"seeds": [1, 2, 1]}, "/seeds/2", "once"),
    ("field.wrong-type", {"name": 3}, "/name", "text"),
    ("train.invalid-name", {"name": "a/b"}, "/name", "without /"),
    ("field.wrong-type", {"objective": 3}, "/objective", "name such as"),
    ("field.missing", {"objective": {"success_weight": 1}}, "/objective", "type"),
    ("field.out-of-range", {"objective": {"type": "loss", "anneal": 2}}, "/objective/anneal", "at most 1"),
    ("field.wrong-type", {"gradient": "exakt"}, "/gradient", "exact"),
    ("field.unknown-choice", {"gradient": {"type": "shift"}}, "/gradient/type", "parameter-shift"),
    ("field.out-of-range", {"gradient": {"type": "spsa", "shots": 0}}, "/gradient/shots", "1 or more"),
    ("train.noise-without-shots", {"gradient": {"type": "spsa", "noise": True}}, "/gradient/noise", "shots"),
    ("field.wrong-type", {"optimiser": "adam"}, "/optimiser", "object"),
    ("field.missing", {"optimiser": {"rate": 0.1}}, "/optimiser", "natural-gradient"),
    ("field.unknown-choice", {"optimiser": {"type": "adan"}}, "/optimiser/type", "adam"),
    ("field.out-of-range", {"optimiser": {"type": "adam", "rate": 0}}, "/optimiser/rate", "more than 0"),
    ("field.out-of-range", {"optimiser": {"type": "sgd", "warm_up": 1}}, "/optimiser/warm_up", "less|below|at most|<"),
    ("field.unknown", {"optimiser": {"type": "sgd", "b1": 0.9}}, "/optimiser/b1", "only the fields"),
    ("field.unknown", {"optimiser": {"type": "rotosolve", "rate": 1.0}}, "/optimiser/rate", "only the fields"),
    ("train.no-epoch-left", {"optimiser": {"type": "sgd", "continuation": 6}}, "/optimiser/continuation", "fewer"),
    (
        "train.optimiser-needs-closed-form",
        {"optimiser": {"type": "sgd", "continuation": 1}, "gradient": {"type": "spsa"}},
        "/optimiser/continuation",
        "exact",
    ),
    ("field.out-of-range", {"validation": {"share": 1.0}}, "/validation/share", "less|below|at most|<"),
    ("field.out-of-range", {"validation": {"patience": 0}}, "/validation/patience", "1 or more"),
    ("field.out-of-range", {"checkpoint": {"every": 0}}, "/checkpoint/every", "1 or more"),
    ("field.wrong-type", {"compare": "twin"}, "/compare", "list"),
    ("field.wrong-type", {"model": 3}, "/model", "path of a model file"),
    ("train.not-one-family", {"model": {}}, "/model", "attention"),
    ("train.not-one-family", {"model": {"atention": {}}}, "/model", "attention"),
    ("train.not-one-family", {"model": {"attention": {}, "transformer": {}}}, "/model", "one of"),
    ("file.outside-folder", {"model": "../model.json"}, "/model", "without"),
    ("file.missing", {"model": "model.json"}, "/model", "relative"),
    ("field.wrong-type", {"data": 3}, "/data", "object"),
    ("field.missing", {"data": {"sites": 2}}, "/data", "ising"),
    ("field.unknown-choice", {"data": {"type": "isin"}}, "/data/type", "ising"),
    ("field.unknown", {"data": STATES["data"] | {"site": 3}}, "/data/site", "sites"),
    ("field.out-of-range", {"data": STATES["data"] | {"sites": 0}}, "/data/sites", "1 or more"),
    ("train.unknown-version", {"qsac_train": "1"}, "/qsac_train", "1"),
    ("train.newer-version", {"qsac_train": 2}, "/qsac_train", "version 1"),
]


@pytest.mark.parametrize(
    ("code", "changes", "pointer", "words"), MISTAKES, ids=[f"{one[2] or 'whole'} {one[0]}" for one in MISTAKES]
)
def test_every_mistake_has_its_place(
    code: str, changes: dict[str, Any], pointer: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(QsacError) as caught:
        load(changed(STATES, **changes))
    error = caught.value
    assert (error.code, error.pointer) == (code, pointer), str(error)
    assert error.source == "<dict>"
    assert any(word in str(error) for word in words.split("|")), str(error)


@pytest.mark.parametrize(
    ("code", "document"),
    [
        ("json.not-an-object", [1]),
        ("train.no-version", {"model": {}}),
        ("train.other-document", {"qsac": 1}),
        ("train.other-document", {"qsac_artifact": 1}),
    ],
)
def test_other_documents(code: str, document: Any, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(InvalidInputError) as caught:
        load(path)
    assert (caught.value.code, caught.value.source) == (code, str(path))


def test_what_is_no_configuration() -> None:
    with pytest.raises(InvalidInputError, match="path or a dictionary"):
        load(3)  # type: ignore[arg-type]


def test_objectives_are_those_of_the_model() -> None:
    from qsac.training.running import train

    with pytest.raises(InvalidInputError) as caught:
        train(changed(WORDS, objective="loss_a"))
    assert (caught.value.code, caught.value.pointer) == ("train.unknown-objective", "/objective")
    assert "cross_entropy" in str(caught.value)


def test_mistakes_of_a_sketch_have_their_place() -> None:
    model = {"tokens": {"dimension": 4}, "transformer": {"layers": [{"attention": {"heads": 0}}]}}
    with pytest.raises(InvalidInputError) as caught:
        load(changed(WORDS, model=model)).learner(load(WORDS).data(0))
    assert str(caught.value.pointer).startswith("/model/transformer/layers/0")


def test_shipped_schema_is_the_generated_one() -> None:
    shipped = (resources.files("qsac") / "training" / SCHEMA_FILE).read_text(encoding="utf-8")
    command = "python -c \"from qsac.training.json_schema import *; print(json_schema_text(), end='')\""
    assert json.loads(shipped) == json_schema(), f"regenerate it: {command} > {SCHEMA_FILE}"
    assert shipped == json_schema_text()


def test_every_object_of_the_schema_is_closed_and_described() -> None:
    schema = json_schema()
    kinds = [one for name in ("data", "optimiser", "model") for one in schema["properties"][name]["oneOf"]]
    found = [one for one in (schema, *schema["$defs"].values(), *kinds) if one.get("type") == "object"]
    assert len(found) > 20
    for one in found:
        assert one["additionalProperties"] is False, one["title"]
        assert one["description"], one["title"]
