"""Arrays that are bound in place of a model's own: whether they are arrays of numbers of the same shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from qsac.arguments import shown
from qsac.errors import InvalidInputError
from qsac.families.contract import Parameter
from qsac.files.numbers import Numbers, exactly_real


def like(array: Numbers) -> Parameter:
    """What can be bound in place of an array."""
    return Parameter(array.shape, bool(np.iscomplexobj(array)))


def checked_array(given: ArrayLike, wanted: Parameter, pointer: str, what: str = "tokens") -> Numbers:
    """``given`` as an array of the shape that is ``wanted``, float64 where exactly real.

    A real array with one axis of 2 more holds [re, im] pairs. Raises :class:`~qsac.errors.InvalidInputError` for
    anything else. ``what`` is what diagnostics call it: a plural.
    """
    kind = "complex" if wanted.complex else "real"
    rows = f"{wanted.shape[0]} rows of {wanted.shape[1]}" if len(wanted.shape) == 2 else f"{wanted.shape[0]}"
    said = f"{rows} {kind} numbers, as the template was compiled for"
    try:
        array = np.asarray(given)
    except ValueError:
        raise InvalidInputError(
            f"the {what} are not an array",
            code="tokens.unequal-rows",
            pointer=pointer,
            found="rows of unequal length",
            wanted=said,
        ) from None
    except (TypeError, RuntimeError) as error:  # as other packages' arrays raise them
        raise InvalidInputError(
            f"the {what} cannot be read as an array",
            code="array.unreadable",
            pointer=pointer,
            found=f"{shown(given)}: {error}",
            wanted=said,
        ) from None
    if array.dtype.kind not in "iufc":
        raise InvalidInputError(
            f"the {what} are not numbers",
            code="array.not-numbers",
            pointer=pointer,
            found=f"entries of kind {array.dtype}",
            wanted=said,
        )
    if array.ndim == len(wanted.shape) + 1 and array.shape[-1] == 2 and array.dtype.kind != "c":
        array = np.ascontiguousarray(array, dtype=np.float64).view(np.complex128)[..., 0]
    if array.shape != wanted.shape:
        raise InvalidInputError(
            f"the {what} do not have the template's shape",
            code="template.wrong-shape",
            pointer=pointer,
            found=f"shape {array.shape}",
            wanted=said,
            help=f"compile a template of a model with {what} of this shape",
        )
    values = exactly_real(array.copy())  # the caller's own array stays as it is: nobody may write into a model's
    if not wanted.complex and np.iscomplexobj(values):
        raise InvalidInputError(
            f"the {what} are complex, and the template is for real ones",
            code="template.complex-tokens",
            pointer=pointer,
            wanted=said,
            help=f"compile a template of a model with complex {what}: it takes real ones too",
        )
    return values
