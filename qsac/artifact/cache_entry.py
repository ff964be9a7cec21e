"""A compiled program as the bytes of a cache entry, and back, whatever the bytes are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qsac.artifact.compiled import Compiled, described_circuit
from qsac.artifact.places import Part
from qsac.artifact.reading import read_described, read_verified
from qsac.artifact.typed import check_statistics
from qsac.families.contract import CircuitStep, Model
from qsac.families.registry import family_of
from qsac.files.differences import close
from qsac.files.strict_json import parse, walk
from qsac.ir.parser import parse_program
from qsac.ir.program import Program
from qsac.native.circuit import NativeCircuit

if TYPE_CHECKING:
    from qsac.native.statistics import CompilationOptions

MAGIC = b"qsac-cache 3 "
HEADER_LIMIT = 64 << 20
"""Bytes of JSON that an entry may begin with. Reading it takes at most about thirty times as much memory."""

_COLUMNS = {"kind": "<i1", "first": "<i4", "second": "<i4", "angles": "<f8"}
_GATE_BYTES = 1 + 4 + 4 + 2 * 8


def encoded(key: str, compiled: Compiled) -> bytes | None:
    """Magic, hash of the rest, a line of JSON with the key, then the columns of each circuit as they lie in memory.

    None for what is too large to be read again.
    """
    circuits = [{"gates": len(circuit), **described_circuit(circuit)} for circuit in compiled.circuits]
    header = {
        "key": key,
        "sha256": compiled.model.sha256,
        "irs": list(compiled.irs),
        "stats": compiled.stats,
        "verified": None if compiled.verified is None else asdict(compiled.verified),
        "circuits": circuits,
    }
    line = json.dumps(header, separators=(",", ":"), allow_nan=False).encode("ascii")
    if len(line) > HEADER_LIMIT:
        return None
    columns = [
        getattr(circuit, name).astype(kind).tobytes()
        for circuit in compiled.circuits
        for name, kind in _COLUMNS.items()
    ]
    body = b"".join([line, b"\n", *columns])
    return MAGIC + hashlib.sha256(body).hexdigest().encode("ascii") + b"\n" + body


def decoded(
    data: bytes, key: str, model: Model, target: dict[str, Any], options: CompilationOptions
) -> Compiled | None:
    """What :func:`encoded` made of a program for ``key`` and ``model``, or None for any other bytes.

    ``target`` and ``options`` are those that the key was made of.
    """
    first, _, body = data.partition(b"\n")
    if first != MAGIC + hashlib.sha256(body).hexdigest().encode("ascii"):
        return None
    line, _, columns = body.partition(b"\n")
    if len(line) > HEADER_LIMIT:
        return None
    try:
        header: Any = parse(line, "cache entry")
        if header["key"] != key or header["sha256"] != model.sha256:
            return None
        verified, irs = read_verified(header["verified"]), tuple(header["irs"])
        steps, programs = family_of(model).plan(model).circuits, tuple(map(parse_program, irs))
        circuits = _circuits(header["circuits"], columns, steps, programs)
        found = Compiled(model, target, options, irs, circuits, header["stats"], {}, verified)
        check_statistics(Part(found.stats, "/stats"), found.names)
        for circuit, stats in zip(circuits, found.parts_stats, strict=True):
            _check_counts(stats, circuit)
            if options["error_budget"] == "auto" and "tried" not in stats["error_budget"]:
                return None
        _check_whole(found)
    except Exception:
        # The hash holds for whoever can compute it: behind it may be anything, of any type, nested to any depth.
        return None
    return found


def _circuits(
    described: list[dict[str, Any]], columns: bytes, steps: Sequence[CircuitStep], programs: Sequence[Program]
) -> tuple[NativeCircuit, ...]:
    """The circuits of an entry; their columns take all of the bytes."""
    sizes = [entry["gates"] for entry in described]
    if any(type(size) is not int or size < 0 for size in sizes) or sum(sizes) * _GATE_BYTES != len(columns):
        raise ValueError("the columns have another length")
    circuits, start = [], 0
    for entry, gates, step, program in zip(described, sizes, steps, programs, strict=True):
        arrays: dict[str, NDArray[Any]] = {}
        for name, kind in _COLUMNS.items():
            count = gates * (2 if name == "angles" else 1)
            arrays[name] = np.frombuffer(columns, kind, count, start).astype(kind[1:])
            start += arrays[name].nbytes
        arrays["angles"] = arrays["angles"].reshape(gates, 2)
        circuits.append(read_described(entry, arrays, step, program))
    return tuple(circuits)


def _check_counts(stats: Mapping[str, Any], circuit: NativeCircuit) -> None:
    """Raise for statistics that are not of the circuit."""
    counts = {
        "qubits": len(circuit.qubits),
        "two_qubit_gates": circuit.two_qubit_gates,
        "one_qubit_gates": circuit.one_qubit_gates,
        "measurements": circuit.count("Measure"),
        "resets": circuit.count("Reset"),
    }
    if any(type(stats[name]) is not int or stats[name] != count for name, count in counts.items()):
        raise ValueError("counts of another circuit")


def _check_whole(found: Compiled) -> None:
    """Raise for statistics of another model, and for those that nobody could print."""
    stats: Mapping[str, Any] = found.stats
    for name, value in family_of(found.model).statistics(found.model, found.subnormalisations).items():
        if not close(stats[name], value):
            raise ValueError("statistics of another model")
    if any(type(value) is float and not isfinite(value) for _, value in walk(stats)):
        raise ValueError("a number that is not finite")
