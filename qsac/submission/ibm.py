"""IBM's devices through pytket-qiskit, with the account that qiskit-ibm-runtime saved or finds in its environment.

Jobs run in IBM's job mode. pytket-qiskit would open a session, which is billed by the clock, and which IBM's open plan
does not offer.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from qsac.errors import BackendError, InvalidInputError, QsacError, printable
from qsac.machine.registry import target_names
from qsac.native.circuit import NativeCircuit
from qsac.submission.client import Cost, State, Status, Vendor

if TYPE_CHECKING:
    from pytket.extensions.qiskit.backends.ibm import IBMQBackend

CHANNEL = "ibm_quantum_platform"
"""Where pytket-qiskit looks for devices."""

_STATES: dict[str, State] = {"DONE": "done", "RUNNING": "running", "ERROR": "failed", "CANCELLED": "cancelled"}


def cost(formula: Mapping[str, Any], shots: int) -> Cost:
    """What ``shots`` of a compiled circuit take of a device's time in seconds, by IBM's formula."""
    seconds = formula["fixed"] + shots * formula["per_shot"]
    return Cost(seconds, seconds, formula["unit"], "by IBM's formula and the snapshot's gate times")


def ceiling(highest: float, max_cost: float | None) -> float:
    """The job's limit in seconds, of which IBM counts whole ones: at most ``max_cost``, or the next one from
    ``highest`` up. It is below ``highest`` where no limit would do for both."""
    return float(math.ceil(highest) if max_cost is None else math.floor(max_cost))


def machine(target: str) -> str:
    """What IBM calls the device of a target: ``ibm_fez`` for ``ibm-fez``."""
    return target.replace("-", "_")


def target_of(machine: str) -> str | None:
    """The target that describes what IBM calls ``machine``, if there is one."""
    name = machine.replace("_", "-")
    return name if name in target_names() else None


class IBMClient:
    """Jobs on the device that IBM calls ``machine``."""

    def __init__(self, machine: str) -> None:
        self.machine = machine
        if not _has_account():
            raise BackendError(
                "there is no IBM Quantum account",
                code="vendor.no-login",
                help="save one with qiskit_ibm_runtime.QiskitRuntimeService.save_account, or set QISKIT_IBM_TOKEN",
            )

    def submit(self, circuit: NativeCircuit, shots: int, tag: str, ceiling: float) -> str:
        """The handle is pytket's: job id, place in the job, number of bits, no circuit to be applied to results."""
        from qiskit_ibm_runtime import SamplerOptions

        from qsac.export.tket import to_tket

        options = SamplerOptions()
        options.environment.job_tags = [tag]
        options.max_execution_time = math.ceil(ceiling)
        written = to_tket(circuit)
        with _vendor_errors():
            backend = self._backend()
            unmet = [rule for rule in backend.required_predicates if not rule.verify(written)]
            if unmet:
                raise InvalidInputError(
                    f"{self.machine} is not as the snapshot that the program was compiled for",
                    code="vendor.machine-changed",
                    found=", ".join(type(rule).__name__ for rule in unmet),
                    help="choose another device, or another version of qiskit-ibm-runtime, whose snapshots are newer",
                )
            handle = backend.process_circuit(written, n_shots=shots, valid_check=False, sampler_options=options)
            return str(handle)

    def find(self, tag: str, circuit: NativeCircuit) -> str | None:
        """Looks through the account's jobs by tag."""
        from pytket.backends.resulthandle import ResultHandle

        with _vendor_errors():
            found = self._backend()._service.jobs(job_tags=[tag], limit=1)
            bits = sum(circuit.registers.values())
            return str(ResultHandle(found[0].job_id(), 0, bits, json.dumps(None))) if found else None

    def status(self, handle: str) -> Status:
        """Whatever is neither running nor at an end counts as queued."""
        from pytket.backends.resulthandle import ResultHandle

        with _vendor_errors():
            word = str(self._backend().circuit_status(ResultHandle.from_str(handle)).message)
            return Status(_STATES.get(word, "queued"), word)

    def counts(self, handle: str, circuit: NativeCircuit) -> dict[str, int]:
        """Downloads the result."""
        from pytket.backends.resulthandle import ResultHandle
        from pytket.circuit import Bit

        with _vendor_errors():
            result = self._backend().get_result(ResultHandle.from_str(handle))
            counts = result.get_counts(cbits=[Bit(*unit) for unit in circuit.bits])
            return {"".join(map(str, outcome)): int(count) for outcome, count in counts.items()}

    def _backend(self) -> IBMQBackend:
        from pytket.extensions.qiskit.backends.ibm import IBMQBackend

        backend = IBMQBackend(self.machine, monitor=False)
        mode: Any = backend._backend
        backend._session = mode  # the Sampler's mode: see the module's docstring
        return backend


def _has_account() -> bool:
    """Whether there is an account to ask with: in the environment, saved by qiskit-ibm-runtime, or by pytket-qiskit."""
    from pytket.extensions.qiskit.backends.config import QiskitConfig
    from qiskit_ibm_runtime.accounts import AccountManager, AccountNotFoundError

    try:
        AccountManager.get(channel=CHANNEL)
    except AccountNotFoundError:
        return QiskitConfig.from_default_config_file().ibmq_api_token is not None
    except Exception as error:
        raise BackendError(
            "the IBM Quantum account cannot be read",
            code="vendor.account-unreadable",
            found=printable(str(error)[:300]),
        ) from None
    return True


@contextmanager
def _vendor_errors() -> Iterator[None]:
    """What the runtime raises, as one message: its errors and those of its HTTP client have no common class."""
    try:
        yield
    except QsacError:
        raise
    except Exception as error:
        raise BackendError(
            "IBM Quantum did not do what it was asked for",
            code="vendor.failed",
            found=printable(f"{type(error).__name__}: {error}"[:300]),
        ) from None


VENDOR = Vendor(
    name="IBM",
    takes="a device of IBM's",
    machine=machine,
    target_of=target_of,
    cost=cost,
    least=math.ceil,
    ceiling=ceiling,
    client=IBMClient,
)
