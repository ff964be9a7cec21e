"""Feed-forwards: copies of the attention's state, whose amplitudes are multiplied entry by entry (docs/transformer.md,
"The feed-forward")."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from qsac.families.transformer.affine import Affine, copies, has_bias, outward
from qsac.families.transformer.construction.composing import Composition, Names
from qsac.families.transformer.construction.known import attended_at, can_stand_beside
from qsac.families.transformer.construction.matrices import applied
from qsac.families.transformer.construction.planned import At, Planned
from qsac.families.transformer.construction.scores import Degrees
from qsac.families.transformer.lengths import Real
from qsac.families.transformer.model import Gated, Layer
from qsac.files.numbers import Numbers

if TYPE_CHECKING:
    from qsac.families.transformer.construction.states import States


def fed(states: States, level: int, at: At, maps: Sequence[Affine]) -> Planned:
    """The state of layer ``level`` after its feed-forward, for each value of the index of ``at``."""
    layer = states.model.layers[level - 1]
    origin = f"/transformer/layers/{level - 1}/feed_forward"
    constant = has_bias(maps)
    factors, output, terms = _factors(layer, constant)
    matrices = [_whole(one, output, constant) for one in maps]
    alike = len({matrix.tobytes() for matrix in matrices}) == 1
    # What no class changes: the copies, at the position alone.
    own = At((), at.position, at.count)
    beside = not isinstance(at.position, int) or (
        level == 1 and all(can_stand_beside(layer, factor) for factor in factors)
    )
    made_of = [_copy(states, level, own, factor, beside) for factor in factors]
    product = _product(states, own, made_of, terms, origin)
    made = applied(states.composition, product, at.cls, matrices[:1] if alike else matrices, origin)
    # One length for each class and each value of the position's register, which a tied class holds as well.
    lengths = np.broadcast_to(made.lengths.reshape(1 if alike else len(maps), -1), (len(maps), len(product.lengths)))
    if at.tied:
        lengths = lengths[np.arange(len(maps)), np.arange(len(maps)) % len(product.lengths)]
    return made._replace(lengths=lengths.reshape(-1))


def _factors(layer: Layer, constant: bool) -> tuple[list[Affine], Numbers, tuple[float, ...] | None]:
    """The affine maps of the copies, the matrix after their product, and for a polynomial its coefficients c_1, ...

    A ``constant`` is one more row of the copies, and a row and a column of the matrix.
    """
    given, output = layer.feed_forward, outward(layer)
    if given is None or output is None:
        raise TypeError("a layer without a feed-forward has no copies")
    made = list(copies(layer, len(output)))
    if constant:
        if isinstance(given, Gated):
            through, gain = given.passing, float(np.float64(given.passing) ** -len(made))
        else:
            through = _through(given.coefficients)
            gain = 1 / float(np.polynomial.polynomial.polyval(through, given.coefficients))
        made = [copy.with_rows(np.zeros((1, len(output))), np.array([through])) for copy in made]
        output = np.pad(output, ((0, 1), (0, 1)))
        output[-1, -1] = gain
    return (made, output, None) if isinstance(given, Gated) else _terms(made[0], output, given.coefficients)


def _terms(
    first: Affine, output: Numbers, coefficients: tuple[float, ...]
) -> tuple[list[Affine], Numbers, tuple[float, ...] | None]:
    """The copies of a polynomial; of one term c x^p p factors, with c in the matrix after them."""
    powers = [power for power, c in enumerate(coefficients) if c]
    if len(powers) > 1:
        return [first], output, coefficients[1 : powers[-1] + 1]
    return [first] * powers[0], coefficients[powers[0]] * output, None


def _through(coefficients: tuple[float, ...]) -> float:
    """A number at which a polynomial is not small."""
    tried = np.array([1.0, -1.0, 0.5, -0.5, 0.25, -0.25, 2.0, -2.0])
    values = np.abs(np.polynomial.polynomial.polyval(tried, coefficients)) / np.maximum(1, np.abs(tried))
    return float(tried[int(np.argmax(values))])


def _whole(one: Affine, output: Numbers, constant: bool) -> Numbers:
    """The matrix after the copies' product for one class: its map after the feed-forward's own matrix, the bias on what
    the constant has become."""
    result: Numbers = one.matrix @ output[:-1] if constant else one.matrix @ output
    return result + np.outer(one.bias, output[-1]) if constant else result


def _copy(states: States, level: int, at: At, factor: Affine, beside: bool) -> partial[Planned]:
    """What plans one copy, anew for each."""
    if level == 1 and isinstance(at.position, int):
        return partial(attended_at, states.model, states.composition, at.position, factor, beside=beside)
    return partial(states.attended, level, at, [factor])


def _product(
    states: States, at: At, copies: list[partial[Planned]], terms: tuple[float, ...] | None, origin: str
) -> Planned:
    """The product of the copies, or of one copy the polynomial."""
    composition = states.composition
    if terms is None:
        planned = [copy() for copy in copies]
        lengths = np.prod([one.lengths for one in planned], axis=0)
        return Planned(max(one.size for one in planned), lengths, partial(_multiplied, composition, planned, origin))
    planned = [copies[0]() for _ in terms]
    most = float(planned[0].lengths.max())
    ratios = planned[0].lengths / most if most else np.ones_like(planned[0].lengths)
    whole = float(sum(abs(c) * np.float64(most) ** power for power, c in enumerate(terms, 1) if c))
    emit = partial(_polynomial, composition, planned, (at, ratios), (terms, most, whole), origin)
    return Planned(planned[0].size, np.full(len(ratios), whole), emit)


def _multiplied(composition: Composition, planned: list[Planned], origin: str, out: Names, when: Names) -> None:
    """Entry by entry, one copy after the other."""
    planned[0].emit(out, when)
    for one in planned[1:]:
        copy = composition.like("copy", out)
        one.emit(copy, when)
        composition.multiply(copy, out, when=when, origin=origin)


def _polynomial(
    composition: Composition,
    planned: list[Planned],
    ratios: tuple[At, Real],
    terms: tuple[tuple[float, ...], float, float],
    origin: str,
    out: Names,
    when: Names,
) -> None:
    """The first copy, and the c-th where the degree, in unary, is at least c."""
    coefficients, most, whole = terms
    at, shortened = ratios
    planned[0].emit(out, when)
    composition.attenuate(at.index, shortened, when=when, origin=origin)
    weighted = {p: c * most**p / whole if whole else c for p, c in enumerate(coefficients, 1) if c}
    degrees = Degrees(composition, "power", weighted, when, origin)
    degrees.prepare()
    for number, one in enumerate(planned[1:], 2):
        gate = degrees.gate(number)
        copy = composition.like("copy", out)
        one.emit(copy, gate)
        composition.attenuate(at.index, shortened, when=gate, origin=origin)
        composition.multiply(copy, out, when=gate, origin=origin)
    degrees.project()
