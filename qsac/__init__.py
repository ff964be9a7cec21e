"""qsac, a compiler for quantum attention: from a model file to native gates, keeping the structure on the way.

``load(path_or_dict)`` reads a model, ``compile(model, target="h2")`` compiles it, ``run(compiled)`` runs it, and
``run(model)`` does both; ``interpret(compiled, counts)`` reads what came out elsewhere, ``verify(artifact)`` checks it;
``estimate(model)`` counts what a model of any size takes; ``template(model)`` compiles a shape, to be bound to tokens
and parameters many times; ``from_arrays(state_dict)`` makes a model of a trained one, ``from_circuit(circuit)`` a step
of a circuit of another package; ``train(config)`` trains one; ``features(texts)`` turns texts into vectors to learn
from; ``sweep(plan)`` does one action at every point of a grid;
``ir.parse(text)`` and ``ir.print(program)`` read and write programs; ``synthesis.state(v)`` and the other functions of
``synthesis`` prepare states and load tables in circuits of other packages, without a model.
Everything is imported when it is first asked for.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as in typing, whose import would double the time of this one
if TYPE_CHECKING:
    __version__: str
    from qsac import ir as ir
    from qsac import synthesis as synthesis
    from qsac.artifact.cache import Cache as Cache
    from qsac.artifact.compiled import Compiled as Compiled
    from qsac.artifact.compiled import Verified as Verified
    from qsac.checking import Report as Report
    from qsac.checking import verify as verify
    from qsac.compiler.compilation import compile as compile  # noqa: A004  (the contract names it so)
    from qsac.compiler.estimation import Estimate as Estimate
    from qsac.compiler.estimation import estimate as estimate
    from qsac.compiler.generation import Generated as Generated
    from qsac.compiler.generation import generate as generate
    from qsac.errors import BackendError as BackendError
    from qsac.errors import CheckFailedError as CheckFailedError
    from qsac.errors import DoesNotFitError as DoesNotFitError
    from qsac.errors import ExtensionError as ExtensionError
    from qsac.errors import InputWarning as InputWarning
    from qsac.errors import InvalidInputError as InvalidInputError
    from qsac.errors import QsacError as QsacError
    from qsac.errors import QsacWarning as QsacWarning
    from qsac.families.contract import Model as Model
    from qsac.families.contract import Result as Result
    from qsac.families.reading import load as load
    from qsac.frameworks import jax as jax
    from qsac.frameworks import pennylane as pennylane
    from qsac.frameworks import torch as torch
    from qsac.importing.circuits import from_circuit as from_circuit
    from qsac.importing.importation import from_arrays as from_arrays
    from qsac.importing.imported import Imported as Imported
    from qsac.importing.torchquantum_lists import from_torchquantum as from_torchquantum
    from qsac.runtime.interpretation import interpret as interpret
    from qsac.sweeps.results import SweepResult as SweepResult
    from qsac.sweeps.results import SweepRow as SweepRow
    from qsac.sweeps.sweeping import sweep as sweep
    from qsac.templates.running import run as run
    from qsac.templates.template import Template as Template
    from qsac.templates.template import template as template
    from qsac.text.features import Features as Features
    from qsac.text.features import features as features
    from qsac.training.run_folder import Run as Run
    from qsac.training.running import train as train

_HOMES = {
    "BackendError": "qsac.errors",
    "Cache": "qsac.artifact.cache",
    "CheckFailedError": "qsac.errors",
    "Compiled": "qsac.artifact.compiled",
    "DoesNotFitError": "qsac.errors",
    "Estimate": "qsac.compiler.estimation",
    "ExtensionError": "qsac.errors",
    "Features": "qsac.text.features",
    "Generated": "qsac.compiler.generation",
    "Imported": "qsac.importing.imported",
    "InputWarning": "qsac.errors",
    "InvalidInputError": "qsac.errors",
    "Model": "qsac.families.contract",
    "QsacError": "qsac.errors",
    "QsacWarning": "qsac.errors",
    "Report": "qsac.checking",
    "Result": "qsac.families.contract",
    "Run": "qsac.training.run_folder",
    "SweepResult": "qsac.sweeps.results",
    "SweepRow": "qsac.sweeps.results",
    "Template": "qsac.templates.template",
    "Verified": "qsac.artifact.compiled",
    "compile": "qsac.compiler.compilation",
    "estimate": "qsac.compiler.estimation",
    "features": "qsac.text.features",
    "generate": "qsac.compiler.generation",
    "from_arrays": "qsac.importing.importation",
    "from_circuit": "qsac.importing.circuits",
    "from_torchquantum": "qsac.importing.torchquantum_lists",
    "interpret": "qsac.runtime.interpretation",
    "load": "qsac.families.reading",
    "run": "qsac.templates.running",
    "sweep": "qsac.sweeps.sweeping",
    "template": "qsac.templates.template",
    "train": "qsac.training.running",
    "verify": "qsac.checking",
}

__all__ = list(_HOMES)

# Every name of __all__ is a class or a function, so no module of this package may have such a name: importing it would
# put the module in the place of the function.


def __getattr__(name: str) -> object:
    if name == "__version__":
        from qsac.artifact.fingerprint import version

        return version()
    from importlib import import_module

    if name == "views":  # what qsac.showing asks for: a room high above those whose objects it shows
        return import_module("qsac.views")
    if name == "ir":  # qsac.ir.parse and qsac.ir.print, without a further import
        return import_module("qsac.ir")
    if name == "synthesis":  # qsac.synthesis.state and the others
        return import_module("qsac.synthesis")
    if name in ("jax", "torch", "pennylane"):  # qsac.jax.layer, qsac.torch.AttentionLayer, qsac.pennylane.to_qnode
        return import_module("qsac.frameworks").framework(name)
    if name not in _HOMES:
        raise AttributeError(f"module 'qsac' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES, "__version__"])
