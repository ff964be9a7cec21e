"""What the metrics of transformers mean (docs/results.md). o_j is the output at position j, e_l the row of word l."""

from __future__ import annotations

from collections.abc import Mapping

METRICS: Mapping[str, str] = {
    "cross_entropy": "-(1/n) sum_j ln P(target_j | j) in nats, over the positions asked for, where P(l | j) is "
    "|<e_l|o_j>|^2 over its sum over all words; of the readout state-fidelity -(1/N) sum_j ln(|<y_j|o_j>|^2 / "
    "|o_j|^2). 0 is best. Of next words it is computed from the circuits' outcomes by a classical step of the "
    "plan.",
    "perplexity": "exp(cross_entropy), of next words: among how many equally probable words the model would be as "
    "much at a loss. 1 is best.",
    "fidelity": "F = |sum_j <y_j|o_j>|^2 / (N sum_j |o_j|^2) of the readout state-fidelity, between 0 and 1: how "
    "close all outputs together are to their targets.",
    "loss": "-ln F, with F the fidelity of the readout state-fidelity. 0 where every output is its target.",
    "token_fidelity": "sum_j |<y_j|o_j>|^2 / sum_j |o_j|^2 of the readout state-fidelity: the fidelity of single "
    "tokens, without the phases between positions.",
    "success_probability": "The acceptance probability, P(every post-selected bit 0): the share of the shots that "
    "are kept. Of several circuits the mean over them; qsac check tells where in the model it is lost.",
    "predictions": "Under values, of the readout next-token: for each position its number (from 1) and the "
    "probabilities of all words to be the next one, in the order of the vocabulary, with the circuit's own "
    "success_probability.",
}
