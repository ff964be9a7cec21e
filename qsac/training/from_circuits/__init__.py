"""Gradients from circuits: of any metric that is a function of measured probabilities (docs/gradients.md).

Every table of a circuit enters its amplitudes linearly, each time it is loaded. So a probability is a trigonometric
polynomial in an angle by which the rows of one load are turned, and two bindings of the template give its derivative
exactly, whatever the angle between them (the parameter-shift rule). From the parameters that are trained to the tables
the chain rule is classical.
"""
