"""The sketch of a list of steps that is trained: a model file whose numbers may be left out."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, SkipValidation

from qsac.families.steps.diagnosis import MODEL
from qsac.files.diagnosis import Contract
from qsac.files.fields import ONE_COMPLAINT, Fields


class StepsSketch(Fields):
    """A sketch with the section ``steps``: the steps of a model file. ``weight``, ``bias``, ``parameters`` and
    ``mixing`` that are left out are drawn and learned, what is given stays. A ``linear`` step without a weight gives as
    many numbers as the next step takes, or as there are classes, or its ``outputs``; its bias may be ``none``."""

    steps: SkipValidation[Annotated[list[Any], Field(min_length=1), ONE_COMPLAINT]]


SKETCH = Contract("the sketch", {**MODEL.classes, (): StepsSketch}, MODEL.examples, "qsac schema --of train")
