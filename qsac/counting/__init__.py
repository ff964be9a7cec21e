"""What each op takes, one file a family of ops, under the name of its file in ``qsac/ir/``."""
