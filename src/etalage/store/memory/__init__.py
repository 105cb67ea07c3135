"""store/memory."""
