"""From attention ops to blocks on allocated qubits: one op family a file, and the allocation of registers."""
