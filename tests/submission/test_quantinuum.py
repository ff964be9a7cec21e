"""Jobs through qnexus, up to its network: its functions are replaced, their signatures are its own."""

import functools
import inspect
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pytket.backends.backendresult import BackendResult
from pytket.circuit import Bit, Circuit
from pytket.utils.outcomearray import OutcomeArray

import qsac
from qsac.errors import BackendError, InvalidInputError
from qsac.submission.quantinuum import MACHINES, NexusClient, ceiling, cost, target_of
from qsac.targets import quantinuum as targets
from tests.submission.fake import small

qnexus = pytest.importorskip("qnexus")


class Nexus:
    """What Nexus was asked for; each function takes what qnexus's own one takes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.monkeypatch = monkeypatch
        self.answers("projects.get_or_create", SimpleNamespace(id="project"))
        self.answers("circuits.upload", SimpleNamespace(id="circuit"))
        self.answers("start_execute_job", SimpleNamespace(id="a-job"))
        self.answers("jobs.get", SimpleNamespace(id="a-job"))

    def answers(self, name: str, answer: object) -> None:
        *path, last = name.split(".")
        holder = functools.reduce(getattr, path, qnexus)
        signature = inspect.signature(getattr(holder, last))

        def function(*args: Any, **kwargs: Any) -> object:
            self.asked.append((name, dict(signature.bind(*args, **kwargs).arguments)))
            if isinstance(answer, Exception):
                raise answer
            return answer

        function.__signature__ = signature  # type: ignore[attr-defined]
        self.monkeypatch.setattr(holder, last, function)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("NEXUS_MANAGED_TOKENS", raising=False)
    return tmp_path


@pytest.fixture
def nexus(home: Path, monkeypatch: pytest.MonkeyPatch) -> Nexus:
    folder = home / qnexus.config.CONFIG.token_path
    folder.mkdir(parents=True)
    (folder / "token.json").write_text("{}")
    return Nexus(monkeypatch)


@pytest.fixture(scope="module")
def compiled() -> qsac.Compiled:
    return small()


def test_submission(nexus: Nexus, compiled: qsac.Compiled) -> None:
    circuit = compiled.circuits[0]
    assert NexusClient("H2-1E").submit(circuit, 100, "qsac-tag", 40.5) == "a-job"
    asked = dict(nexus.asked)
    uploaded = asked["circuits.upload"]
    assert isinstance(uploaded["circuit"], Circuit)
    assert uploaded["circuit"].n_2qb_gates() == circuit.two_qubit_gates
    assert uploaded["name"] == "qsac-tag"
    job = asked["start_execute_job"]
    assert (job["n_shots"], job["name"], job["project"].id) == ([100], "qsac-tag", "project")
    assert job["programs"][0].id == "circuit"
    assert job["max_cost"] == [40.5]
    config = job["backend_config"]
    assert isinstance(config, qnexus.QuantinuumConfig)
    assert (config.device_name, config.no_opt) == ("H2-1E", True)


def test_a_lost_job_is_looked_for_by_its_name(nexus: Nexus, compiled: qsac.Compiled) -> None:
    nexus.answers("jobs.get_all", [SimpleNamespace(id="a-job")])
    assert NexusClient("H2-1").find("qsac-tag", compiled.circuits[0]) == "a-job"
    assert nexus.asked[-1][1]["name_like"] == "qsac-tag"
    nexus.answers("jobs.get_all", [])
    assert NexusClient("H2-1").find("qsac-tag", compiled.circuits[0]) is None


def test_every_status_of_nexus_is_known(nexus: Nexus) -> None:
    from qnexus.models.job_status import JobStatus, JobStatusEnum

    found = {}
    for status in JobStatusEnum:
        nexus.answers("jobs.status", JobStatus(status, "a message"))
        found[status.name] = NexusClient("H2-1").status("a-job")
    assert {one.message for one in found.values()} == {"a message"}
    assert {name: one.state for name, one in found.items()} == {
        "COMPLETED": "done",
        "QUEUED": "queued",
        "SUBMITTED": "queued",
        "RUNNING": "running",
        "CANCELLED": "cancelled",
        "ERROR": "failed",
        "CANCELLING": "queued",
        "RETRYING": "queued",
        "TERMINATED": "failed",
        "DEPLETED": "failed",
    }


def test_counts_are_in_the_order_of_the_circuits_bits(nexus: Nexus, compiled: qsac.Compiled) -> None:
    circuit = compiled.circuits[0]
    shots = np.eye(len(circuit.bits), dtype=np.uint8)
    backwards = [Bit(*unit) for unit in reversed(circuit.bits)]
    result = BackendResult(shots=OutcomeArray.from_readouts(shots[:, ::-1].tolist()), c_bits=backwards)
    nexus.answers("jobs.results", [SimpleNamespace(download_result=lambda: result)])
    counts = NexusClient("H2-1").counts("a-job", circuit)
    assert counts == {"".join(map(str, row)): 1 for row in shots}


def test_without_a_login_one_sentence(home: Path) -> None:
    with pytest.raises(BackendError) as caught:
        NexusClient("H2-1")
    assert (
        str(caught.value)
        == "there is no login to Quantinuum Nexus [vendor.no-login]\n  help:   qnx login, and try again"
    )
    assert caught.value.exit_code == 4


def test_a_lab_of_nexus_has_its_own_login(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXUS_MANAGED_TOKENS", "1")
    assert NexusClient("H2-1").machine == "H2-1"


def test_a_login_that_ended(nexus: Nexus, compiled: qsac.Compiled) -> None:
    nexus.answers("projects.get_or_create", qnexus.exceptions.AuthenticationError("Not authenticated."))
    with pytest.raises(BackendError, match="there is no login to Quantinuum Nexus"):
        NexusClient("H2-1").submit(compiled.circuits[0], 1, "tag", 9.0)


def test_what_nexus_refuses_is_told(nexus: Nexus, compiled: qsac.Compiled) -> None:
    nexus.answers("start_execute_job", qnexus.exceptions.ResourceCreateFailed("no credits", 402))
    with pytest.raises(BackendError) as caught:
        NexusClient("H2-1").submit(compiled.circuits[0], 1, "tag", 9.0)
    assert "no credits" in str(caught.value)
    assert caught.value.title == "Quantinuum Nexus did not do what it was asked for"


def test_without_qnexus_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "qnexus", None)
    with pytest.raises(InvalidInputError, match=r"pip install 'qsac\[nexus\]'"):
        NexusClient("H2-1")


def test_the_machines_are_those_of_the_targets() -> None:
    assert {name: targets.MACHINES[name] for name in MACHINES} == MACHINES


def test_cost(compiled: qsac.Compiled) -> None:
    formula = compiled.stats["cost"]
    found = cost(formula, 1000)
    assert found.amount == formula["fixed"] + 1000 * formula["per_shot"]
    assert found.highest == formula["fixed"] + 1000 * formula["per_shot_with_resets"]
    assert found.unit == "HQC"


@pytest.mark.parametrize(
    ("highest", "max_cost", "limit"),
    [(14.3, None, 14.3), (14.3000001, None, 14.4), (5.0, None, 5.0), (0.1 + 0.2, None, 0.4), (14.3, 20.0, 20.0)],
)
def test_the_limit_is_not_below_the_cost(highest: float, max_cost: float | None, limit: float) -> None:
    assert ceiling(highest, max_cost) == limit >= highest


@pytest.mark.parametrize(
    ("machine", "target"),
    [("H2-1", "h2"), ("H2-1E", "h2"), ("H2-1LE", "h2"), ("H2-2SC", "h2-2"), ("H1-1E", "h1"), ("H3-1", None)],
)
def test_the_target_of_a_machine(machine: str, target: str | None) -> None:
    assert target_of(machine) == target


@pytest.mark.parametrize("machine", ["Helios-1", "helios-1E"])
def test_helios_is_not_submitted_to(machine: str) -> None:
    with pytest.raises(InvalidInputError, match="jobs for Helios are not submitted"):
        target_of(machine)
