"""The generic compilers that place and route for IBM's devices, as their users call them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from qiskit import transpile

from qsac.artifact.compiled import Compiled


def device(target: str) -> Any:
    """qiskit-ibm-runtime's snapshot of the device."""
    from qiskit_ibm_runtime.fake_provider import FakeProviderForBackendV2

    with warnings.catch_warnings():
        # One snapshot says that its error rates are not typical.
        warnings.simplefilter("ignore")
        found = {backend.name.removeprefix("fake_"): backend for backend in FakeProviderForBackendV2().backends()}
    return found[target.removeprefix("ibm-").replace("-", "_")]


def qiskit_3(compiled: Compiled, backend: Any, seeds: int) -> list[Any]:
    circuit = compiled.to_qiskit()
    return [
        transpile(circuit, target=backend.target, optimization_level=3, seed_transpiler=seed) for seed in range(seeds)
    ]


def tket_2(compiled: Compiled, backend: Any, seeds: int) -> list[Any]:
    """Level 2 of the backend's default pass; it takes no seed."""
    from pytket.extensions.qiskit import IBMQBackend

    circuit = compiled.to_tket()
    configuration, properties = backend.configuration(), backend.properties()
    IBMQBackend.default_compilation_pass_offline(configuration, properties, 2).apply(circuit)
    return [circuit]


ROUTERS: dict[str, Callable[[Compiled, Any, int], list[Any]]] = {"qiskit-3": qiskit_3, "tket-2": tket_2}
