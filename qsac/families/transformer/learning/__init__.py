"""Transformers that are trained: the sketch of one, its closed form in JAX, and what of it is learned."""
