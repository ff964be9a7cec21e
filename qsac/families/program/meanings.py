"""What the results of programs hold (docs/programs.md)."""

from __future__ import annotations

from collections.abc import Mapping

METRICS: Mapping[str, str] = {
    "success_probability": "The acceptance probability, P(every post-selected bit 0): the share of shots that are"
    " kept, the mean over all circuits. In a search these are the heralds after each oracle call.",
    "output": "Under values: what the program is for, one list a row. Of a search the attention's output, of a "
    "network the last layer's activations, of layers the last layer's rows.",
    "attention": "Under values, of a search: for each row that is searched the weights of all tokens, of sum 1; "
    "null where no key was found and others are dropped.",
    "rows": "Under values, of a search: for each row its number, how many keys it sees, which were found and "
    "their scores, each verified by one dot product, and the success probability of 0 to 3 exact rounds.",
    "degree": "Under values, of a search: the degree of the oracle's polynomial, which is the number of uses of "
    "the walk in an oracle call.",
    "shots": "Under values, of a search: for each number of keys the shots of each number of rounds, as planned, "
    "or as accepted in a run.",
    "missed_bound": "Under values, of a search: for each number of keys a bound on the probability that a row of "
    "at most most keys above the margin's lower end misses one of them, with these shots.",
    "possible": "Under values, of a search's closed form: how many keys of each row are above the margin's lower "
    "end; the schedule is for rows with at most most of them.",
    "scores": "Under values, of a search's closed form: |<x_j|W|x_i>| or its real part for all pairs of tokens, "
    "row j and key i, without the mask.",
    "softmax": "Under values, of a search's closed form: the attention with all scores that a row sees, which the"
    " sparse one stands for.",
    "rest": "Under values, of a search's closed form: eta, how far the scores of other keys are from the one that"
    " they are given, the bound e^(2 eta) - 1 on the relative error of attention, and that error.",
    "polynomial": "Under values, of a search's closed form: the oracle's variable, threshold and margin, and the "
    "error of the best polynomial of each of some degrees.",
    "schedule": "Under values, of a search's closed form: the cheapest shots by rounds for an oracle without "
    "errors, by the number of keys.",
    "layers": "Under values, one entry a layer: of a network its inner products, their overlaps, norms and "
    "echoes; of layers with tomography scores, states, attention and rows.",
    "inner_products": "Under values, of a network: how many inner products are estimated, one for each input and "
    "neuron.",
    "loads": "Under values, of a network's closed form: uses of the walk by all shots as planned, each of which "
    "loads one state and undoes the load of another.",
    "head": "Under values, of layers: the mean of the last layer's rows, where the model asks for it.",
    "theta": "Under values, of linearised training: the parameters at every instant of plain gradient descent, "
    "which the linearisation is compared with.",
    "theta_carleman": "Under values, of linearised training: the parameters at every instant by the linearised "
    "dynamics; truncation_error is the largest distance from theta.",
    "history": "Under values, of linearised training: the solution of the linear system, one row an instant, in "
    "units of the scale.",
    "classical_multiply_adds": "Under values: how many multiply-adds the same numbers take without a circuit, of "
    "which the line on break-even speaks.",
}
