"""Words of a text as tokens: the closed form by its definition, circuits, templates and estimates."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.compiler.estimation import built_counts
from qsac.compiler.options import Options
from qsac.errors import InvalidInputError
from qsac.families.qsa.metrics import METRIC_NAMES, closed_form
from qsac.families.registry import family
from qsac.machine.registry import target
from tests.families.qsa.text_agreement import TOLERANCE, of_model
from tests.families.qsa.texts import WORDS, as_json, drawn, embedding, with_heads
from tests.shares import Share


def text_model(text: Any, rows: Any, words: Any = WORDS, **fields: Any) -> dict[str, Any]:
    attention = {"type": "overlap", "kernel": {"type": "monomial", "degree": 1}}
    attention |= {"value": {"type": "identity"}, "score": {"type": "identity"}}
    tokens = {"type": "text", "words": list(words)[: len(rows)], "embedding": as_json(np.asarray(rows)), "text": text}
    return {"qsac": 1, "tokens": tokens, "attention": attention | fields}


def by_definition(model: Any) -> dict[str, float]:
    """The metrics with loops and the embedding alone: A_j is entry y_j of E z_j, which has no sqrt(alpha) in it."""
    E, sequence, d = model.text.embedding, model.text.sequence, model.dimension
    E = np.concatenate((E, np.zeros((len(E), d - E.shape[1]))), axis=1)
    x = [E[word].conj() / np.linalg.norm(E[word]) for word in sequence]
    V, W, T = model.value.matrix(d), model.score.matrix(d), model.context
    A, w = np.zeros(T, dtype=complex), np.zeros(T)
    for j in range(T):
        z = np.zeros(d, dtype=complex)
        for i in range(j + 1 if model.mask == "causal" else T):
            s = np.vdot(x[j], W @ x[i])
            z += sum(c * s**p for p, c in enumerate(model.kernel)) * (V @ x[i])
        A[j], w[j] = (E @ z)[sequence[j + 1]], np.linalg.norm(z)
    phased, total, N = abs(np.sum(np.exp(1j * model.phases) * A)) ** 2, np.sum(w**2), model.pairs
    with np.errstate(divide="ignore"):
        entropy = -np.mean(np.log(np.abs(A) ** 2 / w**2))
    floor = -np.mean([math.log(np.linalg.norm(E[word]) ** 2) for word in sequence[1:]])
    return {
        "fidelity": phased / (T * total),
        "token_fidelity": np.sum(np.abs(A) ** 2) / total,
        "cross_entropy": entropy,
        "excess": entropy - floor,
        "renyi_half": -2 * math.log(np.mean(np.abs(A) / w)),
        "mu": phased / (model.lam * N) ** 2,
        "nu": np.sum(np.abs(A) ** 2) / (model.lam**2 * T * N),
        "zeta": total / (model.lam**2 * T * N),
    }


def test_definitions() -> None:
    with Share(0.7) as share:
        for seed in range(60):
            model: Any = qsac.load(drawn(seed))
            share.saw(model.lengths is not None)
            metrics = closed_form(model)
            assert tuple(name for name in metrics.values if name != "excess") == METRIC_NAMES
            for name, expected in by_definition(model).items():
                if metrics[name] is not None:
                    assert metrics[name] == pytest.approx(expected, rel=1e-9, abs=1e-11), (seed, name)


@pytest.mark.parametrize("seed", range(8))
def test_four_answers_agree(seed: int) -> None:
    given = drawn(seed + 1000, most=4)
    found, circuits = of_model(given, [("h1", 0), ("h2", seed % 4), ("ibm-fez", 1)])
    assert found < TOLERANCE
    assert circuits == 3


@pytest.mark.parametrize("seed", range(6))
def test_they_agree_for_several_heads(seed: int) -> None:
    given = with_heads(seed, most=3)
    found, circuits = of_model(given, [(("h1", "h2")[seed % 2], seed % 4)])
    assert found < TOLERANCE
    assert circuits == 1


def test_texts_of_several_heads_are_of_all_kinds() -> None:
    with Share(0.5) as shifted, Share(0.3) as conjugated, Share(0.5) as by_length:
        for seed in range(6):
            model: Any = qsac.load(with_heads(seed, most=3))
            assert len(model.heads) > 1
            shifted.saw(len({head.key_shift for head in model.heads}) > 1)
            conjugated.saw(any(head.conjugate for head in model.heads))
            by_length.saw(model.lengths is not None)


def test_the_search_for_routes_keeps_the_meaning() -> None:
    given = text_model("a the", embedding(np.random.default_rng(0), 3, 2, True))
    found, circuits = of_model(given, [("ibm-fez", 1), ("ibm-fez", 3)])
    assert found < TOLERANCE
    assert circuits == 2


def test_other_tokens_have_no_excess() -> None:
    inline = text_model("a", np.eye(2)) | {"tokens": {"type": "inline", "values": [[1, 0], [1, 1]]}}
    assert tuple(qsac.run(qsac.compile(inline)).metrics) == METRIC_NAMES


def test_the_floor() -> None:
    """Words that are predicted as well as a measurement can: z_j along the target."""
    rows = np.array([[1.0, 0.0], [0.0, 0.6], [0.0, 0.8]])
    flip = {"type": "matrix", "entries": [[[0, 0], [1, 0]], [[1, 0], [0, 0]]]}
    model: Any = qsac.load(
        text_model("the a the king the", rows, value=flip, mask="full", kernel={"type": "monomial", "degree": 8})
    )
    assert model.floor == pytest.approx(-np.mean(np.log([0.36, 1, 0.64, 1])))
    metrics = closed_form(model)
    assert metrics["excess"] == pytest.approx(0, abs=1e-12)
    assert metrics["cross_entropy"] == pytest.approx(model.floor)


def test_no_excess_without_a_cross_entropy() -> None:
    metrics = closed_form(qsac.load(text_model("a the a", np.eye(2))))
    assert metrics["excess"] is None
    assert any(warning.startswith("excess does not exist") for warning in metrics.warnings)


@pytest.mark.parametrize("rows", [np.eye(3), [[1, 0], [0, 1], [0, 0]]])
def test_words_of_length_one_take_no_qubit(rows: Any) -> None:
    model = qsac.load(text_model("a the a a", np.asarray(rows, dtype=float)))
    assert model.lengths is None
    compiled = qsac.compile(model)
    assert "alpha" not in [register.name for register in compiled.program.registers]
    inline = qsac.compile(
        {**text_model("a", np.eye(2)), "tokens": {"type": "inline", "values": as_json(model.given_tokens)}}
    )
    assert compiled.stats["two_qubit_gates"] == inline.stats["two_qubit_gates"]
    assert "excess" in qsac.run(compiled).metrics


def test_shorter_words_take_one_qubit() -> None:
    rows = embedding(np.random.default_rng(1), 5, 2, True)
    compiled = qsac.compile(text_model("a the king queen and a", rows))
    assert [register.size for register in compiled.program.registers if register.name == "alpha"] == [1]
    assert [readout.success for readout in compiled.program.readouts] == [
        ("value", "alpha", "query"),
        ("value", "alpha"),
    ]
    # Words of equal length need no control: one turn.
    tight = np.concatenate((np.eye(2), np.eye(2))) / math.sqrt(2)
    assert qsac.compile(text_model("a the king queen a", tight)).verified is not None


def test_predictions_are_over_the_words() -> None:
    rng = np.random.default_rng(2)
    for count, width in ((7, 3), (4, 4), (3, 3), (6, 2)):
        rows = embedding(rng, count, width, count == 6)
        given = text_model("a the king the a", rows) | {"readout": {"type": "predict"}}
        model: Any = qsac.load(given)
        x = [rows[word].conj() / np.linalg.norm(rows[word]) for word in model.text.sequence]
        z = sum(np.vdot(x[-1], one) * one for one in x)
        wanted = np.abs(rows @ z) ** 2 / np.vdot(z, z).real
        compiled = qsac.compile(model)
        found = qsac.run(compiled).values["predictions"]
        assert found["words"] == list(WORDS[:count])
        assert found["over"] == "vocabulary"
        np.testing.assert_allclose(found["probabilities"], wanted, atol=1e-10)
        assert sum(found["probabilities"]) == pytest.approx(1)
        assert [label for label, _ in model.readout.rows(model, qsac.run(compiled))] == list(WORDS[:count])
        assert qsac.load(model.canonical) == model


def test_another_vocabulary_can_be_asked_for() -> None:
    rows = embedding(np.random.default_rng(3), 4, 2, True)
    given = text_model("a the king", rows) | {"readout": {"type": "predict", "vocabulary": [[1, 0], [0, 1]]}}
    found = qsac.run(qsac.compile(given)).values["predictions"]
    assert "words" not in found
    assert len(found["probabilities"]) == 2


def test_the_polar_factor_replaces_the_embedding() -> None:
    rows = embedding(np.random.default_rng(4), 6, 3, False)
    near = rows + 1e-9 * np.random.default_rng(5).normal(size=rows.shape)
    model: Any = qsac.load(text_model("a the a", near))
    np.testing.assert_allclose(model.text.states.conj().T @ model.text.states, np.eye(3), atol=1e-15)
    np.testing.assert_allclose(model.text.states.conj(), rows, atol=1e-8)
    assert model.text.canonical["embedding"] == as_json(near)
    assert model.text.weights.sum() == pytest.approx(3, abs=1e-14)


def test_canonical_models_stand_alone(tmp_path: Any) -> None:
    rows = embedding(np.random.default_rng(6), 3, 2, True)
    np.save(tmp_path / "rows.npy", rows)
    (tmp_path / "text.txt").write_text("a the\na king\n")
    given = text_model("", rows)
    given["tokens"] = {
        "type": "text",
        "words": ["the", "a", "king"],
        "embedding": {"path": "rows.npy"},
        "path": "text.txt",
    }
    (tmp_path / "model.json").write_text(json.dumps(given))
    model: Any = qsac.load(tmp_path / "model.json")
    assert model.canonical["tokens"] == {
        "type": "text",
        "words": ["the", "a", "king"],
        "embedding": rows.tolist(),
        "text": "a the a king",
    }
    listed = qsac.load(given | {"tokens": model.canonical["tokens"] | {"text": ["a", "the", "a", "king"]}})
    assert listed == model == qsac.load(model.canonical)


def test_templates_take_other_texts_and_embeddings() -> None:
    rng = np.random.default_rng(7)
    rows, others = (embedding(rng, 6, 3, False) for _ in range(2))
    for readout in ("loss", "predict"):
        given = text_model("a the a king queen", rows, phases="optimal") | {"readout": {"type": readout}}
        made = qsac.template(given)
        assert made.parameters == ("embedding", "phases")
        first = made.bind()
        for tokens, parameters in (
            ("king queen and a a", None),
            (["the", "a", "the", "a", "the"], None),
            ([4, 4, 4, 4, 4], None),
            (None, {"embedding": others}),
            (np.array([0, 1, 2, 3, 4]), {"embedding": as_json(others), "phases": [0.1, 0.2, 0.3, 0.4]}),
        ):
            bound = made.bind(tokens, parameters)
            assert bound.verified is not None
            assert bound.model.text is not None
            assert bound.stats["two_qubit_gates"] == first.stats["two_qubit_gates"]
            fresh = qsac.load(bound.model.canonical)
            assert closed_form(fresh).values == pytest.approx(closed_form(bound.model).values, abs=1e-12)
            assert qsac.verify(bound).findings == ()


def test_a_template_keeps_its_qubit_where_a_text_needs_none() -> None:
    rows = np.array([[1, 0], [0, 0.6], [0, 0.8]])
    made = qsac.template(text_model("the a king", rows))
    bound = made.bind("the the the")
    assert bound.verified is not None
    assert bound.stats["qubits"] == made.bind().stats["qubits"]
    without = qsac.template(text_model("the the the", rows))
    with pytest.raises(InvalidInputError) as caught:
        without.bind("the a king")
    assert caught.value.code == "template.other-circuits"


@pytest.mark.parametrize(
    ("tokens", "parameters", "code"),
    [
        ("a the", None, "template.wrong-shape"),
        ("a the dog", None, "text.unknown-word"),
        ([0, 1, 7], None, "template.wrong-shape"),
        ([0, 1, 0.5], None, "template.wrong-shape"),
        ([[0, 1, 1]], None, "template.wrong-shape"),
        (None, {"embedding": np.eye(3)}, "template.wrong-shape"),
        (None, {"embedding": np.ones((3, 2))}, "embedding.not-an-isometry"),
        (None, {"embedding": [[1, 0], [0, 0], [0, 1]]}, "tokens.zero-token"),
        (None, {"embedding": 1j * np.eye(3, 2)}, "template.complex-tokens"),
        (None, {"vocabulary": np.eye(3, 2)}, "template.unknown-parameter"),
    ],
)
def test_what_cannot_be_bound(tokens: Any, parameters: Any, code: str) -> None:
    made = qsac.template(text_model("a the king", embedding(np.random.default_rng(8), 3, 2, True)))
    with pytest.raises(InvalidInputError) as caught:
        made.bind(tokens, parameters)
    assert caught.value.code == code


def test_estimates_count_what_is_compiled() -> None:
    rng = np.random.default_rng(9)
    attention = family("attention")
    for count, width, text in ((6, 3, "a the king queen and"), (4, 4, "a the king"), (5, 2, "a the")):
        model: Any = qsac.load(text_model(text, embedding(rng, count, width, True)))
        found, compiled = qsac.estimate(model, "h2"), qsac.compile(model, "h2")
        assert found.exact
        for name in ("qubits", "two_qubit_gates", "one_qubit_gates", "measurements"):
            assert found.counts[name] == compiled.stats[name]
        for context in (1, 3, 8, 11):
            sizes = {"context": context, "dimension": width}
            drawn_one = built_counts(attention.drawn(model, sizes), target("h2"), Options())
            assert qsac.estimate(model, "h2", context=context).counts["two_qubit_gates"] == drawn_one["two_qubit_gates"]


def test_shots_and_noise() -> None:
    compiled = qsac.compile(text_model("the a the", [[0.6, 0.0], [0.8, 0.0], [0.0, 1.0]]))
    exact = qsac.run(compiled)
    assert exact.metrics["excess"] is not None
    for options in ({}, {"noise": True}, {"noise": True, "mitigate": True}):
        found = qsac.run(compiled, shots=500, seed=1, **options)
        assert "excess" not in found.metrics
        for name, error in found.standard_errors.items():
            wanted = exact.metrics[name]
            far = 6 if not options else 60
            assert abs((found.metrics[name] or 0) - (wanted or 0)) < far * (error or 0) + 1e-9, (options, name)


def test_an_error_budget_may_be_spent() -> None:
    rng = np.random.default_rng(11)
    model = qsac.load(text_model("a the king queen and saw", embedding(rng, 8, 4, False)))
    compiled = qsac.compile(model, error_budget=0.02)
    assert compiled.verified is not None
    assert compiled.stats["two_qubit_gates"] <= qsac.compile(model).stats["two_qubit_gates"]
