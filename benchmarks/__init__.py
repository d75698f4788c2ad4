"""Measurements, side by side, and the preparation of public data for them."""
