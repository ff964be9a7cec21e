"""The model as a page draws it: its parts, heat maps and kernels, or what its family says of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from qsac.errors import QsacError
from qsac.families.contract import Model
from qsac.families.pictures import Pictured
from qsac.families.registry import family_of
from qsac.views.page.columns import packed


def model_data(model: Model, blobs: dict[str, Any]) -> dict[str, Any]:
    """Parts, pictures and summary of a model; heat maps go to ``blobs``. Masked entries are -1."""
    family = family_of(model)
    data: dict[str, Any] = {
        "summary": [list(fact) for fact in family.summary(model)],
        "parts": [],
        "maps": [],
        "curves": [],
    }
    if not isinstance(family, Pictured):
        return data
    data["parts"] = [asdict(part) for part in family.parts(model)]
    data["curves"] = [asdict(curve) for curve in family.curves(model)]
    try:
        maps = family.heat_maps(model)
    except QsacError:  # the numbers of the model are too large to be computed with
        return data
    for number, found in enumerate(maps):
        values = np.nan_to_num(found.values, nan=-1.0, posinf=0.0)
        blobs[f"map.{number}"] = packed(values, "f4")
        data["maps"].append(
            {
                "blob": f"map.{number}",
                "title": found.title,
                "rows": found.rows,
                "columns": found.columns,
                "rowPlaces": found.row_places,
                "columnPlaces": found.column_places,
                "rowLabels": found.row_labels,
                "columnLabels": found.column_labels,
                "field": found.field,
                "most": float(np.max(values, initial=0.0)),
            }
        )
    return data
