"""How Django writes numbers, where it differs from the figures of `community/figures.py`."""
