"""What is worked out classically: tables hold what is of one token, never what mixes tokens.

Each token in turn is changed. A row of a table that is loaded as tokens may change with one token only; what indices
are weighed by holds lengths alone, which a token's phase does not change, nor where all matrices are unitary its
direction.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import qsac
from qsac.families.transformer.affine import copies, has_bias
from qsac.families.transformer.construction import known
from qsac.families.transformer.model import Layer, Model
from qsac.families.transformer.readouts.next_token import NextToken
from qsac.files.numbers import Numbers, as_lists
from qsac.ir.attention import LoadTokens
from qsac.ir.op import Op
from qsac.ir.program import Program
from tests.cases import some
from tests.families.transformer.agreement import FAMILY
from tests.families.transformer.generated import drawn
from tests.families.transformer.models import loaded

FOLDER = Path(__file__).parent.parent.parent / "vectors"
PATHS = sorted(path for name in ("transformer", "transformer-reach") for path in (FOLDER / name).glob("*.json"))
SAME = 1e-12
"""Numbers that differ by less differ by rounding."""


def models() -> Iterator[tuple[str, Model]]:
    yield from ((path.stem, loaded(json.loads(path.read_text())["model"])) for path in PATHS)
    yield from ((model.name, model) for model in FAMILY.examples())
    yield from ((f"drawn-{seed}", loaded(drawn(seed, most=4, width=4))) for seed in range(24))


MODELS = dict(models())


def with_inputs(model: Model, rows: Numbers) -> Model:
    """The same layers and readout on other rows, given as they are: without positions but rotary ones."""
    given: dict[str, Any] = json.loads(json.dumps(model.canonical))
    given["tokens"] = {"type": "inline", "values": as_lists(rows)}
    given["transformer"]["normalise"] = False
    if model.rotary is None:
        given["transformer"]["position"] = {"type": "none"}
    if isinstance(model.readout, NextToken):
        given["readout"] = {
            "type": "next-token",
            "vocabulary": given["readout"]["vocabulary"],
            "positions": list(model.readout.positions),
        }
    return loaded(given)


def programs(model: Model) -> list[Program]:
    return [step.program for step in FAMILY.plan(model).circuits]


def phased(model: Model, *tokens: int) -> Model:
    """With complex rows, some of another phase: no length changes, and every score and sum with these rows does."""
    phases = np.full(model.tokens, 0.3)
    phases[list(tokens)] = 1.1
    return with_inputs(model, model.inputs * np.exp(1j * phases)[:, None])


def turned(model: Model, token: int) -> Model:
    """With another direction of one token."""
    rows = np.array(model.inputs)
    other = np.random.default_rng(token).normal(size=rows.shape[1])
    rows[token] = other * np.linalg.norm(rows[token]) / np.linalg.norm(other)
    return with_inputs(model, rows)


def keeps_lengths(model: Model) -> bool:
    """Whether no length changes with a token's direction."""
    return all(map(_is_unitary, model.layers)) and not any(map(_has_bias, model.layers))


def _is_unitary(layer: Layer) -> bool:
    matrices = [matrix for head in layer.heads for matrix in (head.query, head.key, head.value, head.output)]
    matrices += [copy.matrix for copy in copies(layer, matrices[0].shape[1])]
    return not layer.centre and all(
        matrix.shape[0] == matrix.shape[1] and np.allclose(matrix.conj().T @ matrix, np.eye(len(matrix)), atol=1e-9)
        for matrix in matrices
    )


def _has_bias(layer: Layer) -> bool:
    return has_bias(copies(layer, layer.heads[0].query.shape[1]))


def in_proportion(model: Model) -> bool:
    """Whether all keys are loaded in proportion to the longest one, as a kernel of several terms asks for."""
    return any(sum(c != 0 for c in layer.kernel) > 1 for layer in model.layers) and not keeps_lengths(model)


Changes = list[NDArray[np.bool_]]


def changed_rows(program: Program, other: Program) -> Changes:
    """For each table that an op of a program names, which of its rows differ in another program of the same ops."""
    result = []
    for op, twin in zip(program.ops, other.ops, strict=True):
        assert _bare(op) == _bare(twin)
        for name, named in zip(op.tables, twin.tables, strict=True):
            rows, others = program.tables[name].values, other.tables[named].values
            assert rows.shape == others.shape
            result.append(np.abs(rows - others).reshape(len(rows), -1).max(axis=1) > SAME)
    return result


def _bare(op: Op) -> tuple[object, ...]:
    """An op without the names of its tables, which number what is equal."""
    return (op.name, op.targets, op.controlled_by, op.origin, len(op.tables))


def origins(program: Program) -> list[str]:
    """Where the ops of :func:`changed_rows` are from."""
    return [op.origin for op in program.ops for _ in op.tables]


def mixed(model: Model) -> list[str]:
    """The tables of tokens that have a row of several tokens."""
    tokens = range(model.tokens)
    found = _mixed(phased(model), [phased(model, token) for token in tokens])
    if not in_proportion(model):
        found += _mixed(model, [turned(model, token) for token in tokens])
    return found


def _mixed(model: Model, others: list[Model]) -> list[str]:
    """The tables of tokens with a row that changes in several of these models: one token is another in each of them."""
    found = []
    changed = map(programs, others)
    for program, *twins in zip(programs(model), *changed, strict=True):
        changes = [changed_rows(program, twin) for twin in twins]
        for origin, *of_token in zip(origins(program), *changes, strict=True):
            often = np.sum(of_token, axis=0)
            if origin == "/tokens" and often.max() > 1:
                found.append(f"{program.name}: {often.tolist()}")
    return found


def weighed(model: Model) -> list[str]:
    """The tables of other places that change with a token of which no length changes."""
    pairs = [(phased(model), phased(model, token)) for token in unbiased(model)]
    if keeps_lengths(model):
        pairs += [(model, turned(model, token)) for token in range(model.tokens)]
    found = []
    for one, other in pairs:
        for program, twin in zip(programs(one), programs(other), strict=True):
            changes = zip(origins(program), changed_rows(program, twin), strict=True)
            found += [f"{program.name}: {origin}" for origin, rows in changes if origin != "/tokens" and rows.any()]
    return found


def unbiased(model: Model) -> list[int]:
    """The tokens whose phase changes no length: where a bias is added to a token's own row it does."""
    if not any(map(_has_bias, model.layers)):
        return list(range(model.tokens))
    if len(model.layers) > 1 or not isinstance(model.readout, NextToken):
        return []
    own = {position - 1 for position in model.readout.positions}
    return [token for token in range(model.tokens) if token not in own]


@pytest.mark.parametrize("name", some(MODELS, 5))
def test_rows_given_as_they_are_make_the_same_programs(name: str) -> None:
    model = MODELS[name]
    for program, other in zip(programs(model), programs(with_inputs(model, model.inputs)), strict=True):
        assert program.ops == other.ops
        assert program.tables == other.tables


@pytest.mark.parametrize("name", some(MODELS, 5))
def test_a_row_is_of_one_token(name: str) -> None:
    assert mixed(MODELS[name]) == []


@pytest.mark.parametrize("name", some(MODELS, 5))
def test_every_token_that_is_seen_is_loaded(name: str) -> None:
    """Otherwise nothing could be mixed."""
    model = MODELS[name]
    whole = programs(model)
    seen = 0
    for token in range(model.tokens):
        changes = [
            changed_rows(program, other) for program, other in zip(whole, programs(turned(model, token)), strict=True)
        ]
        seen += any(rows.any() for one in changes for rows in one)
    last = max(model.readout.positions) if isinstance(model.readout, NextToken) else model.tokens
    assert seen == (model.tokens if any(layer.mask == "full" for layer in model.layers) else last)


@pytest.mark.parametrize("name", some(MODELS, 5))
def test_indices_are_weighed_by_lengths_alone(name: str) -> None:
    assert weighed(MODELS[name]) == []


def test_most_models_have_such_tokens() -> None:
    assert sum(bool(unbiased(model)) for model in MODELS.values()) > 0.7 * len(MODELS)
    assert sum(map(keeps_lengths, MODELS.values())) >= 8
    assert sum(map(in_proportion, MODELS.values())) < 0.3 * len(MODELS)


# What breaks the rule


def scores(parts: known.Parts) -> Numbers:
    """Of each head and key."""
    return np.einsum("hce,he->hc", parts.keys, parts.queries.conj())


def answered(parts: known.Parts) -> known.Parts:
    """Sums are worked out, and loaded as one row: the best circuit of any model."""
    return replace(parts, own=parts.own + parts.scale * np.einsum("hc,hcd->d", scores(parts), parts.images))


def folded(parts: known.Parts) -> known.Parts:
    """Scores are worked out, and are in the weights of their keys."""
    lengths = np.abs(scores(parts))
    return replace(parts, values=tuple(row[:, None] * one for row, one in zip(lengths, parts.values, strict=True)))


@pytest.mark.parametrize("name", ["gpt-N8-d4-h1-residual", "gpt-N8-d4-h2-general-all", "gpt-N4-d4-h1-taylor2"])
def test_answers_that_are_loaded_are_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    build = known.parts_of
    monkeypatch.setattr(known, "parts_of", lambda *given: answered(build(*given)))
    assert mixed(MODELS[name])
    assert weighed(MODELS[name])


@pytest.mark.parametrize("name", ["gpt-N8-d4-h1-residual", "gpt-N4-d4-h1-taylor2"])
def test_scores_that_are_folded_are_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    build = known.parts_of
    monkeypatch.setattr(known, "parts_of", lambda *given: folded(build(*given)))
    assert weighed(MODELS[name])


# Barriers


@pytest.mark.parametrize("name", some(MODELS, 5))
def test_loads_of_tokens_carry_a_barrier(name: str) -> None:
    for program in programs(MODELS[name]):
        assert all(fenced(program))
        assert fenced(program)


@pytest.mark.parametrize(
    ("path", "level"),
    some(product(PATHS, range(4)), 9),
    ids=lambda given: given.stem if isinstance(given, Path) else None,
)
def test_passes_keep_barriers(path: Path, level: int) -> None:
    for program in qsac.compile(MODELS[path.stem], "h1", optimisation=level, verify=False).programs:
        assert all(fenced(program))
        assert fenced(program)


def fenced(program: Program) -> list[bool]:
    """Of each op that loads tokens whether it carries a barrier."""
    return [op.barrier for op in program.ops if isinstance(op, LoadTokens) and op.origin == "/tokens"]
