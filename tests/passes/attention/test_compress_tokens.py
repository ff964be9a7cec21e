"""Tokens of low rank: the same meaning on fewer qubits, with fewer gates."""

from itertools import product

import numpy as np
import pytest

from qsac.compiler.compilation import compile  # noqa: A004
from qsac.families.qsa.metrics import closed_form
from qsac.families.reading import load
from qsac.ir.attention import ApplyUnitary
from qsac.ir.verifier import verify
from qsac.machine.registry import target
from qsac.passes.attention.compress_tokens import CompressTokens
from qsac.pipeline.contract import PassContext
from qsac.runtime.run import run
from tests.cases import some
from tests.passes.attention.test_select_indices import assert_same_probabilities
from tests.pipelines import CASCADES
from tests.programs import build

CONTEXT = PassContext(target("h2"))
KERNELS = (
    {"type": "monomial", "degree": 1},
    {"type": "monomial", "degree": 2},
    {"type": "polynomial", "coefficients": [0.5, -1.0, 0.7]},
    {"type": "softmax-taylor", "degree": 1},
)


def low_rank(seed, *, context, dimension, rank, real, kernel=None, unitary="ansatz", mask="causal"):
    generator = np.random.default_rng([seed, context, dimension, rank])
    parts = [generator.normal(size=(context + 1, rank)) @ generator.normal(size=(rank, dimension)) for _ in range(2)]
    values = parts[0] if real else np.stack(parts, axis=-1)
    rotations = ["ry"] if real else ["rx", "ry", "rz"]
    drawn = {"init": "normal", "scale": 1.0, "seed": seed}
    ansatz = {"type": "hardware-efficient", "rotations": rotations, "layers": 2, "parameters": drawn}
    forms = {"ansatz": ansatz, "identity": {"type": "identity"}}
    return load(
        {
            "qsac": 1,
            "tokens": {"type": "inline", "values": values.tolist()},
            "attention": {
                "type": "overlap",
                "mask": mask,
                "kernel": kernel or KERNELS[0],
                "value": forms[unitary],
                "score": forms[unitary],
            },
        }
    )


SHAPES = [(3, 8, 1), (3, 16, 4), (5, 8, 2), (4, 16, 16), (7, 6, 3), (1, 8, 8), (4, 4, 4), (6, 5, 5)]


@pytest.mark.parametrize(
    ("shape", "real", "unitary", "kernel"), some(product(SHAPES, [True, False], ["identity", "ansatz"], KERNELS), 5)
)
def test_the_meaning_is_unchanged(shape, real, unitary, kernel):
    context, dimension, rank = shape
    mask = "full" if rank == 2 else "causal"
    model = low_rank(
        0, context=context, dimension=dimension, rank=rank, real=real, kernel=kernel, unitary=unitary, mask=mask
    )
    program = build(model)
    after = CompressTokens().apply(program, CONTEXT)
    # Tokens of complex numbers are of two parts of that rank each.
    span = min(rank if real else 2 * rank, context + 1, dimension)
    if (span - 1).bit_length() == (dimension - 1).bit_length():
        assert after == program
    elif unitary == "identity":
        assert after != program
    verify(after)
    assert_same_probabilities(program, after)
    metrics = closed_form(model)
    found = run(compile(model, "statevector", passes=CASCADES, verify=False)).metrics
    for name in ("fidelity", "token_fidelity", "cross_entropy"):
        assert found[name] == pytest.approx(metrics[name], abs=1e-9)


@pytest.mark.parametrize(
    ("context", "dimension", "rank", "sizes"),
    [(8, 64, 64, (4, 3)), (8, 16, 3, (2, 2)), (16, 32, 5, (3, 3)), (7, 64, 64, (3, 3)), (4, 8, 1, (1, 1))],
)
def test_registers_are_as_large_as_the_span(context, dimension, rank, sizes):
    model = low_rank(1, context=context, dimension=dimension, rank=rank, real=True, unitary="identity")
    after = CompressTokens().apply(build(model), CONTEXT)
    found = {register.name: register.size for register in after.registers}
    assert (found["value"], found["score[0]"]) == sizes
    assert all(table.real for table in after.tables.values())


def test_unitaries_are_folded_where_the_span_stays_small():
    model = low_rank(2, context=4, dimension=64, rank=64, real=False)
    after = CompressTokens().apply(build(model), CONTEXT)
    assert not any(isinstance(op, ApplyUnitary) for op in after.ops)
    small, large = compile(model, "h2"), compile(model, "h2", optimisation=1, verify=False)
    assert small.stats["two_qubit_gates"] < large.stats["two_qubit_gates"] / 4
    assert small.stats["qubits"] == large.stats["qubits"] - 3


def test_tokens_of_full_rank_are_left_alone():
    program = build(low_rank(3, context=16, dimension=8, rank=8, real=True))
    assert CompressTokens().apply(program, CONTEXT) == program


@pytest.mark.parametrize("seed", range(3))
def test_the_rank_is_that_of_the_numbers_not_of_their_rounding(seed):
    model = low_rank(seed, context=16, dimension=16, rank=3, real=True, unitary="identity")
    nearly = model.tokens + 1e-6 * np.random.default_rng(seed).normal(size=model.tokens.shape)
    program = build(model)
    assert CompressTokens().apply(program, CONTEXT) != program
    inline = {"type": "inline", "values": nearly.tolist()}
    attention = {"type": "overlap", "kernel": KERNELS[0], "value": {"type": "identity"}, "score": {"type": "identity"}}
    program = build(load({"qsac": 1, "tokens": inline, "attention": attention}))
    assert CompressTokens().apply(program, CONTEXT) == program
