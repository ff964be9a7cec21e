"""Files that qsac writes, and the folders that it keeps them in."""
