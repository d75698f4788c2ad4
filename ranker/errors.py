"""Errors of the ranker's room.

::

    RankerError
    ├── ModelError         a model folder that is missing, broken or of another make
    ├── CheckpointError    a training run's state that cannot be written or read
    ├── TrainingDataError  judgments or pairs that nothing can be learned from
    └── JudgmentError      a malformed queries or qrels file; names file, line and field
"""

from __future__ import annotations

from typing import ClassVar


class RankerError(Exception):
    """Anything that the ranker refuses."""


class ModelError(RankerError):
    """A model folder is missing, broken, or not one of ours."""

    hint: ClassVar[str] = "name a folder as 'hybridrank train' or 'hybridrank compress' wrote it; docs/training.md"


class TrainingDataError(RankerError):
    """Nothing can be learned from this data; the message says why."""

    hint: ClassVar[str] = "docs/training.md says what training needs"


class CheckpointError(RankerError):
    """The state of a training run cannot be written or read; the last good one is kept."""

    hint: ClassVar[str] = "the last good checkpoint is kept; repeat the command once there is room"


class JudgmentError(RankerError):
    """A line of a queries or qrels file cannot be read."""

    hint: ClassVar[str] = "docs/evaluate.md has the form of queries and judgments"
