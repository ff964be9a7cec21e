"""What is fuzzed: for each kind of input how examples are drawn, and what they are given to."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.cases import ALL
from tests.fuzz.changes import Pick
from tests.fuzz.contract import Example, Feed

MANY, SOME = 100_000, 10_000
"""Inputs of a kind in `make fuzz`: of those that are only read, and of those that are compiled or simulated."""

LEAST = 12
"""Inputs of a kind that are tried at least."""


@dataclass(frozen=True)
class Kind:
    """A kind of input. ``few`` examples are tried in `make many`, one of ``one_of`` of them in `make test`, ``many`` in
    `make fuzz`; ``make`` makes one from choices. ``shares``: the least share of them that has to come to something, by
    its label. Else it is not the code behind the first checks that is tested."""

    name: str
    few: int
    many: int
    make: Callable[[Pick], Example]
    feed: Feed
    shares: Mapping[str, float]
    one_of: int = 4

    @property
    def tried(self) -> int:
        """How many examples are tried in this run of the tests."""
        return self.few if ALL else max(self.few // self.one_of, LEAST)

    def strategy(self) -> st.SearchStrategy[Example]:
        @st.composite
        def examples(draw: st.DrawFn) -> Example:
            return self.make(lambda count: draw(_below(count)))

        return examples()


@functools.cache
def _below(count: int) -> st.SearchStrategy[int]:
    return st.integers(0, count - 1)


def every_kind() -> dict[str, Kind]:
    """All kinds by name. Imported when asked for: each module brings what it feeds."""
    from tests.fuzz import (
        arrays,
        artifacts,
        commands,
        counts,
        entries,
        hybrid,
        journals,
        machines,
        models,
        plans,
        programs,
        steps,
        templates,
        texts,
        views,
    )

    modules = (
        models,
        arrays,
        machines,
        artifacts,
        templates,
        programs,
        counts,
        journals,
        entries,
        plans,
        commands,
        views,
        steps,
        texts,
        hybrid,
    )
    return {kind.name: kind for module in modules for kind in module.KINDS}
