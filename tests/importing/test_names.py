"""Tables of names: the built-in ones, files, and mistakes with their places."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qsac.errors import InvalidInputError, QsacError
from qsac.importing.names import BUILT_IN, NamedArrays, named_arrays, names_of
from qsac.importing.weights import weights_of
from tests.importing.trained import Arrays, gpt2, torch


def _named(arrays: Arrays, names: Any) -> NamedArrays:
    return named_arrays(weights_of(arrays), names_of(names))


@pytest.mark.parametrize("prefix", ["", "transformer."])
def test_gpt2(prefix: str) -> None:
    arrays = {prefix + name: values for name, values in gpt2(layers=2).items()}
    found = _named(arrays, "gpt2")
    assert found.layers() == 2
    joint = arrays[f"{prefix}h.1.attn.c_attn.weight"]
    for place, part in enumerate(("query", "key", "value")):
        columns = slice(4 * place, 4 * place + 4)
        assert np.array_equal(found.needed(f"layers.{{l}}.{part}", l=1), joint[:, columns].T)
        bias = arrays[f"{prefix}h.1.attn.c_attn.bias"][columns]
        assert np.array_equal(found.needed(f"layers.{{l}}.{part}_bias", l=1), bias)
    assert np.array_equal(found.needed("vocabulary"), arrays[f"{prefix}wte.weight"])
    for part in found.names.sources:
        assert found.get(part, **({"l": 1} if "{l}" in part else {})) is not None, part
    assert set(arrays) - found.used == {name for name in arrays if ".0." in name}


def test_a_head_of_its_own_goes_before_the_embedding() -> None:
    arrays = gpt2() | {"lm_head.weight": np.ones((4, 4))}
    assert np.array_equal(_named(arrays, "gpt2").needed("vocabulary"), np.ones((4, 4)))


@pytest.mark.parametrize("layers", [None, 1, 3])
def test_torch(layers: int | None) -> None:
    arrays = torch(layers=layers)
    found = _named(arrays, "torch")
    assert found.layers() == (layers or 1)
    prefix = "" if layers is None else f"layers.{layers - 1}."
    place = (layers or 1) - 1
    joint = arrays[prefix + "self_attn.in_proj_weight"]
    assert np.array_equal(found.needed("layers.{l}.key", l=place), joint[4:8])
    assert np.array_equal(found.needed("layers.{l}.feed_forward.output", l=place), arrays[prefix + "linear2.weight"])


def test_a_file_changes_a_built_in_table(tmp_path: Path) -> None:
    table = {
        "like": "torch",
        "norms": "before",
        "activation": "gelu",
        "prefixes": ["model."],
        "arrays": {
            "embedding": "tokens",
            "layers.{l}.value": {"array": "v{l}", "transpose": True},
            "layers.{l}.key": ["missing", {"array": "v{l}", "part": [1, 2]}],
        },
    }
    (tmp_path / "names.json").write_text(json.dumps(table))
    arrays = {"model.v0": np.arange(8.0).reshape(4, 2), "tokens": np.eye(3)}
    arrays["model.layers.0.self_attn.in_proj_weight"] = np.ones((6, 2))
    for given in (table, tmp_path / "names.json", str(tmp_path / "names.json")):
        found = _named(arrays, given)
        assert (found.names.norms, found.names.activation, found.names.mask) == ("before", "gelu", "full")
        assert found.layers() == 1
        assert np.array_equal(found.needed("layers.{l}.value", l=0), arrays["model.v0"].T)
        assert np.array_equal(found.needed("layers.{l}.key", l=0), arrays["model.v0"][2:])
        assert np.array_equal(found.needed("embedding"), np.eye(3))


def test_built_in_tables_are_read() -> None:
    tables = [names_of(name) for name in BUILT_IN]
    assert [(table.amplitudes, table.norms) for table in tables] == [
        (False, "before"),
        (False, "after"),
        (True, "none"),
    ]
    assert min(len(table.sources) for table in tables) > 10


@pytest.mark.parametrize(
    ("table", "code", "pointer"),
    [
        ({"arrays": {"layers.{l}.qerry": "x"}}, "import.unknown-part", "/arrays/layers.{l}.qerry"),
        ({"arrays": {"embedding": 3}}, "import.invalid-entry", "/arrays/embedding"),
        ({"arrays": {"embedding": ["a", {"array": "b", "slice": 1}]}}, "import.invalid-entry", "/arrays/embedding/1"),
        ({"arrays": {"embedding": {"array": "b", "part": [3, 3]}}}, "import.invalid-entry", "/arrays/embedding/part"),
        ({"arrays": {"embedding": {"transpose": True}}}, "import.invalid-entry", "/arrays/embedding"),
        ({"arrays": []}, "field.wrong-type", "/arrays"),
        ({"array": {}}, "field.unknown", "/array"),
        ({"norms": "inside"}, "field.unknown-choice", "/norms"),
        ({"activation": "swish"}, "field.unknown-choice", "/activation"),
        ({"like": "bert"}, "field.unknown-choice", "/like"),
        ({"epsilon": -1.0}, "field.out-of-range", "/epsilon"),
        ({"prefixes": []}, "field.wrong-length", "/prefixes"),
        ([], "json.not-an-object", None),
    ],
)
def test_mistakes_in_tables_have_places(tmp_path: Path, table: Any, code: str, pointer: str | None) -> None:
    file = tmp_path / "names.json"
    file.write_text(json.dumps(table))
    with pytest.raises(QsacError) as caught:
        names_of(file)
    assert (caught.value.code, caught.value.pointer, caught.value.source) == (code, pointer, str(file))


def test_unknown_names() -> None:
    with pytest.raises(InvalidInputError) as caught:
        names_of("gtp2")
    assert (caught.value.code, caught.value.help) == ("import.unknown-names", 'did you mean "gpt2"?')
    with pytest.raises(InvalidInputError, match="there is no such file"):
        names_of("missing.json")


def test_missing_arrays_say_what_was_looked_for() -> None:
    arrays = gpt2()
    arrays["h.0.attn.c_attn.weigth"] = arrays.pop("h.0.attn.c_attn.weight")
    found = _named(arrays, "gpt2")
    with pytest.raises(InvalidInputError, match="an array of the model is missing") as caught:
        found.layers()
    assert caught.value.code == "import.missing-array"
    assert caught.value.pointer == "/arrays/layers.{l}.query"
    assert 'did you mean "h.0.attn.c_attn.weigth"?' in str(caught.value.help)
    assert caught.value.wanted == 'the array of "layers.0.query"'


def test_parts_that_do_not_go_into_the_rows() -> None:
    arrays = torch() | {"self_attn.in_proj_weight": np.ones((11, 4))}
    with pytest.raises(InvalidInputError) as caught:
        _named(arrays, "torch").get("layers.{l}.key", l=0)
    assert caught.value.code == "import.wrong-shape"


def test_attention_without_the_layer_around_it_is_told() -> None:
    arrays = {name.removeprefix("self_attn."): values for name, values in torch().items() if "self_attn" in name}
    with pytest.raises(InvalidInputError, match="an array of the model is missing") as caught:
        _named(arrays, "torch").needed("layers.{l}.query", l=0)
    assert "attention alone" in str(caught.value.help)
    del arrays["in_proj_weight"]
    with pytest.raises(InvalidInputError, match="an array of the model is missing") as caught:
        _named(arrays, "torch").needed("layers.{l}.query", l=0)
    assert "attention alone" not in str(caught.value.help)
