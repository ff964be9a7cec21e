"""What turns texts into vectors: one encoder a module, found by its name."""
