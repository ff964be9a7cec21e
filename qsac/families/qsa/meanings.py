"""What the metrics of quantum attention mean (docs/results.md; arXiv 2602.06699).

A_j = <y_j|z_j> is the overlap of the prediction z_j with the target y_j of position j, w_j = ||z_j||, and f_j = |A_j|
over w_j.
"""

from __future__ import annotations

from collections.abc import Mapping

METRICS: Mapping[str, str] = {
    "fidelity": "F = |sum_j exp(i phi_j) A_j|^2 / (T sum_j w_j^2), with A_j = <y_j|z_j> the overlap of the "
    "prediction of position j with its target and w_j its length. Between 0 and 1: how close all predictions "
    "together are to all targets, read from one circuit. It is P(value and query measured as 0 | score and key "
    "measured as 0).",
    "loss": "-ln F, with F the fidelity. 0 where every prediction is its target; it is what training minimises. "
    "Its standard error from shots is that of F divided by F.",
    "token_fidelity": "sum_j |A_j|^2 / sum_j w_j^2, between 0 and 1: the fidelity of single tokens, without the "
    "phases between positions. Never less than fidelity. It is P(value measured as 0 | score and key measured as "
    "0).",
    "loss_a": "-ln token_fidelity: the part of the loss that single predictions have. The other one is "
    "renyi_divergence.",
    "renyi_divergence": "loss - loss_a, never negative: how much the overlaps A_j vary over the positions, in "
    "modulus and in phase. 0 where all are equal.",
    "cross_entropy": "-(1/T) sum_j ln f_j^2 in nats, with f_j = |A_j| / ||z_j||: the mean surprise at each "
    "target. From the closed form or an exact run; measured bits of the fused circuit do not give it.",
    "excess": "Of words of a text: cross_entropy minus its floor, the mean of -ln alpha over the targets, which "
    "no prediction can go below, as words whose embeddings overlap cannot be told apart. 0 is best.",
    "renyi_half": "-2 ln of the mean of f_j, with f_j = |A_j| / ||z_j||: a mean of the same overlaps as "
    "cross_entropy, to which small ones contribute less. Not from shots.",
    "mu": "|sum_j exp(i phi_j) A_j|^2 / (lambda N)^2, with lambda = sum |c_p| of the kernel and N the pairs of "
    "the mask: the squared length of the sum of all overlaps, each as a mean over its keys. The fidelity is mu "
    "over zeta, times N / T^2.",
    "zeta": "sum_j w_j^2 / (lambda^2 T N), the probability that score and key are measured as 0: what the "
    "acceptance of the circuit is made of.",
    "nu": "sum_j |A_j|^2 / (lambda^2 T N), the joint probability that score, key and value are measured as 0. The "
    "token_fidelity is nu over zeta.",
    "prefix_loss": "The loss of arXiv 2602.06699, version 1, for the kernel g(s) = s and the causal mask only. It "
    "is computed from the closed form, not from the circuit.",
    "success_probability": "The acceptance probability, P(every post-selected bit 0): the share of the shots that "
    "are kept. The others are lost, so that shots needed grow with its inverse. Equal to zeta unless a pass "
    "changed lambda.",
    "predictions": "Under values, of the readout predict: for each position asked for, the probabilities of basis "
    "states, words or given states in the prediction z_j, normalised.",
    "overlaps": "Under values, of the readout overlaps: the scores s_ji = <u_j|W|u_i> that the kernel is applied "
    "to, complex (re, im) by Hadamard tests, or their squares (abs2); null where the mask hides a key.",
}
