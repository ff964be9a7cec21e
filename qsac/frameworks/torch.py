"""Models as modules for PyTorch: reached as ``qsac.torch``."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np
import torch

from qsac.errors import InvalidInputError
from qsac.families.contract import Model
from qsac.families.learning import Learner
from qsac.families.reading import model_of
from qsac.frameworks.learners import AnyModel, in_double, learner_of
from qsac.optional import optional_package


def __getattr__(name: str) -> object:
    """:class:`QuantumLayer` and :func:`from_model`, which need JAX as well."""
    if name in ("QuantumLayer", "from_model"):
        optional_package("jax", f"qsac.torch.{name}", "pip install 'qsac[train]'")
        return getattr(import_module("qsac.frameworks.torch_steps"), name)
    raise AttributeError(f"module 'qsac.torch' has no attribute {name!r}")


class AttentionLayer(torch.nn.Module):  # type: ignore[misc]  # without type information
    """Quantum attention as a module: from tokens (.., T, d), real or complex, to what it predicts after each of them.

    ``model``: a model, its file or dictionary, all of whose numbers are parameters; or the dictionary of a sketch, for
    tokens of ``dimension`` entries, ``real`` or complex, whose parameters are drawn by ``seed``. ``normalise``: whether
    predictions z_j come at length 1. ``dtype`` and ``device`` are those of the parameters, which are real.

    Tokens may have any lengths: they are normalised. For words by their numbers, (.., L), the layer gives the
    probabilities of those that follow each, (.., L, M). The names of ``state_dict`` are those of templates: ``value``,
    ``score``, ``kernel``, or ``heads.0.value`` and so on. Raises :class:`~qsac.errors.QsacError` for a model that
    cannot be trained, or not in PyTorch.
    """

    def __init__(
        self,
        model: AnyModel,
        *,
        dimension: int | None = None,
        real: bool = False,
        seed: int = 0,
        normalise: bool = False,
        dtype: torch.dtype | None = None,
        device: Any = None,
    ) -> None:
        super().__init__()
        self._learner: Learner = learner_of(model, dimension, real=real)
        if not hasattr(self._learner, "predictions_in_torch"):
            raise InvalidInputError(
                "models of this family are no layers for PyTorch",
                code="train.family-cannot-learn",
                wanted='a model with the section "attention"',
                help="qsac.jax.layer takes every model that can be trained",
            )
        self.normalise = normalise
        kind = torch.get_default_dtype() if dtype is None else dtype
        for name, values in self._learner.initial(seed).items():
            *path, last = name.split(".")
            holder: torch.nn.Module = self
            for part in path:
                if part not in holder._modules:
                    holder.add_module(part, torch.nn.Module())
                holder = holder.get_submodule(part)
            holder.register_parameter(last, torch.nn.Parameter(torch.as_tensor(values, dtype=kind, device=device)))

    @classmethod
    def from_model(cls, model: AnyModel, **options: Any) -> AttentionLayer:
        """The layer whose parameters are a model's numbers."""
        return cls(model_of(model), **options)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """z_j after each token, or the probabilities of the words that follow."""
        words = not (tokens.is_floating_point() or tokens.is_complex())
        last = tokens[..., -1:] if words else tokens[..., -1:, :]
        # What is predicted after the last token is asked for too: one more stands behind it, and is not looked at.
        batch = torch.cat([tokens, last], dim=-1 if words else -2)
        found: torch.Tensor = self._learner.predictions_in_torch(dict(self.named_parameters()), batch)  # type: ignore[attr-defined]
        return _unit(found) if self.normalise and not words else found

    def to_model(self, tokens: Any, name: str = "model") -> Model:
        """The model of the parameters as they are, to be compiled: of tokens (T+1, d), the last of which is the last
        target, or of words (L,). Tensors or arrays."""
        return self._learner.model(self._numbers(), _array(tokens), name)

    def load_model(self, model: AnyModel) -> None:
        """Take the numbers of a model of the same shape. Raises :class:`~qsac.errors.InvalidInputError` for another."""
        found = self._learner.trained_of(model_of(model))
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                parameter.copy_(torch.as_tensor(found[name]))

    def extra_repr(self) -> str:
        """What is learned, in words."""
        return "; ".join(f"{label}: {text}" for label, text in self._learner.facts())

    def _numbers(self) -> dict[str, Any]:
        return in_double(dict(self._arrays()))

    def _arrays(self) -> Iterator[tuple[str, Any]]:
        for name, parameter in self.named_parameters():
            yield name, _array(parameter)


def _array(values: Any) -> Any:
    """A tensor, wherever it is, or what can be an array, as NumPy's array."""
    return values.detach().cpu().resolve_conj().numpy() if isinstance(values, torch.Tensor) else np.asarray(values)


def _unit(rows: torch.Tensor) -> torch.Tensor:
    """Rows at length 1; those of zeros stay as they are."""
    squares = (rows.conj() * rows).real.sum(-1, keepdim=True)
    return rows / torch.sqrt(torch.where(squares > 0, squares, torch.ones_like(squares)))
