"""The readout of linearised training: the parameters by the history, and all that is known beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from qsac.families.contract import Result
from qsac.families.outcomes import Outcomes
from qsac.families.program.readouts import ProgramReadout

if TYPE_CHECKING:
    from qsac.families.program.linearised.dynamics import Linearised
    from qsac.families.program.model import Model


@dataclass(frozen=True)
class LinearisedReadout(ProgramReadout):
    """Theta at every instant, beside plain gradient descent."""

    type: ClassVar[str] = "linearised-training"

    def work(self, model: Model) -> int:
        return int(_system(model).history.size) ** 2

    def expected(self, model: Model) -> dict[str, Outcomes]:
        # Refuses with the reason why there are no circuits.
        model.plan  # noqa: B018
        raise NotImplementedError

    def closed_form(self, model: Model) -> Result:
        system = _system(model)
        neumann, history = system.neumann(), system.history
        values: dict[str, Any] = {
            "loss_polynomial": system.loss.listed(),
            "maps": [found.tolist() for found in system.maps],
            "A": system.matrix.tolist(),
            "b": system.offset.tolist(),
            "rhs": system.right.tolist(),
            "history": history.tolist(),
            "theta": system.descent.tolist(),
            "theta_carleman": system.linearised.tolist(),
            "truncation_error": float(np.abs(system.linearised - system.descent).max()),
            "norm_A": system.norm,
            "R": system.dissipation,
            "neumann": neumann,
            "qsvt": system.qsvt(),
            "share_of_last_theta": float((history[-1, : system.parameters] ** 2).sum() / (history**2).sum()),
            "parameters": list(system.places),
            "classical_multiply_adds": system.multiply_adds,
        }
        success = neumann["success_probability"]
        return Result({"success_probability": success}, {}, success, (), values)

    def result(self, model: Model, seen: Mapping[str, Any]) -> Result:
        raise NotImplementedError

    def shown(self, result: Result) -> list[Any]:
        return list(result.values["theta_carleman"])


def _system(model: Model) -> Linearised:
    from qsac.errors import of_type
    from qsac.families.program.linearised.dynamics import Linearised

    return of_type(model.system, Linearised)
