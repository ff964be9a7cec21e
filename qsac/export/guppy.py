"""Native circuits as functions of Guppy, and as HUGR, which Guppy compiles them to."""

from __future__ import annotations

import re
from typing import Any

from qsac.export.names import named_qubits
from qsac.export.tket import to_tket
from qsac.native.circuit import NativeCircuit
from qsac.optional import optional_package


def to_guppy(circuit: NativeCircuit) -> Any:
    """A Guppy function, a ``GuppyFunctionDefinition``, by ``guppy.load_pytket``.

    It takes an array of qubits for each quantum register (:func:`~qsac.export.names.named_qubits`; of a machine's
    circuit one, ``q``), and gives an array of bools for each classical one, both in the alphabetical order of their
    names. Equal up to a global phase. Raises as :func:`~qsac.optional.optional_package`.
    """
    from pytket.unit_id import Qubit

    guppylang = optional_package("guppylang", "writing Guppy functions", "pip install guppylang")
    written = to_tket(circuit)
    named = named_qubits(circuit)
    if named == circuit.qubits:
        named = tuple(("q", place) for place in range(len(named)))
    # By way of names that are in nobody's way: pytket renames one register after another.
    passing = [Qubit("passing", place) for place in range(len(named))]
    written.rename_units({Qubit(*unit): there for unit, there in zip(circuit.qubits, passing, strict=True)})
    written.rename_units({there: Qubit(*unit) for there, unit in zip(passing, named, strict=True)})
    return guppylang.guppy.load_pytket(function_name(circuit), written)


def function_name(circuit: NativeCircuit) -> str:
    """The circuit's name as that of a function: other characters than ASCII letters, digits and _ become _."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", circuit.name)
    return name if re.match(r"[A-Za-z_]", name) else f"circuit_{name}"


def to_hugr(circuit: NativeCircuit) -> str:
    """HUGR in its text form: a package whose one function is that of :func:`to_guppy`. Raises as
    :func:`~qsac.optional.optional_package`."""
    optional_package("guppylang", "writing HUGR", "pip install guppylang")
    text: str = to_guppy(circuit).compile_function().to_str()
    return text + "\n"
