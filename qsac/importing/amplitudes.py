"""Arrays that are those of a model of amplitudes already: they are taken as they are."""

from __future__ import annotations

from typing import Any

from qsac.errors import InvalidInputError
from qsac.files.numbers import Numbers
from qsac.importing.names import NamedArrays
from qsac.importing.options import ActivationFit, KernelChoice
from qsac.importing.report import Piece

_HEAD = ("query", "key", "score", "value", "output")
_LAYER = "layers.{l}."
_FEED_FORWARD = _LAYER + "feed_forward."


class TakenModel:
    """The section ``transformer`` of arrays by their names in the model file, and what was taken.

    ``kernel``: that of all layers, linear by default. ``feed_forward``: coefficients of polynomial feed-forwards that
    have no array of them.
    """

    def __init__(self, arrays: NamedArrays, kernel: KernelChoice | None, feed_forward: ActivationFit) -> None:
        self.arrays, self.kernel, self.feed_forward = arrays, kernel, feed_forward
        self.pieces: list[Piece] = []
        self.layers = [self._layer(place) for place in range(arrays.layers())]
        self.embedding, self.position, self.vocabulary = map(self._taken, ("embedding", "position", "vocabulary"))

    def _taken(self, part: str, **numbers: int) -> Numbers | None:
        values = self.arrays.get(part, **numbers)
        if values is not None:
            name = part.format(**{letter: numbers.get(letter, 0) for letter in "lhc"})
            self.pieces.append(Piece(name, "taken", float(values.size), "numbers", 0.0))
        return values

    def _layer(self, place: int) -> dict[str, Any]:
        heads: list[dict[str, Numbers]] = []
        while head := self._head(place, len(heads)):
            heads.append(head)
        attention: dict[str, Any] = {"mask": self.arrays.names.mask, "kernel": self._kernel(), "heads": heads}
        fields: dict[str, Any] = {"attention": attention}
        for name in ("residual", "feed_forward_residual"):
            values = self._taken(_LAYER + name, l=place)
            if values is not None:
                fields[name] = values
        feed_forward = self._factors(place) or self._polynomial(place)
        if feed_forward is not None:
            fields["feed_forward"] = feed_forward
        return fields

    def _head(self, place: int, head: int) -> dict[str, Numbers]:
        found = {name: self._taken(f"{_LAYER}heads.{{h}}.{name}", l=place, h=head) for name in _HEAD}
        return {name: values for name, values in found.items() if values is not None}

    def _kernel(self) -> dict[str, Any]:
        if self.kernel is None or self.kernel.type == "linear":
            return {"type": "linear"}
        if self.kernel.type == "softmax-taylor":
            temperature = {} if self.kernel.temperature is None else {"temperature": self.kernel.temperature}
            return {"type": "softmax-taylor", "degree": self.kernel.degree, **temperature}
        if self.kernel.numbers is None:
            raise InvalidInputError(
                "the kernel of a model that is taken as it is must be given by its coefficients",
                code="import.no-coefficients",
                found="a polynomial without coefficients",
                wanted='{"type": "polynomial", "coefficients": [c_0, .., c_k]}',
            )
        return {"type": "polynomial", "coefficients": list(self.kernel.numbers)}

    def _factors(self, place: int) -> dict[str, Any] | None:
        factors: list[dict[str, Numbers]] = []
        while True:
            numbers = {"l": place, "c": len(factors)}
            matrix = self._taken(_FEED_FORWARD + "factors.{c}.matrix", **numbers)
            if matrix is None:
                break
            bias = self._taken(_FEED_FORWARD + "factors.{c}.bias", **numbers)
            factors.append({"matrix": matrix} | ({} if bias is None else {"bias": bias}))
        if not factors:
            return None
        return {"type": "gated", "factors": factors} | self._output(place)

    def _polynomial(self, place: int) -> dict[str, Any] | None:
        into = self._taken(_FEED_FORWARD + "input", l=place)
        if into is None:
            return None
        bias = self._taken(_FEED_FORWARD + "bias", l=place)
        numbers: Any = self._taken(_FEED_FORWARD + "coefficients", l=place)
        if numbers is None:
            numbers = self.feed_forward.coefficients
        if numbers is None:
            raise InvalidInputError(
                "the polynomial of a feed-forward is not given",
                code="import.no-coefficients",
                pointer=f"/arrays/{_FEED_FORWARD}coefficients",
                found=f"layers.{place}.feed_forward.input without coefficients",
                wanted="an array of c_0 .. c_p, or in Python feed_forward={'coefficients': [0, c_1, .., c_p]}",
            )
        fields = {"type": "polynomial", "input": into, "coefficients": list(map(float, numbers))}
        return fields | ({} if bias is None else {"bias": bias}) | self._output(place)

    def _output(self, place: int) -> dict[str, Numbers]:
        out = self._taken(_FEED_FORWARD + "output", l=place)
        return {} if out is None else {"output": out}
