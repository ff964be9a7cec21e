"""A few inputs of every kind, always the same ones: none may be outside the contract. `make many` tries more,
and `make fuzz` many more."""

from __future__ import annotations

import pytest

from tests.fuzz.contract import Tally
from tests.fuzz.kinds import every_kind
from tests.fuzz.rounds import few

KINDS = every_kind()


def described(tally: Tally) -> str:
    """Every fault with the smallest input that shows it, and the end of its traceback."""
    shown = []
    for fault, count in tally.faults.most_common():
        example, outcome, _ = tally.samples[fault]
        shown.append(f"{count} x {fault}\n{example!r}\n{outcome.detail[-800:]}")
    return "\n\n".join(shown)


@pytest.mark.parametrize("name", KINDS)
def test_no_input_is_outside_the_contract(name: str) -> None:
    kind = KINDS[name]
    tally = few(kind)
    assert not tally.outside, f"{tally.outside} of {tally.inputs} inputs\n\n{described(tally)}"
    assert tally.inputs >= kind.tried / 2, "hypothesis found no more inputs"
    for label, least in kind.shares.items():
        assert tally.labels[label] >= least * tally.inputs, f"too few inputs are {label}: {tally.labels}"
