"""Steps and lists of steps as a module for PyTorch: :class:`qsac.torch.QuantumLayer`.

JAX computes, and differentiates: PyTorch's autograd is given the product with the Jacobian. Numbers go to the processor
and back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
import torch
from torch.autograd.function import once_differentiable

from qsac.errors import InvalidInputError
from qsac.families.contract import Model
from qsac.families.reading import model_of
from qsac.frameworks.backends import Gradient, backend_of
from qsac.frameworks.jax import mapped
from qsac.frameworks.learners import AnyModel, in_double, mapping_of
from qsac.training.from_circuits.machine import Held

if TYPE_CHECKING:
    from qsac.machine.read import AnyTarget

PERTURBATION = 0.01
"""How far ``spsa`` moves all numbers to both sides, of exact outputs; by shots ten times as far."""


class QuantumLayer(torch.nn.Module):  # type: ignore[misc]  # without type information
    """A step, or a list of steps, as a module: from inputs (.., F), or (.., T, F) where steps read sequences, to
    outputs (.., G) of the same dtype, float32 or float64, and device.

    ``step``: the dictionary of one step, such as a circuit; a list of steps, {"steps": [..]}; or a model or its file.
    What is left out is drawn by ``seed``; everything is a parameter. ``dimension``: F, where nothing else says it.
    ``backend``: ``exact``, by JAX, or a target that circuits are compiled for, with its ``noise`` if that is asked for.
    ``shots``: of each circuit and each group of observables; None for exact numbers, 10,000 with noise. ``gradient``:
    ``exact``, ``parameter-shift``, or ``spsa``: one direction of signs for each backward pass. With shots and for a
    target it is ``parameter-shift`` unless it says otherwise.

    :attr:`success` has the success probabilities (..) of the last call. There is no double backward: it raises. Under
    ``torch.compile`` the layer is a graph break. Raises :class:`~qsac.errors.QsacError` for what is no list of steps.
    """

    def __init__(
        self,
        step: AnyModel,
        *,
        backend: AnyTarget = "exact",
        shots: int | None = None,
        noise: bool = False,
        gradient: Gradient | None = None,
        dimension: int | None = None,
        seed: int = 0,
        dtype: torch.dtype | None = None,
        device: Any = None,
    ) -> None:
        super().__init__()
        found = mapping_of(step, dimension)
        if found is None:
            raise InvalidInputError(
                "this is no step, nor a list of steps",
                code="train.family-cannot-learn",
                wanted='a step such as {"type": "circuit", ..}, or a model with the section "steps"',
                help="qsac.torch.AttentionLayer takes models of quantum attention",
            )
        self._backend = backend_of(backend, shots, noise=noise, gradient=gradient)
        self._learner, self._prefix = found
        self._sequences = self._learner.takes_sequences()
        self._seed, self._calls = seed, 0
        self.success: torch.Tensor | None = None
        self._held = None if self._backend.machine is None else Held(self._backend.machine)
        self._function = jax.jit(self._outputs)
        kind = torch.get_default_dtype() if dtype is None else dtype
        for name, values in self._learner.initial(seed).items():
            tensor = torch.as_tensor(values, dtype=kind, device=device)
            _register(self, name.removeprefix(self._prefix).split("."), torch.nn.Parameter(tensor))

    @classmethod
    def from_model(cls, model: AnyModel, **options: Any) -> QuantumLayer:
        """The layer whose parameters are a model's numbers."""
        return cls(model_of(model), **options)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """The outputs."""
        self._calls += 1
        names, tensors = zip(*self.named_parameters(), strict=True) if list(self.parameters()) else ((), ())
        outputs, success = _Mapped.apply(partial(self._evaluated, names, self._calls), inputs, *tensors)
        self.success = success.detach()
        return outputs

    def to_model(self, sample: Any = None, name: str = "model") -> Model:
        """The model of the parameters as they are, on a sample if one is given."""
        own = np.empty(0) if sample is None else _array(sample)
        numbers = {self._prefix + key: _array(values) for key, values in self.named_parameters()}
        return self._learner.model(in_double(numbers), own, name)

    def load_model(self, model: AnyModel) -> None:
        """Take the numbers of a model of the same shape. Raises :class:`~qsac.errors.InvalidInputError` for another."""
        found = self._learner.trained_of(model_of(model))
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                parameter.copy_(torch.as_tensor(found[self._prefix + name]))

    def extra_repr(self) -> str:
        """What is learned, in words."""
        return "; ".join(f"{label}: {text}" for label, text in self._learner.facts())

    # In JAX

    def _outputs(self, parameters: Mapping[str, Any], inputs: Any, key: Any) -> tuple[Any, Any]:
        measuring = self._backend.measuring(key, self._held)
        return mapped(self._learner, self._prefix, self._sequences, parameters, jnp.asarray(inputs), measuring)

    def _evaluated(
        self, names: tuple[str, ...], call: int, inputs: Any, *arrays: Any
    ) -> tuple[Any, Any, Callable[[Any], tuple[Any, ...]]]:
        """The outputs, the success probabilities, and the product with the Jacobian: what a cotangent of the outputs
        makes of the inputs and of each parameter."""
        key = jax.random.fold_in(jax.random.key(self._seed), call)
        given = dict(zip(names, arrays, strict=True))
        if self._backend.gradient == "spsa":
            outputs, success = self._there(self._function(given, inputs, key))
            return outputs, success, partial(self._perturbed, given, inputs, key)
        (outputs, success), pull = jax.vjp(
            lambda some, rows: self._function(some, rows, key), given, jnp.asarray(inputs)
        )
        outputs, success = self._there((outputs, success))

        def pulled(cotangent: Any) -> tuple[Any, ...]:
            of_arrays, of_inputs = self._there(pull((cotangent, jnp.zeros_like(success))))
            return (of_inputs, *(of_arrays[name] for name in names))

        return outputs, success, pulled

    def _there(self, found: Any) -> Any:
        """What JAX has computed, once it is there, as NumPy's arrays. Raises what a backend's machine raised."""
        arrays = jax.tree.map(np.asarray, found)
        if self._held is not None:
            self._held.check()
        return arrays

    def _perturbed(self, given: dict[str, Any], inputs: Any, key: Any, cotangent: Any) -> tuple[Any, ...]:
        """The slope along one direction of signs, times the signs."""
        reach = PERTURBATION * (10 if self._backend.is_drawn else 1)
        leaves, structure = jax.tree.flatten((inputs, list(given.values())))
        keys = jax.random.split(key, len(leaves) + 2)
        signs = [jax.random.rademacher(one, leaf.shape, leaf.dtype) for one, leaf in zip(keys, leaves, strict=False)]
        sides = []
        for sign, one in zip((1, -1), keys[-2:], strict=True):
            moved = [leaf + sign * reach * part for leaf, part in zip(leaves, signs, strict=True)]
            rows, numbers = jax.tree.unflatten(structure, moved)
            sides.append(self._there(self._function(dict(zip(given, numbers, strict=True)), rows, one))[0])
        slope = np.sum(cotangent * (sides[0] - sides[1])) / (2 * reach)
        return tuple(slope * np.asarray(part) for part in signs)


class _Mapped(torch.autograd.Function):  # type: ignore[misc]  # without type information
    """A function of JAX within PyTorch's graph."""

    @staticmethod
    def forward(ctx: Any, evaluated: Any, inputs: torch.Tensor, *parameters: torch.Tensor) -> tuple[Any, Any]:
        with _precision(inputs):
            arrays = [_array(tensor.to(inputs.dtype)) for tensor in (inputs, *parameters)]
            outputs, success, ctx.pull = evaluated(*arrays)
        ctx.like = (inputs, *parameters)
        found = _tensor(outputs, inputs), _tensor(success, inputs)
        ctx.mark_non_differentiable(found[1])
        return found

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]  # without type information
    def backward(ctx: Any, cotangent: torch.Tensor, _success: Any) -> tuple[Any, ...]:
        inputs = ctx.like[0]
        with _precision(inputs):
            found = ctx.pull(_array(cotangent.to(inputs.dtype)))
        return (None, *(_tensor(one, like) for one, like in zip(found, ctx.like, strict=True)))


def from_model(model: AnyModel, **options: Any) -> QuantumLayer:
    """:meth:`QuantumLayer.from_model`."""
    return QuantumLayer.from_model(model, **options)


def _register(module: torch.nn.Module, path: list[str], parameter: torch.nn.Parameter) -> None:
    for part in path[:-1]:
        if part not in module._modules:
            module.add_module(part, torch.nn.Module())
        module = module.get_submodule(part)
    # A block's array is called ``parameters``, as a method of modules is, for which reason register_parameter refuses
    # it: the names of state_dict are those of model files all the same.
    module._parameters[path[-1]] = parameter


def _precision(like: torch.Tensor) -> AbstractContextManager[Any]:
    """JAX in the precision of a tensor, within the block."""
    home: Any = jax if hasattr(jax, "enable_x64") else jax.experimental
    context: AbstractContextManager[Any] = home.enable_x64(like.dtype == torch.float64)
    return context


def _array(values: Any) -> Any:
    return values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else np.asarray(values)


def _tensor(array: Any, like: torch.Tensor) -> torch.Tensor:
    return torch.as_tensor(np.array(array), dtype=like.dtype, device=like.device)
