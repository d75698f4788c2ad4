"""Simulated shoppers with known tastes, for logs where there are none and for measuring what cannot be measured on
people: whether personal results are truly better. Pure functions; nothing here talks to an engine."""

from .clicks import Cascade, ClickModel, PositionBased
from .documents import Record
from .lexical import LexicalSearch
from .market import Market
from .simulation import simulate
from .tastes import PERSONAS, Persona, Shopper, make_shoppers, utility

__all__ = [
    "PERSONAS",
    "Cascade",
    "ClickModel",
    "LexicalSearch",
    "Market",
    "Persona",
    "PositionBased",
    "Record",
    "Shopper",
    "make_shoppers",
    "simulate",
    "utility",
]
