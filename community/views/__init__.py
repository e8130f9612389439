"""Pages about people and homes."""
