"""The values of a circuit in normal form, one by one: what each is a sum of."""

from __future__ import annotations

from qsac.families.steps.normal_form import Circuit, Sum


def sums_of(circuit: Circuit) -> list[tuple[float, Sum, Sum]]:
    """The offset of each value, and its factors of parameters and of inputs."""
    found: list[tuple[float, Sum, Sum]] = [(float(offset), {}, {}) for offset in circuit.offset]
    for kind, terms in ((1, circuit.from_parameters), (2, circuit.from_inputs)):
        for row, column, factor in zip(
            terms.rows.tolist(), terms.columns.tolist(), terms.factors.tolist(), strict=True
        ):
            into: Sum = found[row][kind]
            into[column] = into.get(column, 0.0) + factor
    return found
