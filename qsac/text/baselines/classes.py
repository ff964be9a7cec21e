"""What every classifier asks of samples."""

from __future__ import annotations

from qsac.errors import InvalidInputError
from qsac.files.pointer import counted, listed
from qsac.text.samples import LabelledSamples


def check_classes(samples: LabelledSamples) -> int:
    """The number of classes, of which there have to be two at least, and vectors, (N, F)."""
    number = len(samples.classes)
    if number < 2 or samples.features.ndim != 2:
        raise InvalidInputError(
            "the samples are no vectors of two or more classes",
            code="features.unlabelled",
            found=f"features of shape {samples.features.shape}, {counted(number, 'label')} {listed(samples.classes)}",
            wanted="vectors (N, F), and labels of two classes at least",
        )
    return number
