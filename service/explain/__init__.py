"""Explanations, composed: the same window gathered anew for the same caller, and ``ranker.explain`` over it."""

from .recommendations import explain_recommendation
from .results import explain_result
from .suggestions import explain_suggestion

KINDS = {"search": explain_result, "recommend": explain_recommendation, "suggest": explain_suggestion}
"""What explains each kind of answer."""
