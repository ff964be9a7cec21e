"""The closed form in PyTorch: :mod:`qsac.families.qsa.learning.closed_form` with its tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from qsac.families.ansatz import ring_permutation
from qsac.families.qsa.learning import closed_form
from qsac.families.qsa.learning.assembly import heads_of
from qsac.families.qsa.learning.outline import Outline
from qsac.families.qsa.learning.unitaries import Fixed, Form, Layered, Orthogonal


def predictions(outline: Outline, trained: Mapping[str, torch.Tensor], batch: torch.Tensor) -> torch.Tensor:
    """z_j of the context of sequences (.., T+1, d), of any length each, the last of which is not looked at; for words
    (.., L) the probabilities of those that follow, (.., L-1, M)."""
    own = {name: trained[name] for name in outline.shapes}
    words = None
    if outline.embedding is None:
        rows = batch[..., :-1, :]
    else:
        words = embedded(own["embedding"])
        rows = words[batch[..., :-1]]
    rows = closed_form.lengthened(torch, rows)
    rows = torch.nn.functional.pad(rows, (0, outline.dimension - outline.given))
    heads, rows = _of_one_type(_heads(outline, own, rows), rows)
    found = closed_form.predictions(torch, heads, rows)[..., : outline.given]
    if words is None:
        return found
    amplitudes = torch.einsum("...jd,ld->...jl", found, words.conj().to(found.dtype))
    shares = closed_form.squares(torch, amplitudes[..., None])
    return shares / (closed_form.squares(torch, found)[..., None] + closed_form.TINY)


def _heads(outline: Outline, own: Mapping[str, torch.Tensor], rows: torch.Tensor) -> closed_form.Heads:
    precision = rows.real.dtype
    for tensor in own.values():
        precision = torch.promote_types(precision, tensor.dtype)

    def array(values: Any) -> torch.Tensor:
        found = torch.as_tensor(np.asarray(values), device=rows.device)
        return found.to(precision) if found.dtype.is_floating_point else found

    return heads_of(
        torch,
        outline,
        own,
        lambda forms, learned: [unitary(*pair, array) for pair in zip(forms, learned, strict=True)],
        array,
        rows.shape[-2],
    )


def _of_one_type(heads: closed_form.Heads, rows: torch.Tensor) -> tuple[closed_form.Heads, torch.Tensor]:
    """Heads and tokens of one type, as contractions need them: complex where one of them is."""
    kind = torch.promote_types(rows.dtype, heads.coefficients.dtype)
    for matrices in (heads.values, heads.scores):
        kind = kind if matrices is None else torch.promote_types(kind, matrices.dtype)
    values, scores = (None if one is None else one.to(kind) for one in (heads.values, heads.scores))
    return heads._replace(values=values, scores=scores), rows.to(kind)


def unitary(form: Form, learned: torch.Tensor | None, array: Any) -> torch.Tensor:
    """The matrix of a form by what it has learned, (d, d)."""
    if isinstance(form, Fixed) or learned is None:
        matrix = form.matrix(None)
        real: torch.Tensor = array(matrix.real)
        return torch.complex(real, array(matrix.imag)) if np.iscomplexobj(matrix) else real
    if isinstance(form, Layered):
        return layered(form, learned)
    if isinstance(form, Orthogonal):
        return torch.linalg.matrix_exp((learned - learned.mT) / 2) * array(form.signs).to(learned.dtype)
    matrices = torch.complex(learned[..., 0], learned[..., 1])
    return torch.linalg.matrix_exp(0.5j * (matrices + matrices.mH))


def layered(form: Layered, angles: torch.Tensor) -> torch.Tensor:
    """The ansatz as a matrix, (d, d), by Kronecker products over the halves of the qubits."""
    gates = _gates(form.rotations, angles)
    half = form.qubits // 2
    source = torch.as_tensor(ring_permutation(form.qubits), device=angles.device)
    dimension = 2**form.qubits
    states = torch.eye(dimension, dtype=gates.dtype, device=gates.device)
    for layer in gates:
        high, low = torch.ones(1, 1, dtype=gates.dtype, device=gates.device), layer[half]
        for gate in layer[:half]:
            high = torch.kron(high, gate)
        for gate in layer[half + 1 :]:
            low = torch.kron(low, gate)
        split = states.reshape(len(high), len(low), dimension)
        turned = torch.einsum("xa,yb,abc->xyc", high, low, split)
        states = turned.reshape(dimension, dimension)[source]
    return states


def _gates(rotations: tuple[str, ...], angles: torch.Tensor) -> torch.Tensor:
    """Each qubit's gate, (.., 2, 2), of its angles (.., rotations)."""
    real = set(rotations) <= {"ry"}
    result = torch.eye(2, dtype=angles.dtype, device=angles.device)
    result = result if real else result + 0j
    for number, axis in enumerate(rotations):
        c, s = torch.cos(angles[..., number] / 2), torch.sin(angles[..., number] / 2)
        entries = _entries(axis, c, s)
        gate = torch.stack([entry if real else entry + 0j for entry in entries], -1)
        result = gate.reshape(*c.shape, 2, 2) @ result
    return result


def _entries(axis: str, c: torch.Tensor, s: torch.Tensor) -> list[torch.Tensor]:
    """The entries of R_P(theta) by the cosine and the sine of theta / 2, row by row."""
    if axis == "ry":
        return [c, -s, s, c]
    if axis == "rx":
        return [c, -1j * s, -1j * s, c]
    return [c - 1j * s, torch.zeros_like(c), torch.zeros_like(c), c + 1j * s]


def embedded(learned: torch.Tensor) -> torch.Tensor:
    """x_l, (M, d): the conjugated rows of the isometry nearest to what is learned."""
    matrix = torch.complex(learned[..., 0], learned[..., 1]) if learned.ndim == 3 else learned
    found: torch.Tensor = _Polar.apply(matrix)
    return found.conj()


class _Polar(torch.autograd.Function):  # type: ignore[misc]  # without type information
    """The polar factor of a matrix with as many rows as columns or more. Its derivative, unlike that of its singular
    vectors, is finite where singular values are equal; see :func:`qsac.families.spectral.polar`."""

    @staticmethod
    def forward(context: Any, matrix: torch.Tensor) -> torch.Tensor:
        left, sizes, right = torch.linalg.svd(matrix, full_matrices=False)
        context.save_for_backward(left, sizes, right)
        return left @ right

    @staticmethod
    def backward(context: Any, given: torch.Tensor) -> torch.Tensor:
        """For P = U V^dagger and the gradient G: U (K - K^dagger)/(s_i + s_j) V^dagger + (1 - U U^dagger) G V S^-1
        V^dagger, K = U^dagger G V."""
        left, sizes, right = context.saved_tensors
        inner = left.mH @ given @ right.mH
        turned = left @ ((inner - inner.mH) / (sizes[:, None] + sizes)) @ right
        return turned + (given @ right.mH - left @ inner) / sizes @ right
