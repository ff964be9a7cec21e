"""Sketches of transformers: what they learn, what they write, and what is refused."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from qsac.errors import InvalidInputError, QsacError
from qsac.families.learning import Given
from qsac.families.transformer.family import FAMILY
from qsac.files.diagnosis import refuse
from tests.families.transformer.models import MISSING
from tests.families.transformer.models import changed as changed_in

WORDS = Given(6, None, labels=("a", "b", "c"))
STATES = Given(5, 4)
REAL_STATES = Given(5, 4, real=True)

SKETCH = {
    "tokens": {"type": "words", "dimension": 4},
    "transformer": {
        "position": {"type": "add"},
        "normalise": True,
        "layers": [
            {
                "attention": {"heads": 2},
                "feed_forward": {"type": "polynomial", "hidden": 6, "coefficients": [0, 1, 0, 1]},
            }
        ],
    },
}
LAYER = "/transformer/layers/0"
ATTENTION = f"{LAYER}/attention"
FEED = f"{LAYER}/feed_forward"


def changed(*changes: tuple[str, Any]) -> dict[str, Any]:
    """The sketch with other values at some places."""
    given = copy.deepcopy(SKETCH)
    for pointer, value in changes:
        given = changed_in(pointer, value, given)
    return given


def learner(given: dict[str, Any], data: Given = WORDS, folder: Path = Path()) -> Any:
    """The learner of a sketch, or the one error that it is refused with."""
    try:
        fields = FAMILY.sketch.model_validate(given)
    except ValidationError as error:
        raise refuse(error, FAMILY.sketch_contract) from None
    return FAMILY.learner(fields, data, folder)


def shapes(made: Any) -> dict[str, tuple[int, ...]]:
    return {name: values.shape for name, values in made.initial(0).items()}


def test_what_is_left_out_is_learned() -> None:
    assert shapes(learner(SKETCH)) == {
        "tokens": (3, 4),
        "position.values": (6, 4),
        **{f"layers.0.heads.{h}.{name}": (2, 4) for h in range(2) for name in ("query", "key", "value")},
        **{f"layers.0.heads.{h}.output": (4, 2) for h in range(2)},
        "layers.0.residual": (2,),
        "layers.0.feed_forward.input": (6, 4),
        "layers.0.feed_forward.bias": (6,),
        "layers.0.feed_forward.output": (4, 6),
        "readout.vocabulary": (3, 4),
    }
    assert learner(SKETCH).facts()[0][1].startswith("168 numbers: embedding 12, positions 24, ")


def test_a_learned_model_is_a_model_file_and_gives_its_numbers_back() -> None:
    made = learner(SKETCH)
    start = made.initial(3)
    model = made.model(start, np.array([0, 1, 2, 0, 1, 2]), "made")
    assert (model.name, model.labels, model.sequence.tolist()) == ("made", ("a", "b", "c"), [0, 1, 2, 0, 1, 2])
    assert model.readout.targets == (1, 2, 0, 1, 2)
    assert model.layers[0].feed_forward.coefficients == (0, 1, 0, 1)
    for name, values in made.trained_of(model).items():
        np.testing.assert_array_equal(values, start[name])
    for name, values in FAMILY.learner_of(model).initial(0).items():
        if name in start:
            np.testing.assert_array_equal(values, start[name])


def test_the_same_seed_draws_the_same_numbers() -> None:
    first, second, other = (learner(SKETCH).initial(seed) for seed in (7, 7, 8))
    for name, values in first.items():
        np.testing.assert_array_equal(values, second[name])
    assert np.abs(first["tokens"] - other["tokens"]).max() > 0.01


CHOICES: list[tuple[list[tuple[str, Any]], dict[str, tuple[int, ...]], list[str]]] = [
    ([("/transformer/position", {"type": "rotary"})], {}, ["position.values"]),
    ([("/transformer/position", {"type": "add", "rows": 9})], {"position.values": (9, 4)}, []),
    ([("/transformer/position", {"type": "add", "values": [[1, 0, 0, 0]] * 6})], {}, ["position.values"]),
    ([(f"{ATTENTION}/heads", 3)], {"layers.0.heads.2.query": (1, 4)}, ["layers.0.heads.3.query"]),
    ([(ATTENTION, {"heads": 2, "size": 3})], {"layers.0.heads.1.output": (4, 3)}, []),
    (
        [(f"{ATTENTION}/heads", [{"size": 3, "value_size": 1}, {"score": "learned", "value": "identity"}])],
        {
            "layers.0.heads.0.query": (3, 4),
            "layers.0.heads.0.output": (4, 1),
            "layers.0.heads.1.score": (4, 4),
            "layers.0.heads.1.output": (4, 4),
        },
        ["layers.0.heads.1.query", "layers.0.heads.1.value"],
    ),
    (
        [(f"{ATTENTION}/heads", [{"query": [[1, 0, 0, 0]] * 3, "output": [[1, 2, 3]] * 4}])],
        {"layers.0.heads.0.key": (3, 4), "layers.0.heads.0.value": (3, 4)},
        ["layers.0.heads.0.query", "layers.0.heads.0.output"],
    ),
    ([(f"{ATTENTION}/kernel", {"type": "polynomial", "degree": 3})], {"layers.0.kernel.coefficients": (4,)}, []),
    (
        [(f"{ATTENTION}/kernel", {"type": "polynomial", "coefficients": [0, 1, 0, 2], "trained": True})],
        {"layers.0.kernel.coefficients": (2,)},
        [],
    ),
    ([(f"{ATTENTION}/kernel", {"type": "polynomial", "coefficients": [0, 1]})], {}, ["layers.0.kernel.coefficients"]),
    ([(f"{LAYER}/residual", [0.9, 0.1])], {}, ["layers.0.residual"]),
    ([(FEED, MISSING)], {}, ["layers.0.feed_forward.input", "layers.0.feed_forward_residual"]),
    (
        [(FEED, {"type": "polynomial", "degree": 3, "bias": "none", "input": "identity"})],
        {"layers.0.feed_forward.coefficients": (3,), "layers.0.feed_forward.output": (4, 4)},
        ["layers.0.feed_forward.bias", "layers.0.feed_forward.input"],
    ),
    (
        [(FEED, {"type": "polynomial", "function": {"name": "gelu", "degree": 2, "range": 1}, "trained": True})],
        {"layers.0.feed_forward.coefficients": (2,)},
        [],
    ),
    (
        [(LAYER, {"feed_forward": {"type": "gated", "hidden": 5}, "feed_forward_residual": "learned"})],
        {
            "layers.0.feed_forward.factors.1.matrix": (5, 4),
            "layers.0.feed_forward.factors.1.bias": (5,),
            "layers.0.feed_forward_residual": (2,),
            "layers.0.heads.0.query": (4, 4),
        },
        ["layers.0.feed_forward.factors.2.matrix"],
    ),
    (
        [(FEED, {"type": "gated", "factors": [{"matrix": "identity", "bias": [1, 1, 1, 1]}, {}, {"bias": "none"}]})],
        {"layers.0.feed_forward.factors.1.bias": (4,), "layers.0.feed_forward.factors.2.matrix": (4, 4)},
        ["layers.0.feed_forward.factors.0.bias", "layers.0.feed_forward.factors.2.bias"],
    ),
    ([("/transformer/complex", True)], {"tokens": (3, 4, 2), "layers.0.residual": (2,)}, []),
    ([("/tokens", {"embedding": [[1, 0], [0, 1], [1, 1]]})], {"readout.vocabulary": (3, 2)}, ["tokens"]),
    ([("/readout", {"type": "next-token", "vocabulary": [[1, 0, 0, 0]] * 3})], {}, ["readout.vocabulary"]),
]


@pytest.mark.parametrize(("changes", "there", "absent"), CHOICES)
def test_choices(changes: list[tuple[str, Any]], there: dict[str, tuple[int, ...]], absent: list[str]) -> None:
    made = learner(changed(*changes))
    found = shapes(made)
    assert {name: found.get(name) for name in there} == there
    assert not set(absent) & set(found)
    start = made.initial(1)
    model = made.model(start, np.array([0, 1, 2, 1, 0, 2]), "made")
    assert np.isfinite(model.outputs).all()
    for name, values in made.trained_of(model).items():
        np.testing.assert_allclose(values, start[name], atol=1e-15)


def test_states_are_read_by_their_fidelity() -> None:
    given = changed(("/tokens", MISSING), ("/transformer/position", {"type": "sinusoidal", "scale": 0.1}))
    made = learner(given, STATES)
    assert made.objectives == ("cross_entropy", "loss")
    assert shapes(made)["layers.0.heads.0.query"] == (2, 4, 2)
    assert shapes(learner(given, REAL_STATES))["layers.0.heads.0.query"] == (2, 4)
    random = np.random.default_rng(0)
    rows = random.normal(size=(5, 4)) + 1j * random.normal(size=(5, 4))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    model = made.model(made.initial(0), rows, "states")
    np.testing.assert_array_equal(model.given_tokens, rows[:-1])
    np.testing.assert_allclose(model.readout.targets, rows[1:], atol=1e-15)


@pytest.mark.parametrize("heads", [2, 4, [{"size": 3}, {"size": 2}], [{"score": "learned"}, {}]])
@pytest.mark.parametrize("is_complex", [False, True])
def test_orthogonal_matrices(heads: Any, is_complex: bool) -> None:
    attention = {"heads": heads, "constraint": "orthogonal", "size": 2 if heads == 2 else 1}
    feed_forward = {"type": "gated", "hidden": 3, "factors": 2, "constraint": "orthogonal"}
    given = changed(
        (LAYER, {"attention": attention, "feed_forward": feed_forward}), ("/transformer/complex", is_complex)
    )
    made = learner(given)
    random = np.random.default_rng(2)
    start = {name: values + random.normal(size=values.shape) for name, values in made.initial(0).items()}
    model = made.model(start, np.array([0, 1, 2, 0, 1, 2]), "made")
    found = model.layers[0].heads
    joint = {name: np.concatenate([getattr(head, name) for head in found]) for name in ("query", "key", "value")}
    joint["output"] = np.concatenate([head.output for head in found], axis=1)
    if heads == [{"score": "learned"}, {}]:
        joint = {"score": found[0].key, "query": found[1].query, "value": joint["value"]}
    joint |= {str(number): factor.matrix for number, factor in enumerate(model.layers[0].feed_forward.factors)}
    for name, matrix in joint.items():
        lesser = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.conj().T
        np.testing.assert_allclose(lesser @ lesser.conj().T, np.eye(len(lesser)), atol=1e-12, err_msg=name)
        assert np.iscomplexobj(matrix) == is_complex
    again = made.model(made.trained_of(model), model.sequence, "made")
    np.testing.assert_allclose(again.outputs, model.outputs, atol=1e-12)


def test_orthogonal_heads_stand_side_by_side() -> None:
    import qsac

    def gates(constraint: str) -> int:
        attention = {"heads": 2, "constraint": constraint}
        feed_forward = {"type": "polynomial", "coefficients": [0, 0.5, 0.35], "constraint": constraint}
        sketch = changed((LAYER, {"attention": attention, "feed_forward": feed_forward}))
        made = learner(sketch)
        model = made.model(made.initial(0), np.array([0, 1, 2, 0]), "made")
        return qsac.compile(model, "h1", verify=False).stats["two_qubit_gates"]

    assert gates("orthogonal") < 0.9 * gates("none")


def test_matrices_from_files(tmp_path: Path) -> None:
    np.save(tmp_path / "embedding.npy", np.eye(3, 4))
    made = learner(changed(("/tokens", {"embedding": {"path": "embedding.npy"}})), WORDS, tmp_path)
    model = made.model(made.initial(0), np.array([0, 1, 2]), "made")
    np.testing.assert_array_equal(model.given_tokens, np.eye(3, 4))


def test_fixed_scales_are_as_long_as_sequences() -> None:
    made = learner(changed((f"{LAYER}/norm", {"scale": [1, 2, 3, 4, 5, 6]})))
    model = made.model(made.initial(0), np.array([0, 1, 2]), "made")
    assert model.layers[0].factors.tolist() == [1, 2, 3]


BIG = 2**40
REFUSED: list[tuple[str, str, list[tuple[str, Any]], Given]] = [
    ("field.missing", "", [("/tokens", MISSING)], WORDS),
    ("field.missing", "/tokens", [("/tokens", {"type": "words"})], WORDS),
    ("train.tokens-for-states", "/tokens", [], STATES),
    ("train.readout-for-other-data", "/readout/type", [("/readout", {"type": "state-fidelity"})], WORDS),
    ("train.sees-target", f"{ATTENTION}/mask", [(f"{ATTENTION}/mask", "full")], WORDS),
    ("train.nothing-to-learn", "/transformer", [(LAYER, "nothing")], STATES),
    ("field.unknown", "/transformer/dimension", [("/transformer/dimension", 8)], WORDS),
    ("field.unknown", f"{ATTENTION}/heads/1/sise", [(f"{ATTENTION}/heads", [{}, {"sise": 2}])], WORDS),
    ("field.out-of-range", f"{ATTENTION}/heads", [(f"{ATTENTION}/heads", 0)], WORDS),
    ("field.out-of-range", f"{ATTENTION}/heads", [(f"{ATTENTION}/heads", BIG)], WORDS),
    ("field.wrong-type", f"{ATTENTION}/heads", [(f"{ATTENTION}/heads", "two")], WORDS),
    ("field.wrong-type", f"{ATTENTION}/heads", [(f"{ATTENTION}/heads", True)], WORDS),
    ("field.unknown-choice", f"{ATTENTION}/constraint", [(f"{ATTENTION}/constraint", "unitary")], WORDS),
    ("field.unknown-choice", f"{ATTENTION}/heads/0/key", [(f"{ATTENTION}/heads", [{"key": "learnt"}])], WORDS),
    ("field.unknown-choice", "/tokens/embedding", [("/tokens/embedding", "drawn")], WORDS),
    ("field.unknown-choice", f"{LAYER}/residual", [(f"{LAYER}/residual", "none")], WORDS),
    ("field.wrong-length", f"{LAYER}/residual", [(f"{LAYER}/residual", [1])], WORDS),
    ("layer.zero", f"{LAYER}/residual", [(f"{LAYER}/residual", [0, 0])], WORDS),
    ("layer.row-norm", f"{LAYER}/norm", [(f"{LAYER}/norm", "layer")], WORDS),
    ("matrix.wrong-shape", f"{ATTENTION}/heads/0/query", [(f"{ATTENTION}/heads", [{"query": [[1, 0]]}])], WORDS),
    (
        "matrix.wrong-shape",
        f"{ATTENTION}/heads/0/key",
        [(f"{ATTENTION}/heads", [{"query": [[1, 0, 0, 0]], "key": "identity"}])],
        WORDS,
    ),
    (
        "head.score-and-query",
        f"{ATTENTION}/heads/0/score",
        [(f"{ATTENTION}/heads", [{"score": "learned", "size": 2}])],
        WORDS,
    ),
    (
        "head.unequal-queries",
        f"{ATTENTION}/kernel",
        [(ATTENTION, {"heads": [{"size": 1}, {}], "kernel": {"type": "softmax-taylor", "degree": 2}})],
        WORDS,
    ),
    (
        "position.odd-dimension",
        f"{ATTENTION}/heads/0",
        [("/transformer/position", {"type": "rotary"}), (f"{ATTENTION}/heads", [{"size": 3}])],
        WORDS,
    ),
    ("matrix.wrong-shape", "/transformer/position/rows", [("/transformer/position/rows", 5)], WORDS),
    ("feed-forward.residual", f"{LAYER}/feed_forward_residual", [(f"{LAYER}/feed_forward_residual", [1, 1])], WORDS),
    (
        "feed-forward.residual",
        f"{LAYER}/feed_forward_residual",
        [(LAYER, {"feed_forward_residual": "learned"})],
        WORDS,
    ),
    ("feed-forward.no-polynomial", FEED, [(f"{FEED}/degree", 2)], WORDS),
    ("feed-forward.no-polynomial", FEED, [(f"{FEED}/coefficients", MISSING)], WORDS),
    ("feed-forward.constant", f"{FEED}/coefficients/0", [(f"{FEED}/coefficients", [1, 1])], WORDS),
    ("feed-forward.zero", f"{FEED}/coefficients", [(f"{FEED}/coefficients", [0, 0])], WORDS),
    ("field.unknown-choice", f"{FEED}/bias", [(f"{FEED}/bias", "zero")], WORDS),
    ("kernel.zero", f"{ATTENTION}/kernel/coefficients", [(f"{ATTENTION}/kernel", "zero kernel")], WORDS),
    ("capacity.array-too-large", f"{FEED}/input", [(f"{FEED}/hidden", BIG)], WORDS),
    ("capacity.array-too-large", f"{ATTENTION}/heads/0/query", [(f"{ATTENTION}/size", BIG)], WORDS),
    ("capacity.array-too-large", "/transformer/position/values", [("/transformer/position/rows", BIG)], WORDS),
    ("capacity.dimension-too-large", "/tokens/dimension", [("/tokens/dimension", BIG)], WORDS),
    ("capacity.degree-too-high", f"{FEED}/degree", [(FEED, {"type": "polynomial", "degree": BIG})], WORDS),
    (
        "capacity.degree-too-high",
        f"{ATTENTION}/kernel/degree",
        [(f"{ATTENTION}/kernel", {"type": "polynomial", "degree": BIG})],
        WORDS,
    ),
    ("capacity.overlaps-too-large", "/transformer", [], Given(5000, None, labels=("a", "b"))),
]


@pytest.mark.parametrize(("code", "pointer", "changes", "data"), REFUSED)
def test_what_is_refused(code: str, pointer: str, changes: list[tuple[str, Any]], data: Given) -> None:
    given = changed(*((place, _SPECIAL.get(str(value), value)) for place, value in changes))
    if data is STATES and changes:
        del given["tokens"]
        given["transformer"]["position"] = {"type": "none"}
    with pytest.raises(QsacError) as raised:
        learner(given, data)
    assert (raised.value.code, raised.value.pointer or "") == (code, pointer)


_SPECIAL = {
    "nothing": {
        "attention": {"heads": [dict.fromkeys(("query", "key", "value", "output"), "identity")]},
        "residual": [0.5, 0.5],
    },
    "zero kernel": {"type": "polynomial", "coefficients": [0, 0]},
}


def test_a_misspelt_choice_is_guessed() -> None:
    with pytest.raises(InvalidInputError, match='did you mean "learned"') as raised:
        learner(changed((f"{ATTENTION}/heads", [{"key": "learnt"}])))
    assert "identity" in (raised.value.wanted or "")


def test_the_schema_of_the_sketch_shows_what_may_be_left_out() -> None:
    schema = FAMILY.sketch.model_json_schema()
    head = schema["$defs"]["HeadSketch"]["properties"]["query"]
    assert head["default"] == "learned"
    assert {"learned", "identity"} <= set(str(head).replace("'", " ").split())
    assert schema["required"] == ["transformer"]
