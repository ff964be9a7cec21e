"""Cache entries come back as they were kept, and whatever else is in one counts as damage, behind a right hash too."""

import copy
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qsac.artifact.cache import Cache, CacheWarning
from qsac.artifact.cache_entry import MAGIC, decoded
from qsac.artifact.compiled import Compiled
from qsac.compiler.compilation import compile as compile_model
from qsac.native.circuit import KIND
from qsac.report.summary import facts, pass_rows
from tests.cases import some
from tests.cli.conftest import SMALL
from tests.strategies import random_model

TINY = SMALL | {"tokens": {"type": "inline", "values": [[1, 0.5], [0.3, -1], [0.2, 0.7]]}}


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def _same(found: Compiled, expected: Compiled) -> None:
    assert found.to_json() == expected.to_json()
    assert found.verified == expected.verified


@pytest.mark.parametrize("machine", ["h2", "ibm-torino"])
@pytest.mark.parametrize("readout", ["loss", "predict", "overlaps"])
@pytest.mark.parametrize("budget", [0.0, 0.05])
def test_a_hit_of_every_readout_and_of_an_error_budget(
    machine: str, readout: str, budget: float, cache: Cache, short_search: None
) -> None:
    model = SMALL | {"readout": {"type": readout}}
    options: dict[str, Any] = {"optimisation": 3 if budget else 1, "error_budget": budget, "cache": cache}
    first = compile_model(model, machine, **options)
    found = compile_model(model, machine, **options)
    assert set(found.timings) == {"load", "cache"}
    _same(found, first)


def test_more_shots_than_a_number_of_machines_can_count_are_kept(cache: Cache) -> None:
    compiled = compile_model(SMALL, "h2")
    stats = compiled.stats | {"forecast": compiled.stats["forecast"] | {"shots": 10**290}}
    cache.put("0" * 64, replace(compiled, stats=stats))
    found = cache.get("0" * 64, compiled.model, compiled.target, compiled.options)
    assert found is not None
    assert found.stats == stats


def _sealed(body: bytes) -> bytes:
    """The entry of a body, its hash made to match."""
    return MAGIC + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def _parts(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The header and the columns of an entry."""
    _, line, columns = data.split(b"\n", 2)
    return json.loads(line), columns


def _joined(header: dict[str, Any], columns: bytes) -> bytes:
    return _sealed(json.dumps(header).encode() + b"\n" + columns)


def _entries(cache: Cache) -> list[Path]:
    return sorted(cache.folder.glob("??/*.entry"))


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data + b"x",
        lambda data: data[:200] + bytes([data[200] ^ 1]) + data[201:],
        lambda data: b"qsac-cache 1 " + data[13:],
        lambda data: b"\0" * 100,
        lambda data: _sealed(b""),
        lambda data: _sealed(b"[" * 100_000),
        lambda data: _sealed(b"[]\n"),
        lambda data: _sealed(b'{"key": NaN}\n'),
    ],
)
def test_a_damaged_entry_is_noticed_and_made_anew(damage: Callable[[bytes], bytes], cache: Cache) -> None:
    fresh = compile_model(random_model(1), cache=cache)
    (path,) = _entries(cache)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    with pytest.warns(CacheWarning, match="is damaged, and is made anew"):
        again = compile_model(random_model(1), cache=cache)
    _same(again, fresh)
    assert path.read_bytes() == whole


def test_a_resealed_entry_is_read_again(cache: Cache) -> None:
    # Or the tests of resealed damage below show nothing.
    fresh = compile_model(random_model(1), cache=cache)
    (path,) = _entries(cache)
    path.write_bytes(_joined(*_parts(path.read_bytes())))
    found = compile_model(random_model(1), cache=cache)
    assert set(found.timings) == {"load", "cache"}
    _same(found, fresh)


def test_an_entry_under_the_key_of_another_is_damaged(cache: Cache) -> None:
    fresh = [compile_model(random_model(seed), cache=cache) for seed in (1, 2)]
    one, other = _entries(cache)
    kept = one.read_bytes(), other.read_bytes()
    for path, data in ((one, kept[1]), (other, kept[0])):
        path.write_bytes(data)
    for seed, expected in ((1, fresh[0]), (2, fresh[1])):
        with pytest.warns(CacheWarning, match="is damaged, and is made anew"):
            _same(compile_model(random_model(seed), cache=cache), expected)
    assert (one.read_bytes(), other.read_bytes()) == kept


BAD_VALUES: tuple[Any, ...] = (None, True, -1, 10**400, 1.5, 1e300, "", "x", [], {}, [[]], [None], {"type": "X"})


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a header; of long lists the ends only."""
    if path:
        yield path
    if isinstance(value, dict):
        for key in value:
            yield from _places(value[key], (*path, key))
    elif isinstance(value, list):
        for index in sorted({0, len(value) - 1} & set(range(len(value)))):
            yield from _places(value[index], (*path, index))


@pytest.mark.parametrize("auto", [False, True])
def test_whatever_is_behind_the_hash_nothing_is_raised(auto: bool, cache: Cache) -> None:
    options: dict[str, Any] = {"optimisation": 3, "error_budget": "auto"} if auto else {}
    fresh = compile_model(TINY, "h2", cache=cache, **options)
    (path,) = _entries(cache)
    header, columns = _parts(path.read_bytes())
    target, used = fresh.target, fresh.options
    refused = accepted = 0
    for turn, place in some(enumerate(_places(header)), 4):
        for value in (*BAD_VALUES, ...)[turn % 3 :: 3]:
            changed = copy.deepcopy(header)
            parent: Any = changed
            for key in place[:-1]:
                parent = parent[key]
            if value is ...:
                del parent[place[-1]]
            else:
                parent[place[-1]] = value
            found = decoded(_joined(changed, columns), path.stem, fresh.model, target, used)
            refused += found is None
            accepted += found is not None
            if found is not None:
                # What is taken can be used: printed, written, and read again.
                facts(found)
                pass_rows(found.stats["passes"], every=True)
                assert all(one > 0 for one in found.subnormalisations)
                assert len(found.program.ops) > 0
                assert Compiled.parse(found.to_json().encode(), "again").model == fresh.model
    assert refused > 3 * accepted


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("kind", value) for value in (-1, 100)),
        *(("first", value) for value in (-1, 100, 2**31 - 1)),
        *(("second", value) for value in (-2, 100, 2**31 - 1, -(2**31))),
        *(("angles", value) for value in (np.nan, np.inf, -np.inf)),
    ],
)
def test_columns_out_of_range_are_damage(column: str, value: float, cache: Cache) -> None:
    fresh = compile_model(random_model(1), "h2", cache=cache)
    circuit = fresh.circuits[0]
    assert len(circuit.qubits) < 100
    assert circuit.out_of_range() is None
    (path,) = _entries(cache)
    whole = path.read_bytes()
    header, columns = _parts(whole)
    sizes = {"kind": 1, "first": 4, "second": 4, "angles": 16}
    kinds = {"kind": "<i1", "first": "<i4", "second": "<i4", "angles": "<f8"}
    start = sum(size for name, size in sizes.items() if list(sizes).index(name) < list(sizes).index(column))
    for gate in (0, len(circuit) // 2, len(circuit) - 1):
        place = start * len(circuit) + gate * sizes[column]
        item = np.array([value], kinds[column]).tobytes()
        path.write_bytes(_joined(header, columns[:place] + item + columns[place + len(item) :]))
        with pytest.warns(CacheWarning, match="is damaged, and is made anew"):
            _same(compile_model(random_model(1), "h2", cache=cache), fresh)
        assert path.read_bytes() == whole


def test_a_gate_on_one_qubit_twice_is_damage(cache: Cache) -> None:
    fresh = compile_model(random_model(1), "h2", cache=cache)
    circuit = fresh.circuits[0]
    two = int(np.flatnonzero(circuit.kind == KIND["ZZPhase"])[0])
    second = circuit.second.copy()
    second[two] = circuit.first[two]
    assert replace(circuit, second=second).out_of_range() == "two different qubits of each two-qubit gate"
    measure = int(np.flatnonzero(circuit.kind == KIND["Measure"])[0])
    second = circuit.second.copy()
    second[measure] = -1
    assert replace(circuit, second=second).out_of_range() is not None
    assert replace(circuit, second=second, bits=()).out_of_range() is not None
