"""Names near a name: slips of two letters, other case, and nothing far-fetched."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsac.cli.main import COMMANDS
from qsac.machine.registry import target_names
from qsac.near import near
from qsac.pipeline.registry import pass_names


@pytest.mark.parametrize(
    ("name", "known", "found"),
    [
        ("H2", ["h1", "h2", "helios"], ["h2"]),
        ("hh2", ["h1", "h2", "helios"], ["h2"]),
        ("h3", ["h1", "h2", "helios"], ["h1", "h2"]),
        ("2h", ["h1", "h2", "helios"], ["h2"]),
        ("xy", ["h1", "h2"], []),
        ("std", ["init", "scale", "seed"], []),
        ("ring", ["line", "grid", "pairs"], []),
        ("cols", ["type", "rows", "columns"], ["columns"]),
        ("jbso", ["jobs", "run"], ["jobs"]),
        ("q", ["h1", "h2"], []),
        ("", ["h1"], []),
        ("helois", ["h1", "h2", "helios"], ["helios"]),
        ("compil", ["compile", "Compiler"], ["compile"]),
        ("unitaries", ["fold-unitaries", "route"], ["fold-unitaries"]),
    ],
)
def test_examples(name: str, known: list[str], found: list[str]) -> None:
    assert near(name, known) == found


KNOWN = sorted({*COMMANDS, *target_names(), *pass_names()})
LONG = [name for name in KNOWN if len(name) >= 5]


@given(st.data())
def test_two_slips_and_any_case_are_found(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(LONG))
    slipped = name.upper() if data.draw(st.booleans()) else name
    for _ in range(data.draw(st.integers(0, 2))):
        place = data.draw(st.integers(0, len(slipped) - 2))
        match data.draw(st.sampled_from(["drop", "swap", "add", "change"])):
            case "drop" if len(slipped) > 4:
                slipped = slipped[:place] + slipped[place + 1 :]
            case "swap":
                slipped = slipped[:place] + slipped[place + 1] + slipped[place] + slipped[place + 2 :]
            case "add":
                slipped = slipped[:place] + data.draw(st.sampled_from(string.ascii_letters)) + slipped[place:]
            case _:
                slipped = slipped[:place] + data.draw(st.sampled_from(string.ascii_letters)) + slipped[place + 1 :]
    found = near(slipped, KNOWN, most=len(KNOWN))
    assert found, slipped
    assert near(slipped, [name]) == [name]


@given(st.text(max_size=12), st.lists(st.text(max_size=12), max_size=5))
def test_anything_is_compared(name: str, known: list[str]) -> None:
    found = near(name, known)
    assert set(found) <= set(known)
    assert len(found) <= 3
