"""Spanish numbers."""
