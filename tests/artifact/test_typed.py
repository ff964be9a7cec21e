"""Statistics, options and target of an artifact are of the types that say so, and what is not is named by its place."""

import copy
import json
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import pytest

import qsac
from qsac.artifact.compiled import Compiled
from qsac.artifact.places import Part
from qsac.artifact.typed import check_type
from qsac.errors import InvalidInputError
from qsac.native.statistics import Within
from tests.cli.conftest import SMALL
from tests.fuzz.reseal import resealed


class Inner(TypedDict):
    number: float


class Outer(TypedDict):
    count: Annotated[int, Within(0, 9)]
    word: Literal["a", "b"]
    inner: Inner | None
    pair: Annotated[list[int], Within(2, 2)]
    named: dict[str, list[str]]
    budget: float | Literal["auto"]
    maybe: NotRequired[bool]


GOOD: dict[str, Any] = {
    "count": 3,
    "word": "a",
    "inner": {"number": 1, "another": "field"},
    "pair": [1, 2],
    "named": {"x/y": ["q"]},
    "budget": 0.5,
}


@pytest.mark.parametrize("change", [{}, {"inner": None}, {"budget": "auto"}, {"maybe": True}, {"named": {}}])
def test_what_is_as_the_type_says_passes(change: dict[str, Any]) -> None:
    check_type(Part(GOOD | change, "/stats"), Outer)


@pytest.mark.parametrize(
    ("change", "pointer", "wanted"),
    [
        ({"count": 1.0}, "/stats/count", "a whole number"),
        ({"count": True}, "/stats/count", "a whole number"),
        ({"count": 10}, "/stats/count", "a whole number of at least 0, at most 9"),
        ({"word": "c"}, "/stats/word", '"a" or "b"'),
        ({"inner": {}}, "/stats/inner", "an object with a field 'number'"),
        ({"inner": []}, "/stats/inner", "an object or null"),
        ({"inner": {"number": "1"}}, "/stats/inner/number", "a number"),
        ({"inner": {"number": 10**400}}, "/stats/inner/number", "a number"),
        ({"pair": [1]}, "/stats/pair", "a list of 2"),
        ({"pair": [1, None]}, "/stats/pair/1", "a whole number"),
        ({"pair": {"0": 1}}, "/stats/pair", "a list"),
        ({"named": {"x/y": [[]]}}, "/stats/named/x~1y/0", "a text"),
        ({"named": []}, "/stats/named", "an object"),
        ({"budget": "none"}, "/stats/budget", 'a number or "auto"'),
        ({"budget": False}, "/stats/budget", 'a number or "auto"'),
        ({"maybe": None}, "/stats/maybe", "true or false"),
    ],
)
def test_what_is_not_is_named(change: dict[str, Any], pointer: str, wanted: str) -> None:
    with pytest.raises(InvalidInputError) as raised:
        check_type(Part(GOOD | change, "/stats"), Outer)
    assert (raised.value.code, raised.value.pointer, raised.value.wanted) == ("artifact.damaged", pointer, wanted)


@pytest.mark.parametrize("name", GOOD)
def test_a_required_field_that_is_missing_is_named(name: str) -> None:
    with pytest.raises(InvalidInputError, match=name):
        check_type(Part({key: value for key, value in GOOD.items() if key != name}, "/stats"), Outer)


WORDS = {
    "qsac": 1,
    "name": "two-words",
    "tokens": {"type": "words", "embedding": [[0.9, 0.1], [0.2, 0.8]], "sequence": [0, 1, 0]},
    "transformer": {"normalise": True, "layers": [{"attention": {"heads": [{"score": [[1.0, 0.0], [0.0, 1.0]]}]}}]},
    "readout": {"type": "next-token", "positions": "targets", "vocabulary": [[0.9, 0.1], [0.2, 0.8]]},
}
"""A plan of two circuits, whose family says where shots are lost."""


@pytest.fixture(scope="module")
def documents() -> dict[str, Any]:
    models = {"one": SMALL, "several": WORDS}
    return {
        name: json.loads(qsac.compile(model, "h2", optimisation=1, verify=False).to_json())
        for name, model in models.items()
    }


@pytest.mark.parametrize(
    ("which", "path", "value", "pointer"),
    [
        ("one", ("stats", "depth"), "7", "/stats/depth"),
        ("one", ("stats", "forecast"), {}, "/stats/forecast"),
        ("one", ("stats", "forecast", "cost"), [], "/stats/forecast/cost"),
        ("one", ("stats", "passes", 0, "two_qubit_gates"), [1, 2, 3], "/stats/passes/0/two_qubit_gates"),
        ("one", ("stats", "allocation"), ..., "/stats"),
        ("one", ("stats", "error_budget", "spent"), {"prune-loaders": None}, "/stats/error_budget/spent/prune-loaders"),
        ("one", ("options", "prefer"), "speed", "/options/prefer"),
        ("one", ("options", "seed"), ..., "/options"),
        ("one", ("target", "description"), None, "/target/description"),
        ("one", ("target", "errors"), [], "/target/errors"),
        ("several", ("stats", "circuits"), [], "/stats/circuits"),
        ("several", ("stats", "forecast", "success_probabilities"), [0.5], "/stats/forecast/success_probabilities"),
        ("several", ("stats", "forecast", "lambda"), [], "/stats/forecast/lambda"),
        ("several", ("stats", "forecast", "places", 0, "factor"), [0.5, 0.5, 0.5], "/stats/forecast/places/0/factor"),
        ("several", ("stats", "forecast", "bottleneck"), ..., "/stats/forecast"),
    ],
)
def test_an_artifact_is_refused_where_it_is_wrong(
    which: str, path: tuple[Any, ...], value: Any, pointer: str, documents: dict[str, Any]
) -> None:
    changed = copy.deepcopy(documents[which])
    assert Compiled.parse(json.dumps(resealed(changed)).encode(), "file").specs().qubits
    holder = changed
    for step in path[:-1]:
        holder = holder[step]
    if value is ...:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    with pytest.raises(InvalidInputError) as raised:
        Compiled.parse(json.dumps(resealed(changed)).encode(), "file")
    assert (raised.value.code, raised.value.pointer) == ("artifact.damaged", pointer)
