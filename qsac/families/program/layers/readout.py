"""The readout of layers with tomography: every layer's rows, and the head."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from qsac.families.contract import Result
from qsac.families.outcomes import Outcomes
from qsac.families.program.readouts import ProgramReadout

if TYPE_CHECKING:
    from qsac.families.program.layers.stack import Layers
    from qsac.families.program.model import Model


@dataclass(frozen=True)
class LayersReadout(ProgramReadout):
    """The rows after every layer, and their mean where the head asks for it."""

    type: ClassVar[str] = "layers"

    def work(self, model: Model) -> int:
        return _layers(model).multiply_adds

    def expected(self, model: Model) -> dict[str, Outcomes]:
        # Refuses with the reason why there are no circuits.
        model.plan  # noqa: B018
        raise NotImplementedError

    def closed_form(self, model: Model) -> Result:
        system = _layers(model)
        output = system.steps[-1][1].output
        values: dict[str, Any] = {
            "layers": [system.facts(place) for place in range(len(system.layers))],
            "output": output.tolist(),
            "classical_multiply_adds": system.multiply_adds,
        }
        if system.mean:
            values["head"] = output.mean(axis=0).tolist()
        probability = float(sum(layer["success_probability"] for layer in values["layers"]) / len(values["layers"]))
        return Result({"success_probability": probability}, {}, probability, (), values)

    def result(self, model: Model, seen: Mapping[str, Any]) -> Result:
        raise NotImplementedError


def _layers(model: Model) -> Layers:
    from qsac.errors import of_type
    from qsac.families.program.layers.stack import Layers

    return of_type(model.system, Layers)
