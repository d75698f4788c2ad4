"""Explanations, composed: the same window gathered anew for the same caller, and ``ranker.explain`` over it."""
