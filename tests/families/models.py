"""Small models that tests change one field of."""

from typing import Any


def minimal(**attention: Any) -> dict[str, Any]:
    """Three real tokens of dimension 2, the kernel s, no unitaries; ``attention`` replaces its fields."""
    return {
        "qsac": 1,
        "tokens": {"type": "inline", "values": [[1, 0], [1, 1], [0, 2]]},
        "attention": {
            "type": "overlap",
            "kernel": {"type": "monomial", "degree": 1},
            "value": {"type": "identity"},
            "score": {"type": "identity"},
            **attention,
        },
    }


def with_values(values: Any, **attention: Any) -> dict[str, Any]:
    """:func:`minimal` with other inline tokens."""
    return {**minimal(**attention), "tokens": {"type": "inline", "values": values}}


def with_tokens(**tokens: Any) -> dict[str, Any]:
    """:func:`minimal` with tokens of another source."""
    return {**minimal(), "tokens": tokens}


def tfim(**fields: Any) -> dict[str, Any]:
    """:func:`minimal` with the states of an Ising chain."""
    chain = {"sites": 2, "context": 4, "dt": 0.35, "coupling": 1.0, "field": 0.8, "initial": "haar", "seed": 3}
    return with_tokens(type="tfim", **{**chain, **fields})
