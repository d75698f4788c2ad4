"""Masked-language modelling on unlabelled text: the transformer learns a shop's words before it sees a judgment."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from ..errors import TrainingDataError
from .loop import Loop
from .masking import IGNORED, masked
from .settings import PretrainSettings
from .wordpiece import vocabulary_of

if TYPE_CHECKING:
    from transformers import BertForMaskedLM

PAD = 0
SHORTEST = 4
"""Pieces of fewer tokens, marks included, have nothing to guess from."""


@dataclass(frozen=True, slots=True)
class PretrainProgress:
    """What a run says after each step. ``perplexity`` of held-out text is set where it was just measured."""

    step: int
    steps: int
    loss: float
    gradient_norm: float
    perplexity: float | None = None


@dataclass(frozen=True, slots=True)
class PretrainOutcome:
    """A finished run; the best state is in the model that was given.

    Attributes:
        before: perplexity of held-out text at the start. Of a checkpoint without a head for words it is about chance.
        head: after the steps in which only that head learned: what the transformer knew before.
        after: of the best state.
        pieces: of text, by part.
    """

    before: float
    head: float
    after: float
    steps: int
    seconds: float
    pieces: dict[str, int]


def pieces_of(texts: Sequence[str], tokenizer: Tokenizer, tokens: int) -> list[list[int]]:
    """Token ids of texts, ``[CLS] ... [SEP]``, longer ones cut into several."""
    tokenizer.no_padding()
    tokenizer.no_truncation()
    found = []
    for encoding in tokenizer.encode_batch(list(texts)):
        first, *body, last = encoding.ids
        for start in range(0, len(body), tokens - 2):
            piece = [first, *body[start : start + tokens - 2], last]
            if len(piece) >= SHORTEST:
                found.append(piece)
    return found


def pretrain(
    model: BertForMaskedLM,
    tokenizer: Tokenizer,
    texts: Sequence[str],
    settings: PretrainSettings,
    *,
    folder: Path | None = None,
    report: Callable[[PretrainProgress], None] | None = None,
) -> PretrainOutcome:
    """Train ``model`` in place; 15 % of tokens are hidden anew at every step, those of held-out text once.

    Texts are divided by their content, so that a text that occurs twice is on one side. With a ``folder``, each
    evaluation leaves a checkpoint there, so does an interruption, and the same run goes on from it.

    Raises:
        TrainingDataError: too little text, a vocabulary that is not the model's, or the gradient is lost.
        CheckpointError: the checkpoint belongs to another run, or cannot be written.
    """
    torch.set_num_threads(settings.threads)
    run = _Run(model, tokenizer, texts, settings, folder=folder, report=report)
    run.go()
    pieces = {"training": len(run.training), "held_out": len(run.held_out)}
    return PretrainOutcome(run.before, run.after_head, run.best, run.step, run.seconds, pieces)


class _Run(Loop):
    """Pretraining as a loop."""

    kept = ("before", "after_head", "best")

    def __init__(
        self,
        model: BertForMaskedLM,
        tokenizer: Tokenizer,
        texts: Sequence[str],
        settings: PretrainSettings,
        *,
        folder: Path | None,
        report: Callable[[PretrainProgress], None] | None,
    ) -> None:
        self.bert, self.settings, self.report = model, settings, report
        self.vocabulary = vocabulary_of(tokenizer)
        if self.vocabulary.size > model.config.vocab_size:
            raise TrainingDataError(
                f"tokenizer: has {self.vocabulary.size} tokens, the model {model.config.vocab_size}; they belong apart"
            )
        held_out = {text: _drawn(text) < settings.held_out for text in dict.fromkeys(texts)}
        self.training = pieces_of([text for text, held in held_out.items() if not held], tokenizer, settings.tokens)
        self.held_out = pieces_of([text for text, held in held_out.items() if held], tokenizer, settings.tokens)
        if len(self.training) < settings.texts_per_step or not self.held_out:
            raise TrainingDataError(
                f"text: {len(self.training)} pieces to train on and {len(self.held_out)} held out are too few;"
                f" one step takes {settings.texts_per_step}"
            )
        self.per_epoch = math.ceil(len(self.training) / settings.texts_per_step)
        self.body = list(model.bert.parameters())
        digest = hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()
        start = hashlib.sha256(self.body[0].detach().numpy().tobytes()).hexdigest()
        super().__init__(
            model,
            steps=max(round(settings.epochs * self.per_epoch), 1),
            evaluate_every=settings.evaluate_every,
            folder=folder,
            identity={"settings": settings.model_dump(), "data": digest, "start": start},
        )
        self.head_steps = round(settings.head_share * self.steps)
        self.before = self.after_head = self.best = math.inf
        inside = {id(value) for value in self.body}
        head = [value for value in model.parameters() if id(value) not in inside]
        self.rates = (settings.rate, settings.head_rate)
        groups = [{"params": part, "lr": rate} for part, rate in zip((self.body, head), self.rates, strict=True)]
        self.optimiser = torch.optim.AdamW(groups, weight_decay=settings.weight_decay)

    @property
    def looked(self) -> bool:
        return not math.isinf(self.before)

    @property
    def looks(self) -> bool:
        return super().looks or self.step == self.head_steps

    def finish(self) -> None:
        self.model.load_state_dict(self.best_state)
        self.model.train(False)

    def look(self, loss: float, norm: float) -> None:
        perplexity = self._perplexity()
        if not self.looked:
            self.before = perplexity
        if 0 < self.step <= self.head_steps:
            self.after_head = perplexity
        if perplexity < self.best:
            self.best = perplexity
            self.keep_best()
        self._tell(loss, norm, perplexity)

    def say(self, loss: float, norm: float) -> None:
        self._tell(loss, norm, None)

    def advance(self) -> tuple[float, float]:
        settings = self.settings
        only_head = self.step < self.head_steps
        for value in self.body:
            value.requires_grad_(not only_head)
        self.model.train()
        self.set_rates(self.rates, settings.warmup)
        # Order, masks and dropout depend on the seed and the step only, so a resumed run is the whole run.
        torch.manual_seed(settings.seed * 1_000_003 + self.step)
        epoch, place = divmod(self.step, self.per_epoch)
        order = np.random.default_rng([settings.seed, epoch]).permutation(len(self.training))
        rows = order[place * settings.texts_per_step :][: settings.texts_per_step]
        loss, _ = self._loss([self.training[row] for row in rows], np.random.default_rng([settings.seed, 1, self.step]))
        return float(loss.detach()), self.descend(loss)

    def _loss(self, pieces: Sequence[list[int]], random: np.random.Generator) -> tuple[Tensor, int]:
        """Mean cross-entropy of the hidden tokens, and how many they are."""
        ids = _padded(pieces)
        shown, labels = masked(
            ids, self.vocabulary, random, share=self.settings.masked_share, whole_words=self.settings.whole_words
        )
        count = int((labels != IGNORED).sum())
        if not count:
            # Nothing was drawn; the first token of each text has to be guessed.
            labels[:, 1] = ids[:, 1]
            shown[:, 1] = self.vocabulary.mask
            count = len(ids)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.settings.bf16):
            hidden = self.bert.bert(
                torch.from_numpy(shown), attention_mask=torch.from_numpy((ids != PAD).astype(np.int64))
            ).last_hidden_state
            places = torch.from_numpy(labels != IGNORED)
            # Only the hidden places are scored: the vocabulary is the widest part of the model.
            logits = cast(Tensor, self.bert.cls(hidden[places]))
        loss = torch.nn.functional.cross_entropy(logits.float(), torch.from_numpy(labels)[places])
        return loss, count

    def _perplexity(self) -> float:
        self.model.train(False)
        total, count = 0.0, 0
        # The same tokens are hidden at every look.
        random = np.random.default_rng([self.settings.seed, 2])
        pieces = sorted(self.held_out, key=lambda piece: (len(piece), piece))
        with torch.no_grad():
            for start in range(0, len(pieces), 32):
                mean, tokens = self._loss(pieces[start : start + 32], random)
                total += float(mean) * tokens
                count += tokens
        return math.exp(min(total / count, 50.0))

    def _tell(self, loss: float, norm: float, perplexity: float | None) -> None:
        if self.report:
            self.report(PretrainProgress(self.step, self.steps, loss, norm, perplexity))


def _padded(pieces: Sequence[list[int]]) -> NDArray[np.int64]:
    ids = np.full((len(pieces), max(map(len, pieces))), PAD, np.int64)
    for row, piece in enumerate(pieces):
        ids[row, : len(piece)] = piece
    return ids


def _drawn(text: str) -> float:
    digest = hashlib.sha256(b"held out " + text.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
