"""Which ops gates are of, as a column: runs, parts, other orders, and back from groups."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsac.native.provenance import Group, Provenance, ids_of, mask_of

MASKS = st.lists(st.integers(0, 7), max_size=30)


def _groups(masks: list[int]) -> tuple[Group, ...]:
    """The groups of gates of these sets, one after the other."""
    groups: list[Group] = []
    for place, mask in enumerate(masks):
        if mask and groups and groups[-1].last == place - 1 and groups[-1].ops == ids_of(mask):
            groups[-1] = groups[-1]._replace(last=place)
        elif mask:
            groups.append(Group(place, place, ids_of(mask)))
    return tuple(groups)


@given(st.sets(st.integers(0, 300)))
def test_a_mask_is_a_set(ids: set[int]) -> None:
    assert ids_of(mask_of(ids)) == tuple(sorted(ids))


@given(MASKS)
def test_gates_one_by_one_in_runs_and_in_groups_are_the_same(masks: list[int]) -> None:
    found = [
        Provenance.of_masks(masks),
        Provenance.of_runs([0, *range(len(masks))], [0, *masks], len(masks)),
        Provenance.of_groups(_groups(masks), len(masks)),
    ]
    for one in found:
        assert one.groups == _groups(masks)
        assert one.masks(len(masks)) == masks
        assert not one.wrong(len(masks), range(3))


@given(MASKS, MASKS, st.randoms())
def test_parts_orders_and_repetitions(masks: list[int], others: list[int], random: object) -> None:
    one, two = Provenance.of_masks(masks), Provenance.of_masks(others)
    joined = Provenance.joined([(one, len(masks)), (Provenance(), 2), (two, len(others))])
    assert joined.masks(len(masks) + 2 + len(others)) == [*masks, 0, 0, *others]
    order = np.random.default_rng(len(masks)).permutation(len(masks))
    assert one.rows(order).masks(len(masks)) == [masks[place] for place in order]
    counts = [place % 3 for place in range(len(masks))]
    repeated = [mask for mask, count in zip(masks, counts, strict=True) for _ in range(count)]
    assert one.repeated(counts).masks(len(repeated)) == repeated


def test_what_is_not_known_stays_so() -> None:
    nothing = Provenance()
    assert nothing.groups == ()
    assert nothing.rows(np.arange(3)).groups == nothing.repeated([1, 2]).groups == ()
    assert nothing.masks(2) == [0, 0]
    assert not nothing.wrong(5, ())


@pytest.mark.parametrize(
    "provenance",
    [
        Provenance(((0,),), np.zeros(3, np.int32)),
        Provenance(((0,),), np.full(2, 1, np.int32)),
        Provenance(((0,),), np.full(2, -1, np.int32)),
        Provenance(((0,),), np.zeros(2)),
        Provenance(((0,), (0,)), np.zeros(2, np.int32)),
        Provenance(((1, 0),), np.zeros(2, np.int32)),
        Provenance(((7,),), np.zeros(2, np.int32)),
    ],
)
def test_what_cannot_be_is_wrong(provenance: Provenance) -> None:
    assert provenance.wrong(2, {0, 1})
