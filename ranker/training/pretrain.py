"""Masked-language modelling on unlabelled text: the transformer learns a shop's words before it sees a judgment."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from ..errors import TrainingDataError
from . import checkpoint
from .masking import IGNORED, masked
from .settings import PretrainSettings
from .wordpiece import vocabulary_of

if TYPE_CHECKING:
    from transformers import BertForMaskedLM

PAD = 0
KEPT = ("step", "seconds", "before", "after_head", "best")
"""What a checkpoint's note holds of a run."""
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


class _Run:
    """State of one run; what a checkpoint holds."""

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
        self.model, self.settings, self.folder, self.report = model, settings, folder, report
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
        self.steps = max(round(settings.epochs * self.per_epoch), 1)
        self.head_steps = round(settings.head_share * self.steps)
        self.step, self.seconds = 0, 0.0
        self.before = self.after_head = self.best = math.inf
        self.best_state = _copied(model)
        body = list(model.bert.parameters())
        inside = {id(value) for value in body}
        head = [value for value in model.parameters() if id(value) not in inside]
        self.body = body
        decay = settings.weight_decay
        self.optimiser = torch.optim.AdamW(
            [
                {"params": body, "lr": settings.rate, "weight_decay": decay},
                {"params": head, "lr": settings.head_rate, "weight_decay": decay},
            ]
        )
        digest = hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()
        start = hashlib.sha256(body[0].detach().numpy().tobytes()).hexdigest()
        self.identity = {"settings": settings.model_dump(), "data": digest, "start": start}

    def go(self) -> None:
        self._resume()
        if math.isinf(self.before):
            self.before = self.best = self._evaluate(0.0, 0.0)
        started = time.monotonic() - self.seconds
        try:
            while self.step < self.steps:
                loss, norm = self._advance()
                self.step += 1
                self.seconds = time.monotonic() - started
                if self.step in (self.steps, self.head_steps) or self.step % self.settings.evaluate_every == 0:
                    self._look(loss, norm)
                    self._checkpoint()
                else:
                    self._say(loss, norm, None)
        except KeyboardInterrupt:
            self._checkpoint()
            raise
        self.model.load_state_dict(self.best_state)
        self.model.train(False)

    def _look(self, loss: float, norm: float) -> None:
        perplexity = self._evaluate(loss, norm)
        if self.step <= self.head_steps:
            self.after_head = perplexity
        if perplexity < self.best:
            self.best, self.best_state = perplexity, _copied(self.model)

    def _advance(self) -> tuple[float, float]:
        settings = self.settings
        only_head = self.step < self.head_steps
        for value in self.body:
            value.requires_grad_(not only_head)
        self.model.train()
        share = min((self.step + 1) / max(self.steps * settings.warmup, 1), 1.0)
        share *= max(1.0 - self.step / self.steps, 0.02)
        for group, rate in zip(self.optimiser.param_groups, (settings.rate, settings.head_rate), strict=True):
            group["lr"] = rate * share
        # Order, masks and dropout depend on the seed and the step only, so a resumed run is the whole run.
        torch.manual_seed(settings.seed * 1_000_003 + self.step)
        epoch, place = divmod(self.step, self.per_epoch)
        order = np.random.default_rng([settings.seed, epoch]).permutation(len(self.training))
        rows = order[place * settings.texts_per_step :][: settings.texts_per_step]
        loss, _ = self._loss([self.training[row] for row in rows], np.random.default_rng([settings.seed, 1, self.step]))
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        if not torch.isfinite(norm):
            raise TrainingDataError(f"step {self.step}: the gradient is not finite; lower rate or head_rate")
        self.optimiser.step()
        return float(loss.detach()), float(norm)

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
            hidden = self.model.bert(
                torch.from_numpy(shown), attention_mask=torch.from_numpy((ids != PAD).astype(np.int64))
            ).last_hidden_state
            places = torch.from_numpy(labels != IGNORED)
            # Only the hidden places are scored: the vocabulary is the widest part of the model.
            logits = cast(Tensor, self.model.cls(hidden[places]))
        loss = torch.nn.functional.cross_entropy(logits.float(), torch.from_numpy(labels)[places])
        return loss, count

    def _evaluate(self, loss: float, norm: float) -> float:
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
        perplexity = math.exp(min(total / count, 50.0))
        self._say(loss, norm, perplexity)
        return perplexity

    def _say(self, loss: float, norm: float, perplexity: float | None) -> None:
        if self.report:
            self.report(PretrainProgress(self.step, self.steps, loss, norm, perplexity))

    def _checkpoint(self) -> None:
        if self.folder is None:
            return
        tensors = {f"model.{name}": tensor for name, tensor in self.model.state_dict().items()}
        tensors |= {f"best.{name}": tensor for name, tensor in self.best_state.items()}
        tensors |= checkpoint.optimiser_tensors(self.optimiser.state_dict())
        note: dict[str, Any] = {name: getattr(self, name) for name in KEPT}
        checkpoint.write(self.folder, tensors, note | {"identity": self.identity})

    def _resume(self) -> None:
        found = checkpoint.read(self.folder) if self.folder else None
        if found is None:
            return
        tensors, note = found
        checkpoint.require_same(self.folder, note, self.identity)
        self.model.load_state_dict(checkpoint.part(tensors, "model."))
        self.best_state = checkpoint.part(tensors, "best.")
        self.optimiser.load_state_dict(checkpoint.restore_optimiser(self.optimiser.state_dict(), tensors))
        for name in KEPT:
            setattr(self, name, note[name])


def _copied(model: torch.nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def _padded(pieces: Sequence[list[int]]) -> NDArray[np.int64]:
    ids = np.full((len(pieces), max(map(len, pieces))), PAD, np.int64)
    for row, piece in enumerate(pieces):
        ids[row, : len(piece)] = piece
    return ids


def _drawn(text: str) -> float:
    digest = hashlib.sha256(b"held out " + text.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
