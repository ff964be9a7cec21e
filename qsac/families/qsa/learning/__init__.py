"""Quantum attention that is trained: the sketch of a model, its closed form in JAX, and what of it is learned."""
