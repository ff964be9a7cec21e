"""From valid fields to a model of quantum attention."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from qsac.errors import InvalidInputError
from qsac.families.qsa import schema
from qsac.families.qsa.heads import Sizes, build_heads
from qsac.families.qsa.model import Model
from qsac.families.qsa.readouts.reading import build_readout
from qsac.families.qsa.text import lengths_of
from qsac.families.schema import TextTokens
from qsac.families.tokens.sequence import normalised, padded_dimension, token_evolution, token_values
from qsac.families.tokens.text import read_text
from qsac.files.numbers import number_list
from qsac.files.pointer import counted, kind, nearest


def read(given: schema.ModelFile, fields: Mapping[str, Any], folder: Path) -> Model:
    """The model of a file; see :meth:`qsac.families.contract.Family.read`."""
    text = read_text(given.tokens, folder, "/tokens") if isinstance(given.tokens, TextTokens) else None
    values = token_values(given.tokens, folder) if text is None else text.tokens
    dimension = padded_dimension(values.shape[1])
    attention = given.attention
    sizes = Sizes(len(values) - 1, values.shape[1], dimension, real=not np.iscomplexobj(values))
    heads, canonical_heads = build_heads(attention, fields["attention"], sizes)
    tokens = normalised(values, dimension)
    several = len(heads) if "heads" in canonical_heads else None
    asked = given.readout
    readout, canonical_readout = build_readout(asked, attention.mask, tokens, values.shape[1], folder, several, text)
    phases: Any = None
    if "phases" in fields["attention"]:
        phases = _phases(fields["attention"]["phases"], "/attention/phases", len(values) - 1)
    canonical: dict[str, Any] = {
        "qsac": given.qsac,
        "name": given.name,
        "attention": {"type": attention.type, "mask": attention.mask, **canonical_heads},
        "readout": canonical_readout,
    }
    if phases is not None:
        canonical["attention"]["phases"] = phases if isinstance(phases, str) else phases.tolist()
    lengths = None if text is None else lengths_of(text)
    return Model(
        name=given.name,
        tokens=tokens,
        mask=attention.mask,
        heads=heads,
        readout=readout,
        given_tokens=values,
        given_phases=phases,
        fields=canonical,
        evolution=token_evolution(given.tokens),
        text=text,
        lengths=None if lengths is None or (lengths == 1).all() else lengths,
    )


def _phases(given: object, pointer: str, context: int) -> np.ndarray[Any, np.dtype[np.float64]] | str:
    if given == "optimal" and isinstance(given, str):
        return "optimal"
    if not isinstance(given, list):
        guess = isinstance(given, str) and nearest(given, ["optimal"])
        raise InvalidInputError(
            '"phases" is neither a list nor "optimal"',
            code="field.wrong-type",
            pointer=pointer,
            found=kind(given),
            wanted=f'{counted(context, "number")} (radians), or "optimal"',
            help='did you mean "optimal"?' if guess else "leave the field out for no phases",
        )
    phases = number_list(given, pointer, context, "one for each context token, in radians")
    phases.flags.writeable = False
    return phases
