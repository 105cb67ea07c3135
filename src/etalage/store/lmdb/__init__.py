"""store/lmdb."""
