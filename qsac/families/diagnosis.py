"""What diagnostics know of the fields that several families have."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from qsac.families import schema
from qsac.files.diagnosis import Contract, Location

EXAMPLES = {
    "tokens": '"tokens": {"type": "inline", "values": [[1, 0], [0, 1]]}',
    "value": '"value": {"type": "identity"}',
    "score": '"score": {"type": "identity"}',
    "values": '"values": [[1, 0], [0, 1]]',
    "path": '"path": "tokens.npy"',
    "array": '"array": "tokens"',
    "words": '"words": ["to", "be"]',
    "embedding": '"embedding": [[1, 0], [0, 1]]',
    "sites": '"sites": 4',
    "context": '"context": 8',
    "dt": '"dt": 0.35',
    "coupling": '"coupling": 1.0',
    "field": '"field": 0.8',
    "initial": '"initial": "haar"',
    "seed": '"seed": 0',
    "terms": '"terms": [{"paulis": "ZZ", "coefficient": -1.0}, {"paulis": "XI", "coefficient": -0.8}]',
    "paulis": '"paulis": "ZZ"',
    "coefficient": '"coefficient": -1.0',
    "layers": '"layers": 2',
    "parameters": '"parameters": {"init": "normal", "scale": 1.0, "seed": 0}',
    "entries": '"entries": [[[1, 0], [0, 0]], [[0, 0], [1, 0]]]',
    "kernel": '"kernel": {"type": "monomial", "degree": 1}',
    "degree": '"degree": 1',
    "coefficients": '"coefficients": [1, 1, 0.5]',
    "init": '"init": "normal"',
    "type": '"type": "..."',
}

TOKENS: Mapping[Location, type[BaseModel]] = {
    ("tokens", "inline"): schema.InlineTokens,
    ("tokens", "file"): schema.FileTokens,
    ("tokens", "tfim"): schema.TfimTokens,
    ("tokens", "hamiltonian"): schema.HamiltonianTokens,
    ("tokens", "hamiltonian", "terms"): schema.PauliTerm,
    ("tokens", "text"): schema.TextTokens,
}

UNITARIES: Mapping[Location, type[BaseModel]] = {
    ("identity",): schema.IdentityUnitary,
    ("hardware-efficient",): schema.HardwareEfficientUnitary,
    ("matrix",): schema.MatrixUnitary,
}
"""The kinds of a unitary; a family puts the field's place before them."""

KERNELS: Mapping[Location, type[BaseModel]] = {
    ("monomial",): schema.MonomialKernel,
    ("polynomial",): schema.PolynomialKernel,
    ("softmax-taylor",): schema.SoftmaxTaylorKernel,
}
"""The kinds of a kernel, likewise."""

PARAMETERS = Contract('"parameters"', {(): schema.NormalParameters}, EXAMPLES, "qsac schema")
"""The rule to draw an ansatz's parameters, which is validated by itself."""
