"""From a source's numbers to the token sequence of a model."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from qsac.errors import InvalidInputError
from qsac.families import schema
from qsac.families.tokens.evolution import Evolution, hamiltonian_evolution, hamiltonian_tokens
from qsac.families.tokens.file import file_tokens
from qsac.families.tokens.inline import inline_tokens
from qsac.families.tokens.text import read_text
from qsac.families.tokens.tfim import tfim_evolution, tfim_tokens
from qsac.files.numbers import Numbers, exactly_real


def token_values(tokens: schema.Tokens, folder: Path, pointer: str = "/tokens") -> Numbers:
    """The (T+1, d) values of any source, as given: float64 where exactly real, else complex128. Read-only.

    ``folder`` is what a file source's path is relative to. No row of the result is zero.
    """
    if isinstance(tokens, schema.InlineTokens):
        values, place = inline_tokens(tokens.values, f"{pointer}/values"), f"{pointer}/values"
    elif isinstance(tokens, schema.FileTokens):
        values, place = file_tokens(tokens.path, folder, f"{pointer}/path", tokens.array), f"{pointer}/path"
    elif isinstance(tokens, schema.TfimTokens):
        values, place = tfim_tokens(tokens, pointer), pointer
    elif isinstance(tokens, schema.HamiltonianTokens):
        values, place = hamiltonian_tokens(tokens, pointer), pointer
    else:
        return read_text(tokens, folder, pointer).tokens
    empty = np.flatnonzero(~values.any(axis=1))
    if empty.size:
        inline = isinstance(tokens, schema.InlineTokens)
        raise InvalidInputError(
            f"token {empty[0]} is zero",
            code="tokens.zero-token",
            pointer=f"{place}/{empty[0]}" if inline else place,
            found=f"row {empty[0]} (counted from 0) of {len(values):,} with all {values.shape[1]:,} entries 0",
            wanted="at least one entry other than 0: rows are normalised on loading, and a zero row has no direction",
            help="remove the token, or give it the state that stands for nothing in your data",
        )
    return exactly_real(values)


def token_evolution(tokens: schema.Tokens, pointer: str = "/tokens") -> Evolution | None:
    """What takes each token to the next, where the source says so."""
    if isinstance(tokens, schema.TfimTokens):
        return tfim_evolution(tokens)
    return hamiltonian_evolution(tokens, pointer) if isinstance(tokens, schema.HamiltonianTokens) else None


def normalised(values: Numbers, dimension: int) -> Numbers:
    """Rows of length 1, zero-padded to ``dimension``; (T+1, d), same dtype, read-only. No row may be zero.

    Each row is first scaled by an exact power of two, so that neither 1e200 nor 1e-200 is lost in the squares.
    """
    padded = np.zeros((values.shape[0], dimension), dtype=values.dtype)
    parts = values.view(np.float64).reshape(values.shape[0], -1)
    _, exponents = np.frexp(np.abs(parts).max(axis=1))
    scaled = np.ldexp(parts, -exponents[:, None])
    scaled /= np.sqrt(np.einsum("ij,ij->i", scaled, scaled))[:, None]
    padded[:, : values.shape[1]] = scaled.view(values.dtype)
    padded.flags.writeable = False
    result: Numbers = padded
    return result


def padded_dimension(given: int) -> int:
    """The power of two, at least 2, that rows of ``given`` entries are padded to."""
    return max(2, 1 << (given - 1).bit_length())
