"""Attention programs of transformers: what the states of a layer are prepared by (docs/transformer.md)."""
