"""The losses against open_clip's own, and against the plain words of their definition."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")
open_clip = pytest.importorskip("open_clip")

from multimodal.training import losses  # noqa: E402


def rows(seed, count=6, dimension=5):
    random = np.random.default_rng(seed)
    values = torch.from_numpy(random.normal(size=(count, dimension)).astype(np.float32))
    return torch.nn.functional.normalize(values, dim=-1)


def test_one_right_answer_each_gives_the_losses_of_open_clip():
    pictures, texts, scale = rows(1), rows(2), torch.tensor(9.0)
    logits = scale * pictures @ texts.T
    wanted = open_clip.ClipLoss()(pictures, texts, scale)
    assert float(losses.contrastive(logits, torch.eye(6))) == pytest.approx(float(wanted), rel=1e-5)
    bias = torch.tensor(-3.0)
    wanted = pytest.importorskip("open_clip.loss").SigLipLoss()(pictures, texts, scale, bias)
    assert float(losses.sigmoid(logits + bias, torch.eye(6))) == pytest.approx(float(wanted), rel=1e-5)


def test_several_right_pictures_of_a_text_share_its_target():
    logits = torch.tensor([[2.0, 0.0, 1.0], [1.0, 0.5, 0.0], [0.0, 3.0, 0.2]])
    right = torch.tensor([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])

    def cross_entropy(row, target):
        total = sum(math.exp(value) for value in row)
        return -sum(share * math.log(math.exp(value) / total) for value, share in zip(row, target, strict=True))

    forth = [cross_entropy(row, target) for row, target in zip(logits.tolist(), right.tolist(), strict=True)]
    back = [
        cross_entropy(logits[:, 0].tolist(), [0.5, 0.5, 0.0]),
        cross_entropy(logits[:, 1].tolist(), [0.0, 0.0, 1.0]),
    ]
    wanted = (sum(forth) / 3 + sum(back) / 2) / 2
    assert float(losses.contrastive(logits, right)) == pytest.approx(wanted, rel=1e-5)


def test_smoothing_costs_the_certain_and_recall_counts_any_right_answer():
    logits = torch.eye(3) * 30
    assert float(losses.contrastive(logits, torch.eye(3), 0.1)) > float(losses.contrastive(logits, torch.eye(3)))
    similar = torch.tensor([[0.9, 0.8, 0.1], [0.1, 0.2, 0.9]])
    right = torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 1.0]])
    assert losses.recall_at(similar, right, 1) == 0.5
    assert losses.recall_at(similar, right, 2) == 1.0
    assert losses.recall_at(similar, right, 10) == 1.0
