"""The intermediate representation: ops and blocks, programs, their verifier, text form and interpreter.

One representation, two levels. The attention level says what is computed on registers named in the words of attention
(``query``, ``key``, ``value``, ``score[c]``, ``power[c]``); the block level says how, on allocated qubits. Both share
:class:`~qsac.ir.program.Program`, its rules and its semantics.
"""
