"""Tokens that nearly lie in few dimensions: fewer gates, and never more error than allowed."""

from dataclasses import replace
from itertools import product
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsac.compiler.compilation import compile  # noqa: A004
from qsac.counting.formulas import two_qubit_gates
from qsac.families.qsa.metrics import closed_form
from qsac.families.reading import load
from qsac.ir.approximation import infidelity
from qsac.ir.attention import LoadTokens
from qsac.ir.parser import parse_program
from qsac.ir.printer import print_program
from qsac.ir.verifier import verify
from qsac.machine.registry import target
from qsac.passes.attention.truncate_tokens import TruncateTokens
from qsac.pipeline.contract import ErrorLedger, PassContext
from qsac.pipeline.registry import default_pipeline, print_pipeline
from qsac.runtime.run import run
from tests.cases import seeds, some
from tests.pipelines import CASCADES
from tests.programs import build
from tests.shares import Share
from tests.strategies import random_model

MONOMIAL = {"type": "monomial", "degree": 1}
SOFTMAX = {"type": "softmax-taylor", "degree": 2}


def nearly(context, dimension, rank, noise, *, real=True, kernel=MONOMIAL, seed=0, mask="causal"):
    generator = np.random.default_rng([seed, context, dimension, rank])

    def part():
        low = generator.normal(size=(context + 1, rank)) @ generator.normal(size=(rank, dimension))
        return low + noise * generator.normal(size=(context + 1, dimension))

    values = part() if real else np.stack((part(), part()), axis=-1)
    identity = {"type": "identity"}
    attention = {"type": "overlap", "mask": mask, "kernel": kernel, "value": identity, "score": identity}
    return load({"qsac": 1, "tokens": {"type": "inline", "values": values.tolist()}, "attention": attention})


def context(budget):
    return PassContext(target("statevector"), optimisation=3, ledger=ErrorLedger(budget))


def test_the_true_error_is_within_what_is_written_into_the_ledger():
    with Share(0.1) as share:

        @settings(max_examples=60, deadline=None)
        @given(
            st.tuples(st.integers(2, 9), st.sampled_from([3, 4, 8]), st.integers(1, 4)),
            st.sampled_from([1e-4, 0.01, 0.1, 1.0]),
            st.sampled_from([1e-6, 1e-3, 0.03]),
            st.booleans(),
            st.booleans(),
        )
        def holds(shape, noise, budget, real, causal):
            model = nearly(*shape, noise, real=real, mask="causal" if causal else "full")
            program, given_context = build(model), context(budget)
            after = TruncateTokens().apply(program, given_context)
            if not share.saw(bool(given_context.ledger.spent)):
                assert after == program
                return
            verify(after)
            (spent,) = given_context.ledger.spent.values()
            assert [*given_context.ledger.spent] == ["truncate-tokens"]
            assert 0 < spent <= budget
            assert infidelity(after) <= spent + 1e-12
            assert two_qubit_gates(after, "zzphase") < two_qubit_gates(program, "zzphase")
            assert parse_program(print_program(after)) == after

        holds()


def test_the_infidelity_is_against_the_exact_tokens():
    """The values of the truncated program differ from the exact ones as much as its reported infidelity allows."""
    model = nearly(6, 8, 2, 0.05)
    given_context = context(0.05)
    after = TruncateTokens().apply(build(model), given_context)
    found = infidelity(after)
    exact = replace(
        after,
        ops=tuple(replace(op, exact="") if isinstance(op, LoadTokens) else op for op in after.ops),
    )
    assert infidelity(exact) < 1e-14
    assert 0 < found <= given_context.ledger.spent["truncate-tokens"]
    compiled = compile(model, "statevector", optimisation=3, error_budget=0.05, passes="truncate-tokens", verify=False)
    change = run(compiled).metrics["zeta"] - closed_form(model)["zeta"]
    assert 0 < abs(change) <= 2 * sqrt(found)


@pytest.mark.parametrize(("kernel", "real"), some(product([MONOMIAL, SOFTMAX], [True, False]), 3))
def test_few_dimensions_take_few_gates_and_qubits(kernel, real):
    model = nearly(16, 16, 4, 0.01, real=real, kernel=kernel)
    exact = compile(model, "h2", verify=False).stats
    found = compile(model, "h2", optimisation=3, error_budget=1e-2, passes=CASCADES, verify=False).stats
    assert found["two_qubit_gates"] < 0.6 * exact["two_qubit_gates"]
    assert found["qubits"] < exact["qubits"]


@pytest.mark.parametrize("drawn", [seeds(20), seeds(40, 20)], ids=str)
def test_never_more_gates_or_error_than_without(drawn):
    with Share(0.2) as share:
        for seed in drawn:
            model = load(random_model(seed))
            # Exact ladders of small tables are shorter than what takes fewer dimensions.
            exact = compile(model, "statevector", passes=CASCADES, verify=False)
            found = compile(model, "statevector", optimisation=3, error_budget=2e-2, passes=CASCADES, verify=True)
            report = found.stats["error_budget"]
            assert sum(map(sqrt, report["spent"].values())) <= sqrt(2e-2)
            if share.saw(bool(report["spent"])):
                assert found.stats["two_qubit_gates"] < exact.stats["two_qubit_gates"]
                assert report["infidelity"] <= 2e-2
            else:
                assert found.ir == compile(model, "statevector", optimisation=3, passes=CASCADES, verify=False).ir


def test_truncation_and_pruning_share_the_budget():
    """Short trajectories hardly leave a few dimensions; what is left of the budget goes to pruning."""
    tokens = {"type": "tfim", "sites": 3, "context": 16, "dt": 0.05, "coupling": 1.0, "field": 0.8, "seed": 3}
    identity = {"type": "identity"}
    attention = {"type": "overlap", "kernel": MONOMIAL, "value": identity, "score": identity}
    model = load({"qsac": 1, "tokens": tokens | {"initial": "haar"}, "attention": attention})

    def gates(left_out):
        steps = [step for step in default_pipeline(3) if step.name not in ("evolve-tokens", left_out)]
        options = {"optimisation": 3, "error_budget": 1e-2, "passes": print_pipeline(steps)}
        return compile(model, "statevector", verify=False, **options).stats["two_qubit_gates"]

    both = gates("")
    assert both < min(gates("truncate-tokens"), gates("prune-loaders"))
    assert both < 0.3 * compile(model, "statevector", verify=False).stats["two_qubit_gates"]
