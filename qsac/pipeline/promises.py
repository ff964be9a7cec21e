"""What is asked of passes of other packages before they are used: qsac's own are tested for it.

Each function says what is wanted that is not there, or None. They are called where foreign code may run
(:func:`qsac.plugins.contained`), as what they look at may be anything.
"""

from __future__ import annotations

from qsac.pipeline.contract import BY_NAME, CircuitPass, Pass


def pass_wants(found: object, name: str) -> str | None:
    """What a pass class called ``name`` wants."""
    if not (isinstance(found, type) and issubclass(found, (Pass, CircuitPass))) or getattr(found, "name", None) != name:
        return f"a Pass or CircuitPass whose name is {name!r}"
    levels = ("attention", "block") if issubclass(found, Pass) else ("circuit",)
    if getattr(found, "level", None) not in levels:
        return f"a level that is {' or '.join(map(repr, levels))}"
    optimisation = getattr(found, "optimisation", None)
    if type(optimisation) is not int or not (0 <= optimisation <= 3 or optimisation == BY_NAME):
        return "an optimisation from 0 to 3, or BY_NAME"
    after = getattr(found, "after", None)
    if not (isinstance(after, tuple) and all(isinstance(one, str) for one in after)):
        return "an after that is a tuple of names of passes"
    if found.apply in (Pass.apply, CircuitPass.apply):
        return "a method apply of its own"
    return None
