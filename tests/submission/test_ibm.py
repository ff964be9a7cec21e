"""Jobs through pytket-qiskit, up to IBM's network: only the service and the Sampler are replaced."""

import inspect
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import qiskit_ibm_runtime
from pytket.extensions.qiskit.backends import ibm as pytket_ibm
from qiskit.primitives import BitArray, DataBin, PrimitiveResult, SamplerPubResult
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2
from qiskit_ibm_runtime.fake_provider import FakeFez

import qsac
from qsac.errors import BackendError, InvalidInputError
from qsac.submission import ibm
from qsac.submission.ibm import IBMClient, ceiling, cost, machine, target_of
from tests.submission.fake import placed


class Service:
    """What IBM was asked for. Jobs have one outcome: every bit of ``ones`` is 1."""

    def __init__(self) -> None:
        self.device: Any = FakeFez()
        self.asked: list[str] = []
        self.submitted: dict[str, Any] = {}
        self.ones: set[tuple[str, int]] = set()
        self.word = "DONE"
        self.jobs_found: list[Any] = []

    def __call__(self, **arguments: Any) -> "Service":
        inspect.signature(QiskitRuntimeService).bind(**arguments)
        return self

    def backend(self, name: str, **arguments: Any) -> Any:
        inspect.signature(QiskitRuntimeService.backend).bind(self, name, **arguments)
        self.asked.append(name)
        return self.device

    def job(self, job_id: str) -> Any:
        assert job_id == "a-job"
        return SimpleNamespace(status=lambda: self.word, result=self._result)

    def jobs(self, **arguments: Any) -> list[Any]:
        inspect.signature(QiskitRuntimeService.jobs).bind(self, **arguments)
        self.submitted = arguments
        return self.jobs_found

    def _result(self, timeout: float | None = None) -> PrimitiveResult:
        (circuit,) = self.submitted["circuits"]
        data = {}
        for register in circuit.cregs:
            value = sum(1 << index for index in range(register.size) if (register.name, index) in self.ones)
            data[register.name] = BitArray.from_samples([value] * self.submitted["shots"], register.size)
        return PrimitiveResult([SamplerPubResult(DataBin(**data))])

    def sampler(self, mode: Any = None, options: Any = None) -> Any:
        inspect.signature(SamplerV2).bind(mode=mode, options=options)

        def run(circuits: list[Any], *, shots: int | None = None) -> Any:
            inspect.signature(SamplerV2.run).bind(self, circuits, shots=shots)
            self.submitted = {"mode": mode, "options": options, "circuits": circuits, "shots": shots}
            return SimpleNamespace(job_id=lambda: "a-job")

        return SimpleNamespace(run=run)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    fake = Service()
    monkeypatch.setenv("QISKIT_IBM_TOKEN", "0" * 64)
    monkeypatch.setattr(pytket_ibm, "QiskitRuntimeService", fake)
    monkeypatch.setattr(pytket_ibm, "SamplerV2", fake.sampler)
    return fake


@pytest.fixture(scope="module")
def compiled() -> qsac.Compiled:
    return placed()


def test_a_job_from_its_submission_to_its_counts(service: Service, compiled: qsac.Compiled) -> None:
    circuit = compiled.circuits[0]
    client = IBMClient("ibm_fez")
    handle = client.submit(circuit, 100, "qsac-tag", 3.2)
    assert service.asked == ["ibm_fez"]
    asked = service.submitted
    assert asked["mode"] is service.device  # job mode: no session, which would be billed by the clock
    assert asked["shots"] == 100
    assert asked["options"].environment.job_tags == ["qsac-tag"]
    assert asked["options"].max_execution_time == 4
    (sent,) = asked["circuits"]
    assert sent.count_ops()["cz"] == circuit.two_qubit_gates
    # Physical qubits, and edges that the device has.
    edges = {frozenset(edge) for edge in service.device.coupling_map.get_edges()}
    for one in sent.data:
        places = [sent.find_bit(qubit).index for qubit in one.qubits]
        assert len(places) == 1 or frozenset(places) in edges
    assert {sent.find_bit(qubit).index for one in sent.data for qubit in one.qubits} <= {i for _, i in circuit.qubits}

    register, index = circuit.bits[2]
    service.ones = {(register, index)}
    other = IBMClient("ibm_fez")  # another process knows the handle only
    assert other.status(handle).state == "done"
    assert other.counts(handle, circuit) == {"001000": 100}


def test_a_lost_job_is_looked_for_by_its_tag(service: Service, compiled: qsac.Compiled) -> None:
    circuit = compiled.circuits[0]
    handle = IBMClient("ibm_fez").submit(circuit, 5, "qsac-tag", 9.0)
    assert IBMClient("ibm_fez").find("qsac-tag", circuit) is None
    assert service.submitted["job_tags"] == ["qsac-tag"]
    service.jobs_found = [SimpleNamespace(job_id=lambda: "a-job")]
    assert IBMClient("ibm_fez").find("qsac-tag", circuit) == handle


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("INITIALIZING", "queued"),
        ("QUEUED", "queued"),
        ("RUNNING", "running"),
        ("DONE", "done"),
        ("ERROR", "failed"),
        ("CANCELLED", "cancelled"),
    ],
)
def test_status(word: str, state: str, service: Service, compiled: qsac.Compiled) -> None:
    handle = IBMClient("ibm_fez").submit(compiled.circuits[0], 5, "qsac-tag", 9.0)
    service.word = word
    found = IBMClient("ibm_fez").status(handle)
    assert (found.state, found.message) == (state, word)


def test_a_device_that_is_not_as_its_snapshot(service: Service, compiled: qsac.Compiled) -> None:
    from qiskit_ibm_runtime.fake_provider import FakeBrisbane

    service.device = FakeBrisbane()
    with pytest.raises(InvalidInputError, match="ibm_fez is not as the snapshot"):
        IBMClient("ibm_fez").submit(compiled.circuits[0], 5, "qsac-tag", 9.0)
    assert service.submitted == {}


def test_without_an_account_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(ibm, "_has_account", lambda: False)
    with pytest.raises(BackendError) as caught:
        IBMClient("ibm_fez")
    assert str(caught.value) == (
        "there is no IBM Quantum account [vendor.no-login]\n"
        "  help:   save one with qiskit_ibm_runtime.QiskitRuntimeService.save_account, or set QISKIT_IBM_TOKEN"
    )
    assert caught.value.exit_code == 4


def test_where_an_account_may_be(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    from pytket.extensions.qiskit.backends.config import QiskitConfig
    from qiskit_ibm_runtime.accounts import management

    monkeypatch.delenv("QISKIT_IBM_TOKEN", raising=False)
    monkeypatch.setattr(management, "_DEFAULT_ACCOUNT_CONFIG_JSON_FILE", str(tmp_path / "accounts.json"))
    monkeypatch.setattr(QiskitConfig, "from_default_config_file", lambda: QiskitConfig(None, None))
    assert not ibm._has_account()
    QiskitRuntimeService.save_account(
        channel="ibm_quantum_platform", token="0" * 64, filename=str(tmp_path / "accounts.json")
    )
    assert ibm._has_account()
    (tmp_path / "accounts.json").write_text("{")
    with pytest.raises(BackendError, match="the IBM Quantum account cannot be read"):
        ibm._has_account()
    monkeypatch.setenv("QISKIT_IBM_TOKEN", "0" * 64)
    assert ibm._has_account()
    (tmp_path / "accounts.json").unlink()
    monkeypatch.delenv("QISKIT_IBM_TOKEN")
    monkeypatch.setattr(QiskitConfig, "from_default_config_file", lambda: QiskitConfig(None, "0" * 64))
    assert ibm._has_account()


def test_what_ibm_refuses_is_told(service: Service, compiled: qsac.Compiled, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str, **_: Any) -> Any:
        raise qiskit_ibm_runtime.IBMRuntimeError("no such device")

    monkeypatch.setattr(service, "backend", refuse)
    with pytest.raises(BackendError) as caught:
        IBMClient("ibm_fez").submit(compiled.circuits[0], 5, "qsac-tag", 9.0)
    assert caught.value.title == "IBM Quantum did not do what it was asked for"
    assert "no such device" in str(caught.value)


@pytest.mark.parametrize(
    ("highest", "max_cost", "limit"),
    [(2.3, None, 3), (3.0, None, 3), (2.3, 3.9, 3), (2.3, 3.0, 3), (2.3, 2.9, 2), (2.0, 2.0, 2)],
)
def test_limits_are_whole_seconds_and_no_more_than_was_allowed(
    highest: float, max_cost: float | None, limit: int
) -> None:
    assert ceiling(highest, max_cost) == limit


def test_the_target_of_a_machine() -> None:
    assert (target_of("ibm_fez"), target_of("ibm_nowhere")) == ("ibm-fez", None)


def test_cost_and_machine() -> None:
    assert cost({"unit": "quantum seconds", "fixed": 2.0, "per_shot": 0.00035}, 10_000).amount == pytest.approx(5.5)
    assert machine("ibm-fez") == "ibm_fez"
