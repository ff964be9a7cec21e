"""The init stage ``qsac``: Qiskit's own, after the gates that qsac does in fewer are synthesised."""

from __future__ import annotations

from copy import copy
from inspect import signature
from typing import Any

from qiskit.transpiler import PassManager, TransformationPass
from qiskit.transpiler.preset_passmanagers.builtin_plugins import DefaultInitPassManager
from qiskit.transpiler.preset_passmanagers.plugin import PassManagerStagePlugin

from qsac.hosts.qiskit.plugins import METHODS, BlockSynthesis

DEFAULT_LEVEL = 2


class QsacInit(PassManagerStagePlugin):  # type: ignore[misc]  # Qiskit is read without type information
    """``transpile(circuit, backend, init_method="qsac")``: :class:`SynthesiseBlocks`, then Qiskit's init stage."""

    def pass_manager(self, pass_manager_config: Any, optimization_level: int | None = None) -> Any:
        level = DEFAULT_LEVEL if optimization_level is None else optimization_level
        stage = PassManager([SynthesiseBlocks(pass_manager_config, level)])
        usual = DefaultInitPassManager().pass_manager(pass_manager_config, level)
        return stage if usual is None else stage + usual


class SynthesiseBlocks(TransformationPass):  # type: ignore[misc]  # Qiskit is read without type information
    """Gates of a circuit by :class:`~qsac.hosts.qiskit.plugins.BlockSynthesis`, where that is better for the whole.

    The circuit is compiled to the end with and without these methods, with the seed, the level and all options that
    Qiskit was called with, and is left as it is unless it then has fewer two-qubit gates: what single gates gain may
    cost more in routing, or in gates next to them. Nothing is compiled twice where no method gives a circuit. Methods
    that the caller's ``hls_config`` names for these gates are the caller's.
    """

    def __init__(self, config: Any, level: int) -> None:
        super().__init__()
        self.config, self.level = config, level

    def run(self, dag: Any) -> Any:
        """The DAG, with or without blocks."""
        from qsac.hosts.qiskit.counting import counted

        try:
            found = self._synthesised(dag)
            if found is not None and counted(self._compiled(found)) < counted(self._compiled(dag)):
                return found
        except Exception:  # whatever is wrong, and whoever is at fault: Qiskit's own synthesis goes on
            return dag
        return dag

    def _synthesised(self, dag: Any) -> Any:
        """The DAG with the blocks; None if there are none."""
        from qiskit.circuit.equivalence_library import SessionEquivalenceLibrary
        from qiskit.transpiler.passes import HighLevelSynthesis
        from qiskit.transpiler.passes.synthesis.high_level_synthesis import HLSConfig

        config, own = self.config, BlockSynthesis(self.level)
        given = config.hls_config or HLSConfig()
        methods = {name: [own] for name in METHODS} | given.methods
        if all(method != [own] for method in methods.values()):
            return None
        settings = (given.use_default_on_unspecified, given.plugin_selection, given.plugin_evaluation_fn)
        # Qiskit 2.1 does not say at which level it synthesises.
        says = "optimization_level" in signature(HighLevelSynthesis).parameters
        level = {"optimization_level": self.level} if says else {}
        synthesis = HighLevelSynthesis(
            HLSConfig(*settings, **methods),
            coupling_map=config.coupling_map,
            target=config.target,
            equivalence_library=SessionEquivalenceLibrary,
            basis_gates=config.basis_gates,
            min_qubits=3,
            qubits_initially_zero=config.qubits_initially_zero,
            **level,
        )
        found = synthesis.run(dag)
        return found if own.accepted else None

    def _compiled(self, dag: Any) -> Any:
        """The circuit that Qiskit makes of a DAG, by its own stages and the caller's options."""
        from qiskit.converters import dag_to_circuit
        from qiskit.transpiler import preset_passmanagers

        config = copy(self.config)
        config.init_method = "default"
        manager = getattr(preset_passmanagers, f"level_{self.level}_pass_manager")(config)
        manager.scheduling = None
        return manager.run(dag_to_circuit(dag))
