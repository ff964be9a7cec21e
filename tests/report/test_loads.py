"""How tables are loaded is told of each circuit."""

from pathlib import Path

import pytest

import qsac
from tests.pipelines import CASCADES

TFIM = Path(__file__).parents[2] / "docs" / "examples" / "tfim.json"


@pytest.mark.parametrize(
    ("passes", "wanted"),
    [
        ("default", {"ladders_in_pairs": 4, "ladders": 0, "multiplexors": 0, "by_structure": 0}),
        (CASCADES, {"ladders_in_pairs": 0, "ladders": 0, "multiplexors": 4, "by_structure": 0}),
    ],
)
def test_ladders_and_multiplexors(passes: str, wanted: dict[str, int]) -> None:
    compiled = qsac.compile(TFIM, "h2", passes=passes)
    assert compiled.stats["loads"] == wanted
    assert qsac.Compiled.parse(compiled.to_json().encode(), "compiled").stats["loads"] == wanted


def test_each_circuit_has_its_own() -> None:
    """The loads of a transformer stand alone, and its tables are real."""
    grammar = qsac.compile(TFIM.with_name("gpt-grammar.json"), "h2", verify=False)
    counted = [stats["loads"] for stats in grammar.parts_stats]
    assert len(counted) > 1
    assert all(one["ladders_in_pairs"] == one["ladders"] == 0 < one["multiplexors"] for one in counted)
