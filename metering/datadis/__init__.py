"""Asking Datadis, the distributors' common portal, for the curves of those who consented."""
