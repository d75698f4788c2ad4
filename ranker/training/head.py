"""The head: a pair's vector and a window's features to one logit.

A gate decides from the features how far the reading of the text is trusted; the signals have a weight each; and a small
network over everything, the window's own features among it, learns a correction. It starts at :data:`PRIORS`. Few
parameters on purpose, since what it learns on one trade has to hold on the next.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..signals import FEATURES, STANDARD_RANGE

TEXT_START = 3.0
DEVIATION = 0.35
"""Logits that one standard deviation of BM25 or of the text's cosine in its window is worth at the start."""
PRIORS = {
    "bm25.standard": DEVIATION * STANDARD_RANGE,
    "text_vector.standard": DEVIATION * STANDARD_RANGE,
    "image_vector.standard": DEVIATION * STANDARD_RANGE / 2,
    "gated.text_vector.uncovered": DEVIATION * STANDARD_RANGE,
    "asked.offered": -2 * DEVIATION,
    "asked.denied": DEVIATION,
    "asked.accessory": -DEVIATION,
    "asked.behind": -DEVIATION,
    "asked.clash": -2 * DEVIATION,
    "behaviour.absolute": 3.0,
    "profile.absolute": 1.5,
    "session.absolute": 1.5,
    "popularity.standard": 0.4,
    "recency.standard": 0.2,
}
"""Where the direct weights start. Judged text never moves those of :data:`LATE_SIGNALS`, so they are what a catalogue
without training on them gets: a weight per signal, and no part in the correction. A price is neither good nor bad
before a shop's own shoppers say so: 0."""
TRUST = {"bm25.known": -2.5, "text_vector.known": -2.5}
TRUST_BIAS = 3.0
"""Where the trust in the reading starts: whole for bare texts, an eighth where BM25 and a text vector are known, for
the untrained reading says again what they say."""
LATE_SIGNALS = ("image_vector.", "behaviour.", "profile.", "session.", "price.", "popularity.", "recency.")


class Head(nn.Module):
    """One logit an item.

    Args:
        outputs: length of a pair's vector; the three matches stand at ``matches``.
        matches: where the token-level matches begin in the vector.
        hidden: width of the correction.
    """

    def __init__(self, outputs: int, matches: int, *, hidden: int = 24, inputs: int = len(FEATURES)) -> None:
        super().__init__()
        self.outputs, self.inputs, self.matches, self.width = outputs, inputs, matches, hidden
        self.text = nn.Linear(outputs, 1)
        self.trust = nn.Linear(inputs, 1)
        self.squeeze = nn.Linear(outputs, 8)
        self.direct = nn.Linear(inputs, 1)
        self.mix = nn.Linear(inputs + 9, hidden)
        self.correction = nn.Linear(hidden, 1)
        self.dropout = nn.Dropout(0.1)
        for part in (self.text, self.trust, self.direct, self.correction):
            nn.init.zeros_(part.weight)
            nn.init.zeros_(part.bias)
        with torch.no_grad():
            self.text.weight[0, matches : matches + 3] = 1.0
            for name, weight in PRIORS.items():
                self.direct.weight[0, FEATURES.index(name)] = weight
            for name, weight in TRUST.items():
                self.trust.weight[0, FEATURES.index(name)] = weight
            self.trust.bias.fill_(TRUST_BIAS)
            for number, name in enumerate(FEATURES):
                if name.startswith(LATE_SIGNALS):
                    self.mix.weight[:, number] = 0.0
            self.direct.bias.fill_(-3.0)

    def forward(self, vector: Tensor, known_text: Tensor, features: Tensor) -> Tensor:
        """``vector`` (items, outputs), ``known_text`` (items, 1) of 0 or 1, ``features`` (items, inputs): (items,)."""
        text = self.text(vector) * known_text
        squeezed = torch.tanh(self.squeeze(vector)) * known_text
        mixed = nn.functional.gelu(self.mix(torch.cat([features, text, squeezed], -1)))
        trusted = torch.sigmoid(self.trust(features)) * text
        logit = TEXT_START * trusted + self.direct(features) + self.correction(self.dropout(mixed))
        result: Tensor = logit.squeeze(-1)
        return result

    def write(self, graph: Any) -> str:
        """Write the same computation into an ONNX graph with inputs ``vector``, ``known_text``, ``features``."""

        def linear(tensor: str, part: nn.Linear) -> str:
            weight, bias = part.weight.detach().float().numpy(), part.bias.detach().float().numpy()
            name: str = graph.linear(tensor, weight, bias, int8=False)
            return name

        text = graph.add("Mul", linear("vector", self.text), "known_text")
        squeezed = graph.add("Mul", graph.add("Tanh", linear("vector", self.squeeze)), "known_text")
        mixed = graph.add("Gelu", linear(graph.add("Concat", "features", text, squeezed, axis=-1), self.mix))
        gate = graph.add("Sigmoid", linear("features", self.trust))
        trusted = graph.add("Mul", text, gate)
        scaled = graph.add("Mul", trusted, graph.weight(np.array(TEXT_START, np.float32)))
        partial = graph.add("Add", scaled, linear("features", self.direct))
        result: str = graph.add("Add", partial, linear(mixed, self.correction))
        return result
