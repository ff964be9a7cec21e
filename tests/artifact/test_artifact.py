"""Artifacts: they come back as they were, the same bytes in any process, and damage is told, never a traceback."""

import copy
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qsac.artifact import reading as artifact_file
from qsac.artifact.compiled import Compiled, Verified
from qsac.artifact.sealing import digest_of, producer
from qsac.compiler import compilation as compiler
from qsac.compiler.verification import verify_compiled
from qsac.errors import DoesNotFitError, InvalidInputError, QsacError
from qsac.native.circuit import KIND, NativeCircuit
from tests.cases import ALL, seeds
from tests.strategies import random_model

EXAMPLE = Path(__file__).parent.parent.parent / "docs" / "examples" / "tfim.json"
COLUMNS = ("kind", "first", "second", "angles")


def _compiled(seed: int = 1, target: str = "h1") -> Compiled:
    return compiler.compile(random_model(seed), target, verify=False)


def _same(left: NativeCircuit, right: NativeCircuit) -> bool:
    rest = ("name", "qubits", "bits", "readouts", "snapshot", "groups", "initial_map", "final_map")
    return all(getattr(left, name) == getattr(right, name) for name in rest) and all(
        np.array_equal(getattr(left, name), getattr(right, name)) for name in COLUMNS
    )


@pytest.mark.parametrize("seed", seeds(25))
def test_an_artifact_comes_back_as_it_was(seed: int, tmp_path: Path) -> None:
    compiled = _compiled(seed)
    compiled.save(tmp_path / "model.qsac.json")
    again = Compiled.load(tmp_path / "model.qsac.json")
    assert again.to_json() == compiled.to_json()
    assert again.model == compiled.model
    assert (again.target, again.options, again.ir, again.stats) == (
        compiled.target,
        compiled.options,
        compiled.ir,
        compiled.stats,
    )
    assert all(_same(one, other) for one, other in zip(again.circuits, compiled.circuits, strict=True))
    assert again.timings == {}
    verify_compiled(again)


def test_a_routed_artifact_comes_back_as_it_was() -> None:
    compiled = compiler.compile(random_model(1), "ibm-fez", optimisation=1, verify=False)
    again = Compiled.parse(compiled.to_json().encode(), "fez")
    assert again.to_json() == compiled.to_json()
    assert again.circuits[0].initial_map != again.circuits[0].final_map


def test_a_routed_artifact_may_observe_qubits_that_were_measured_before() -> None:
    found = (compiler.compile(EXAMPLE, "ibm-fez", optimisation=1, seed=seed, verify=False) for seed in range(50))
    compiled = next(compiled for compiled in found if _observes_what_was_measured(compiled.circuits[0]))
    verify_compiled(Compiled.parse(compiled.to_json().encode(), "fez"))


def _observes_what_was_measured(circuit: NativeCircuit) -> bool:
    assert circuit.snapshot is not None
    before = circuit.first[: circuit.snapshot.stop][circuit.kind[: circuit.snapshot.stop] == KIND["Measure"]]
    return bool(set(circuit.snapshot.register) & set(before.tolist()))


def test_the_fields_are_those_of_the_contract() -> None:
    document = json.loads(_compiled().to_json())
    fields = ["qsac_artifact", "model", "sha256", "producer", "target", "options", "ir", "ops"]
    fields += ["circuits", "stats"]
    assert list(document) == [*fields, "verified", "digest"]
    circuit = document["circuits"][0]
    assert {"name", "circuit", "readout", "initial_map", "final_map", "groups"} <= set(circuit)
    fields = ["id", "kind", "register", "copy", "table", "by", "direction", "field"]
    assert document["ops"]
    assert all(sorted(op) == sorted(fields) for op in document["ops"])
    assert [readout["metric"] for readout in circuit["readout"]] == ["fidelity", "token_fidelity"]
    assert not any("time" in key or "second" in key for key in document["stats"])


CASES = ((1, "h1", 2), (4, "h2", 2), (40, "statevector", 2), (2, "ibm-sherbrooke", 1))
BYTES = f"""
import sys
from qsac.compiler import compilation as compiler
from tests.strategies import random_model
for seed, target, level in {CASES}:
    sys.stdout.write(compiler.compile(random_model(seed), target, optimisation=level, verify=False).to_json())
"""


def test_the_same_bytes_in_any_process() -> None:
    """In this one too, whatever it has done so far: its hashes have another seed."""
    root = Path(__file__).parent.parent.parent
    here = (compiler.compile(random_model(seed), name, optimisation=level, verify=False) for seed, name, level in CASES)
    found = {"".join(compiled.to_json() for compiled in here).encode()}
    for hash_seed in ("0", "4711") if ALL else ("4711",):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(root)}
        run = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", BYTES], capture_output=True, check=True, cwd=root, env=environment
        )
        found.add(run.stdout)
    assert len(found) == 1
    assert len(found.pop()) > 10_000


# Damage.

SMALL = random_model(3) | {"name": "small"}
SMALL["tokens"] = {"type": "inline", "values": [[1, 0.5], [0.3, -1], [0.2, 0.7]]}
SMALL["attention"] = {
    "type": "overlap",
    "kernel": {"type": "monomial", "degree": 1},
    "value": {"type": "identity"},
    "score": {"type": "identity"},
}
DOCUMENT: dict[str, Any] = json.loads(compiler.compile(SMALL, "h1", verify=False).to_json())
VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1,
    10**30,
    1.5,
    "",
    "x",
    "9" * 5000,
    [],
    {},
    [[]],
    [["q", [0]]],
    {"type": "X"},
)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a document; of long lists the ends only."""
    if path:
        yield path
    if isinstance(value, dict):
        for key in value:
            yield from _paths(value[key], (*path, key))
    elif isinstance(value, list):
        for index in sorted({0, 1, len(value) - 1} & set(range(len(value)))):
            yield from _paths(value[index], (*path, index))


PATHS = list(_paths(DOCUMENT))


def _changed(path: tuple[Any, ...], *value: Any) -> dict[str, Any]:
    """The document with another value at a place, or without the place."""
    document = copy.deepcopy(DOCUMENT)
    parent: Any = document
    for key in path[:-1]:
        parent = parent[key]
    if value:
        parent[path[-1]] = value[0]
    else:
        del parent[path[-1]]
    return document


def _sealed(document: Any) -> bytes:
    """The document as a text with the digest that it has to bear, so that the checks behind that one are tested."""
    return json.dumps(document | {"digest": digest_of(document)}).encode()


def _read(document: Any) -> Compiled | None:
    """The artifact, used as commands use it; None where that is refused."""
    try:
        compiled = Compiled.parse(_sealed(document), "damaged.qsac.json")
    except QsacError as error:
        if error.source != "damaged.qsac.json" or len(str(error)) > 2000:
            raise AssertionError(str(error)) from error
        return None
    try:
        _ = compiled.program
        verify_compiled(compiled)
    except QsacError:
        return None
    return compiled


@pytest.mark.parametrize("part", range(6))
def test_whatever_is_taken_out_is_missed_or_needless(part: int) -> None:
    for path in PATHS[part :: 6 if ALL else 24]:
        _read(_changed(path))


@pytest.mark.parametrize("part", range(6))
def test_whatever_is_put_in_is_refused_or_harmless(part: int) -> None:
    for turn, path in enumerate(PATHS[part :: 6 if ALL else 42]):
        if path[0] not in ("stats", "options") and (path[0] != "target" or len(path) < 3):
            for value in VALUES if ALL else VALUES[(part + turn) % 4 :: 4]:
                _read(_changed(path, value))


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(PATHS), st.sampled_from(VALUES)), min_size=2, max_size=4))
def test_several_changes_at_once(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    document = copy.deepcopy(DOCUMENT)
    for path, value in changes:
        parent: Any = document
        try:
            for key in path[:-1]:
                parent = parent[key]
            parent[path[-1]] = copy.deepcopy(value)  # a later change may go into it
        except (KeyError, IndexError, TypeError):
            continue
    _read(document)


@settings(max_examples=100)
@given(st.integers(0, 10**6), st.sampled_from([b"", b"\x00", b"\xff", b"{", b"]", b'"', b",", b"1e999", b"NaN"]))
def test_changed_bytes(place: int, piece: bytes) -> None:
    data = json.dumps(DOCUMENT).encode()
    place %= len(data)
    with suppress(QsacError):
        Compiled.parse(data[:place] + piece + data[place + 1 :], "damaged")


@pytest.mark.parametrize("field", ["qsac_artifact", "model", "sha256", "target", "options", "ir", "circuits", "stats"])
def test_every_field_is_needed(field: str) -> None:
    with pytest.raises(QsacError):
        Compiled.parse(_sealed(_changed((field,))), "damaged")


def test_a_document_without_a_digest_is_refused_with_the_way_round() -> None:
    with pytest.raises(InvalidInputError, match="unfinished qsac") as caught:
        Compiled.parse(json.dumps(_changed(("digest",))).encode(), "old")
    assert "qsac verify --reseal" in str(caught.value)


@pytest.mark.parametrize("path", [("name",), ("tokens", "values", 1, 0), ("attention", "mask")])
def test_an_accidental_change_is_told_by_the_digest(path: tuple[Any, ...]) -> None:
    with pytest.raises(InvalidInputError, match="digest does not match") as caught:
        Compiled.parse(json.dumps(_changed(("model", *path), "other")).encode(), "changed")
    assert "qsac verify --reseal" in str(caught.value)


@pytest.mark.parametrize("verify", [True, False])
def test_a_reloaded_artifact_knows_its_producer_and_how_it_was_verified(verify: bool) -> None:
    compiled = compiler.compile(SMALL, "h2", verify=verify)
    again = Compiled.parse(compiled.to_json().encode(), "file")
    assert again.producer == producer()
    assert again.verified == compiled.verified == (Verified("closed form", 1e-9) if verify else None)
    assert again.to_json() == compiled.to_json()


def test_what_was_spent_is_verified_against_the_program() -> None:
    fields = {"sites": 2, "context": 8, "dt": 0.1, "coupling": 1.0, "field": 0.8, "initial": "haar"}
    compiled = compiler.compile(
        {**SMALL, "tokens": {"type": "tfim", **fields}}, "h2", optimisation=3, error_budget=0.01, verify=True
    )
    assert compiled.stats["error_budget"]["spent"]
    assert Compiled.parse(compiled.to_json().encode(), "file").verified == Verified("program", 1e-9)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("qsac_artifact",), 2, "newer version"),
        (("qsac_artifact",), "1", "not a qsac artifact"),
        (("qsac_artifact",), True, "not a qsac artifact"),
        (("sha256",), "0" * 64, "changed after compiling"),
        (("model", "name"), "other", "changed after compiling"),
        (("model", "attention", "mask"), "full", "changed after compiling"),
        (("model", "tokens", "values", 0, 0), 0.25, "changed after compiling"),
        (("circuits",), [], "1 circuit, as the model's plan has them"),
        (("circuits", 0, "readout", 0, "given", 0), ["nothing", [0]], "qubit or bit of the circuit"),
        (("circuits", 0, "circuit", "commands", 0, "op", "type"), "H", "not a native gate"),
        (("circuits", 0, "profile", "stop"), 10**6, "whole number from 0"),
        (("circuits", 0, "profile", "stop"), 1, "measured before its stop"),
        (("circuits", 0, "profile", "register"), [], "1 index qubits"),
        (("circuits", 0, "readout", 0, "metric"), "accuracy", "what the model's readout asks for: fidelity, token_fid"),
        (("circuits", 0, "profile"), None, "a profile of 1 index qubits"),
        (("circuits", 0, "readout", 0, "given"), [], "the bits of its program: score_0[0], key[0]"),
        (("circuits", 0, "final_map", 0, 0), ["q", [5]], "the logical qubits in their order"),
        (("stats", "lam"), 1e300, "/stats/lam\n  wanted: as it is in the model and its program: 1.0"),
        (("stats", "lam"), True, "/stats/lam\n  wanted: as it is in the model and its program: 1.0"),
        (("stats", "pairs"), 4, "/stats/pairs\n  wanted: as it is in the model and its program: 3"),
        (("verified",), {"how": "faith", "tolerance": 1e-9}, "one of closed form, program"),
        (("producer", "qsac"), 7, "a text"),
    ],
)
def test_what_is_said(path: tuple[Any, ...], value: Any, said: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Compiled.parse(_sealed(_changed(path, value)), "file")
    assert said in str(caught.value)


def test_a_changed_circuit_does_not_verify() -> None:
    document = copy.deepcopy(DOCUMENT)
    turned = next(one for one in document["circuits"][0]["circuit"]["commands"] if one["op"]["type"] == "PhasedX")
    turned["op"]["params"][0] = "0.123"
    with pytest.raises(QsacError, match="disagrees"):
        verify_compiled(Compiled.parse(_sealed(document), "file"))


# Files.


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"null", b"\xff\xfe", b'{"qsac": 1}', b"1" * 10_000])
def test_files_that_are_no_artifacts(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(InvalidInputError) as caught:
        Compiled.load(tmp_path / "file")
    assert str(tmp_path / "file") in str(caught.value)


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="no such file"):
        Compiled.load(tmp_path / "nothing")
    with pytest.raises(InvalidInputError, match="folder"):
        Compiled.load(tmp_path)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifact_file, "SIZE_LIMIT", 100)
    (tmp_path / "file").write_bytes(b" " * 101)
    with pytest.raises(DoesNotFitError, match="too large"):
        Compiled.load(tmp_path / "file")
