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
    "their scores, each verified by one dot product or by echoes, and the success probability of 0 to 3 exact rounds; "
    "of the largest scores, the best first, and whether the last repeat has left them as they were (settled).",
    "thresholds": "Under values, of a search for the largest scores: for each row the threshold of each repeat.",
    "strategy": "Under values, of a search: search, by rounds of an oracle, or sample, by score copies.",
    "degree": "Under values, of a search: the degree of the oracle's polynomial, which is the number of uses of "
    "the walk in an oracle call; null without one.",
    "shots": "Under values, of a search: for each number of keys the shots of each number of rounds, as planned, "
    "or as accepted in a run; of a sample the shots by its copies.",
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
    "leaked": "Under values, of a search's closed form without heralds: by rounds how far the amplitudes are from "
    "those of an exact oracle, the largest distance of all rows, and the bound on it where no key is in the margin.",
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
    "theta_solved": "Under values, of linearised training by a polynomial: the parameters at every instant as the "
    "solver gives them; solver says how far they are from theta_carleman.",
    "history_solved": "Under values, of linearised training by a polynomial: the history as the solver gives it.",
    "solver": "Under values, of linearised training: the solver, how often it uses A or the whole matrix; of qsvt the "
    "degree, the largest |P(x)/c - 1/x|, the infidelity of the history's state, and the error of the parameters.",
    "history": "Under values, of linearised training: the solution of the linear system, one row an instant, in "
    "units of the scale.",
    "classical_multiply_adds": "Under values: how many multiply-adds the same numbers take without a circuit, of "
    "which the line on break-even speaks.",
    "train": "Under values, of a network's closed form: the losses before training and after each step of full-"
    "batch gradient descent, and the weights and biases that come out.",
    "loss_polynomial": "Under values, of linearised training: the loss as a polynomial of the parameters that are"
    " trained, one pair of exponents and coefficient for each term.",
    "maps": "Under values, of linearised training: F_0, F_1, .., the maps of one step of descent about the "
    "center, F_k as a matrix of n rows and n^k columns; F_1 is 1 - rate times the Hessian.",
    "A": "Under values, of linearised training: the matrix of the linear dynamics y(t+1) = A y(t) + b, whose "
    "entries y_j are the j-fold products of the parameters' distances from the center.",
    "b": "Under values, of linearised training: the offset of the linear dynamics y(t+1) = A y(t) + b, which is "
    "what the gradient at the center leaves.",
    "rhs": "Under values, of linearised training: the right-hand side (y(0), b, .., b) of the linear system whose"
    " solution is the history.",
    "truncation_error": "Under values, of linearised training: the largest distance, over all instants and "
    "parameters, of theta_carleman from theta: what cutting off the linearisation at its order costs.",
    "norm_A": "Under values, of linearised training: the spectral norm of A: below 1 the solver's success "
    "probability does not fall with the number of steps.",
    "R": "Under values, of linearised training: what drives the dynamics over what damps them; below 1 the "
    "linearisation converges with its order, which is sufficient only; null where F_1 does not contract.",
    "neumann": "Under values, of linearised training: of the exact product for the nilpotent history: alpha, by "
    "which the solution is divided, its success_probability, and how often A is used.",
    "qsvt": "Under values, of linearised training: of a polynomial of the block encoding: alpha, the condition "
    "number kappa, and the error of the inverse by the polynomial's degree.",
    "share_of_last_theta": "Under values, of linearised training: how much of the history's square is the last "
    "instant's parameters: the share of accepted shots that tell of these.",
    "parameters": "Under values, of linearised training: the places of the parameters that are trained among all;"
    " the others are masked.",
}
