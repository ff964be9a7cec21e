"""The example package for MQT Bench: its benchmarks and devices, through MQT Bench's own functions."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from qiskit import transpile

bench = pytest.importorskip("mqt.bench", reason="MQT Bench is not installed")

from mqt.bench.benchmarks import get_available_benchmark_names, get_benchmark_description  # noqa: E402
from mqt.bench.targets.devices import get_available_device_names, get_device  # noqa: E402

from tests.hosts.in_qiskit import entangling  # noqa: E402

PACKAGE = Path(__file__).parents[2] / "docs" / "examples" / "mqt-bench-qsac"


@pytest.fixture(scope="module")
def package() -> Iterator[ModuleType]:
    sys.path.insert(0, str(PACKAGE))
    yield import_module("mqt_bench_qsac")
    sys.path.remove(str(PACKAGE))


def test_they_are_registered(package: ModuleType) -> None:
    assert {"qsac_attention", "qsac_token_loader"} <= set(get_available_benchmark_names())
    assert "attention" in get_benchmark_description("qsac_attention")
    assert set(package.DEVICES) <= set(get_available_device_names())
    readme = (PACKAGE / "README.md").read_text(encoding="utf-8")
    assert [
        name for name in ("qsac_attention", "qsac_token_loader", *package.DEVICES) if f"`{name}`" not in readme
    ] == []


@pytest.mark.parametrize(("qubits", "gates"), [(3, 5), (5, 17), (6, 33)])
def test_attention(package: ModuleType, qubits: int, gates: int) -> None:
    circuit = bench.get_benchmark_alg("qsac_attention", qubits)
    assert (circuit.num_qubits, circuit.name) == (qubits, "qsac_attention")
    assert circuit.count_ops()["rzz"] == gates
    native = bench.get_benchmark_native_gates("qsac_attention", qubits, get_device("qsac_h2"), 2)
    assert native.count_ops()["rzz"] <= gates


def test_on_a_device(package: ModuleType) -> None:
    device = get_device("qsac_ibm_fez")
    mapped = bench.get_benchmark_mapped("qsac_attention", 3, device, 2)
    pairs = {
        tuple(mapped.find_bit(qubit).index for qubit in instruction.qubits)
        for instruction in mapped.data
        if instruction.operation.name == "cz"
    }
    assert pairs
    assert pairs <= set(device["cz"])
    assert device["cz"][next(iter(pairs))].error < 0.1


def test_what_the_plugin_makes_of_the_loader(package: ModuleType) -> None:
    circuit = bench.get_benchmark_alg("qsac_token_loader", 4)
    assert circuit.count_ops()["qsac_rows"] == 1
    device = get_device("qsac_helios")
    usual, own = (
        entangling(transpile(circuit, target=device, init_method=init, seed_transpiler=1))
        for init in ("default", "qsac")
    )
    assert own < 0.5 * usual


def test_other_sizes(package: ModuleType) -> None:
    with pytest.raises(ValueError, match="one of 3, 5, 6"):
        bench.get_benchmark_alg("qsac_attention", 4)
    with pytest.raises(ValueError, match="simulator"):
        import_module("mqt_bench_qsac.devices").device("statevector")
