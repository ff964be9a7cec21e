"""Shots on Quantinuum's own emulator, which runs on this machine and needs no account (the extra ``pecos``).

It takes what the machine takes: the circuit passes pytket-quantinuum's checks for the machine on the way. It is without
noise; that of a machine is simulated by :mod:`qsac.runtime.noise`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qsac.errors import BackendError, InvalidInputError
from qsac.native.circuit import NativeCircuit
from qsac.optional import optional_package
from qsac.runtime.aer import check_width

MACHINES = {"h1": "H1-1LE", "h2": "H2-1LE", "h2-1": "H2-1LE", "h2-2": "H2-2LE"}
"""Target name -> what pytket-quantinuum calls the local emulator of its machine."""


def emulated(target: str, circuit: NativeCircuit) -> str:
    """The emulator of a target's machine, by name.

    Raises :class:`~qsac.errors.InvalidInputError` where there is none for the target or it is not installed, and
    :class:`~qsac.errors.DoesNotFitError` for circuits that are too wide.
    """
    if target not in MACHINES:
        raise InvalidInputError(
            f"there is no emulator of {target} that runs here",
            code="run.no-emulator",
            wanted=f"a program compiled for {', '.join(MACHINES)}",
            help="leave --emulator out: every target is simulated without it",
        )
    command = "pip install --pre 'qsac[pecos]' (about a gigabyte), or leave --emulator out"
    optional_package("pytket_pecos", "Quantinuum's emulator", command)
    check_width(circuit, "the emulator")
    return MACHINES[target]


def emulate(machine: str, circuit: NativeCircuit, shots: int, seed: int) -> Iterator[tuple[str, int]]:
    """Run a circuit shot by shot on the emulator called ``machine``.

    Yields outcomes as :func:`qsac.runtime.aer.sample` does. Raises :class:`~qsac.errors.BackendError` where the
    machine would not take the circuit, or the emulator fails.
    """
    from pytket.circuit import Bit
    from pytket.extensions.quantinuum.backends.api_wrappers import QuantinuumAPIOffline
    from pytket.extensions.quantinuum.backends.quantinuum import QuantinuumBackend

    from qsac.export.tket import to_tket

    # The emulator counts shots up from its seed, as Aer does, and takes 32 bits.
    spread = int(np.random.SeedSequence(seed).generate_state(1, np.uint32)[0] >> 1)
    try:
        offline: Any = QuantinuumAPIOffline()
        backend = QuantinuumBackend(machine, api_handler=offline)
        handle = backend.process_circuit(to_tket(circuit), n_shots=shots, seed=spread)
        found = backend.get_result(handle).get_counts(cbits=[Bit(*unit) for unit in circuit.bits])
    except Exception as error:
        # What pytket, its emulator and the compiler below it raise has no common class.
        raise BackendError(
            f"{machine} did not run the circuit",
            code="simulator.failed",
            found=f"{type(error).__name__}: {error}"[:300],
        ) from None
    for outcome, count in sorted(found.items()):
        yield "".join(map(str, outcome)), int(count)
