"""Models of generic tokens of drawn shapes, with a target and options."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from qsac.compiler.options import Options
from qsac.families.qsa.model import Model
from qsac.families.qsa.shapes import Size
from qsac.families.reading import load

TARGETS = ("h1", "h2", "helios", "statevector", "ibm-fez")
KINDS = ("identity", "dense", "real dense", "layers", "real layers")


def given_model(
    size: Size,
    kernel: dict[str, Any],
    *,
    real: bool = False,
    mask: str = "causal",
    value: str = "identity",
    score: str = "identity",
    phases: bool = False,
    seed: int = 0,
    readout: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A model file of generic tokens."""
    rng = np.random.default_rng(seed)

    def numbers(shape: tuple[int, ...], real: bool) -> Any:
        return rng.normal(size=shape) if real else rng.normal(size=shape) + 1j * rng.normal(size=shape)

    def pairs(values: Any) -> Any:
        return np.stack((values.real, values.imag), axis=-1).tolist()

    def unitary(kind: str) -> dict[str, Any]:
        if kind == "identity":
            return {"type": kind}
        if "dense" in kind:
            drawn = numbers((size.dimension, size.dimension), kind.startswith("real"))
            return {"type": "matrix", "entries": pairs(np.linalg.qr(drawn)[0])}
        rotations = ["ry"] if kind.startswith("real") else ["rx", "ry", "rz"]
        angles = rng.uniform(0.5, 2.5, (2, size.data_qubits, len(rotations))).tolist()
        return {"type": "hardware-efficient", "rotations": rotations, "layers": 2, "parameters": angles}

    tokens = numbers((size.context + 1, size.dimension), real)
    attention: dict[str, Any] = {
        "type": "overlap",
        "mask": mask,
        "kernel": kernel,
        "value": unitary(value),
        "score": unitary(score),
    }
    if phases:
        attention["phases"] = rng.uniform(0.5, 2.5, size.context).tolist()
    file = {
        "qsac": 1,
        "name": "generic",
        "tokens": {"type": "inline", "values": tokens.tolist() if real else pairs(tokens)},
        "attention": attention,
    }
    return file if readout is None else {**file, "readout": readout}


@st.composite
def kernels(draw: st.DrawFn) -> dict[str, Any]:
    degree = draw(st.integers(1, 4))
    kind = draw(st.sampled_from(("monomial", "softmax-taylor", "polynomial", "root at zero")))
    if kind == "monomial":
        return {"type": kind, "degree": degree}
    if kind == "softmax-taylor":
        return {"type": kind, "degree": degree}
    coefficients = np.random.default_rng(draw(st.integers(0, 99))).normal(size=degree + 1)
    coefficients[0] *= kind != "root at zero"
    return {"type": "polynomial", "coefficients": coefficients.tolist()}


@st.composite
def cases(draw: st.DrawFn, kinds: tuple[str, ...] = KINDS) -> tuple[Model, str, Options]:
    """Models of generic tokens, of up to some thousand gates, with a target and options.

    One or two tokens are no more generic where they are written in a basis of their span.
    """
    size = Size(draw(st.integers(3, 24)), draw(st.sampled_from((2, 3, 4, 5, 8, 16, 64))))
    if size.context * size.dimension > 200:
        size = Size(3 + size.context % 6, size.dimension)
    options = Options(
        draw(st.integers(0, 3)),
        qubits=draw(st.sampled_from((None, 20))),
        prefer=draw(st.sampled_from(("qubits", "depth"))),
    )
    if options.optimisation < 2 and size.dimension > 16:  # synthesis of matrices would take most of the time
        size = Size(size.context, 16)
    model = load(
        given_model(
            size,
            draw(kernels()),
            real=draw(st.booleans()),
            mask=draw(st.sampled_from(("causal", "full"))),
            value=draw(st.sampled_from(kinds)),
            score=draw(st.sampled_from(kinds)),
            phases=draw(st.booleans()),
            seed=draw(st.integers(0, 999)),
        )
    )
    return model, draw(st.sampled_from(TARGETS)), options
