"""Templates of transformers: matrices that nothing folds have gates that are the same for all numbers."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.families.reading import load, model_of
from qsac.families.registry import family_of
from qsac.native.circuit import KIND, NativeCircuit

FOLDER = Path(__file__).parents[2] / "vectors" / "transformer-reach"

SIZES = {"gated": (4, 4, 4), "polynomial": (2, 6, 4), "wide": (4, 3, 8), "complex": (2, 5, 2)}
"""The dimension of tokens, words, and rows of the feed-forward."""


def model(kind: str, seed: int) -> dict[str, Any]:
    """Three tokens of generic numbers, a residual and a feed-forward, read out over words."""
    dimension, words, rows = SIZES[kind]
    rng = np.random.default_rng(seed)

    def drawn(*shape: int) -> Any:
        values = rng.normal(size=shape) / np.sqrt(shape[-1])
        return values.tolist() if kind != "complex" else np.stack([values, rng.normal(size=shape)], axis=-1).tolist()

    feed_forward: dict[str, Any] = {"type": "polynomial", "input": drawn(rows, dimension), "coefficients": [0, 1, 0, 1]}
    if kind == "gated":
        factors = [{"matrix": drawn(rows, dimension), "bias": drawn(rows)}, {"matrix": drawn(rows, dimension)}]
        feed_forward = {"type": "gated", "factors": factors}
    layer = {
        "attention": {"heads": [{"query": drawn(dimension, dimension), "value": drawn(dimension, dimension)}]},
        "residual": [0.5, 0.5],
        "feed_forward": {**feed_forward, "output": drawn(dimension, rows)},
    }
    return {
        "qsac": 1,
        "name": kind,
        "tokens": {"type": "words", "embedding": drawn(words, dimension), "sequence": [1, 0, 2]},
        "transformer": {"normalise": True, "layers": [layer]},
        "readout": {"type": "next-token", "vocabulary": drawn(words, dimension), "positions": [3]},
    }


def arrays(kind: str, seed: int) -> dict[str, np.ndarray]:
    """The numbers of such a model by the names of a binding."""
    made = model_of(model(kind, seed))
    layer, feed_forward = made.layers[0], made.layers[0].feed_forward  # type: ignore[attr-defined]
    found = {"tokens": made.given_tokens, "readout.vocabulary": made.readout.vocabulary}  # type: ignore[attr-defined]
    found |= {f"layers.0.heads.0.{name}": getattr(layer.heads[0], name) for name in ("query", "value")}
    within = "layers.0.feed_forward"
    if kind == "gated":
        for place, factor in enumerate(feed_forward.factors):
            found[f"{within}.factors.{place}.matrix"] = factor.matrix
        found[f"{within}.factors.0.bias"] = feed_forward.factors[0].bias
    else:
        found[f"{within}.input"] = feed_forward.input
    return {**found, f"{within}.output": feed_forward.output}


def gates(circuit: NativeCircuit) -> int:
    return int((circuit.kind == KIND["ZZPhase"]).sum())


def probabilities(compiled: qsac.Compiled) -> np.ndarray:
    return np.array(qsac.run(compiled).values["predictions"][0]["probabilities"])


@pytest.mark.parametrize("kind", SIZES)
def test_wider_words_are_bound(kind: str) -> None:
    made = qsac.template(model(kind, 1), "h1")
    own, others = made.bind(), [2, 3]
    for seed in others:
        values = arrays(kind, seed)
        bound = made.bind(values.pop("tokens"), values)
        assert bound.verified is not None
        compiled = qsac.compile(model(kind, seed), "h1", verify=False)
        np.testing.assert_allclose(probabilities(bound), probabilities(compiled), rtol=0, atol=1e-9)
        for column in ("kind", "first", "second"):
            assert np.array_equal(getattr(bound.circuits[0], column), getattr(own.circuits[0], column))
        # Passes that look at numbers are left out, and a matrix on three qubits takes 24 in place of 19.
        assert gates(compiled.circuits[0]) <= gates(bound.circuits[0]) <= 1.45 * gates(compiled.circuits[0])
    assert any(op.name == "apply-unitary" and op.barrier for op in made.program.ops)


def test_the_file_of_such_a_template_binds_the_same(tmp_path: Any) -> None:
    made = qsac.template(model("gated", 1), "h1")
    made.save(tmp_path / "gated.qsac-template.json")
    again = qsac.Template.load(tmp_path / "gated.qsac-template.json")
    assert again.bind().to_json() == made.bind().to_json()


def test_where_generic_numbers_have_other_circuits_a_model_stands_for_itself() -> None:
    """The feed-forward undoes the rotation that the heads' values are turned by, as no generic one does."""
    built = load(json.loads((FOLDER / "reach-4-N7-gelu.json").read_text())["model"])
    family = family_of(built)
    ops = [[op.name for op in family.plan(one).circuits[0].program.ops] for one in (built, family.drawn(built))]
    assert ops[0] != ops[1]
    assert qsac.template(built, "h1").bind().verified is not None
