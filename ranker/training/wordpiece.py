"""A BERT tokenizer of a text's own words."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from ..errors import ModelError
from .masking import Vocabulary

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def train_wordpiece(texts: Iterable[str], size: int) -> Tokenizer:
    """Learn a lower-case WordPiece vocabulary (Schuster and Nakajima, 2012) of at most ``size`` tokens."""
    tokenizer = Tokenizer(models.WordPiece(unk_token=SPECIAL[1]))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(vocab_size=size, special_tokens=list(SPECIAL), show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    marks = [(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=marks
    )
    return tokenizer


def load_tokenizer(path: Path) -> Tokenizer:
    """Read a ``tokenizer.json``.

    Raises:
        ModelError: it is not readable, or has none of BERT's special tokens.
    """
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:
        raise ModelError(f"{path}: not a readable tokenizer.json ({error})") from error
    missing = [name for name in SPECIAL if tokenizer.token_to_id(name) is None]
    if missing:
        raise ModelError(f"{path}: has no {', '.join(missing)}; a BERT vocabulary is needed")
    return tokenizer


def vocabulary_of(tokenizer: Tokenizer) -> Vocabulary:
    """What masking has to know."""
    tokens = tokenizer.get_vocab()
    size = max(tokens.values()) + 1
    inner = np.zeros(size, bool)
    inner[[number for token, number in tokens.items() if token.startswith("##")]] = True
    special = frozenset(tokens[name] for name in SPECIAL) | {
        number for token, number in tokens.items() if token.startswith("[unused")
    }
    return Vocabulary(size, tokens["[MASK]"], special, inner)
