"""Errors of the ranker's room.

::

    RankerError
    ├── ModelError         a model folder that is missing, broken or of another make
    ├── CheckpointError    a training run's state that cannot be written or read
    ├── TrainingDataError  judgments or pairs that nothing can be learned from
    └── JudgmentError      a malformed queries or qrels file; names file, line and field
"""

from __future__ import annotations


class RankerError(Exception):
    """Anything that the ranker refuses."""


class ModelError(RankerError):
    """A model folder is missing, broken, or not one of ours."""


class TrainingDataError(RankerError):
    """Nothing can be learned from this data; the message says why."""


class CheckpointError(RankerError):
    """The state of a training run cannot be written or read; the last good one is kept."""


class JudgmentError(RankerError):
    """A line of a queries or qrels file cannot be read."""
