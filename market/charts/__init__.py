"""Pictures as plain geometry: numbers become shapes that templates draw. Nothing is worded here."""
