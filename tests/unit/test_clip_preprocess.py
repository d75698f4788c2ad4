"""The served preprocessing against open_clip's own transform."""

import numpy as np
import pytest
from PIL import Image

from multimodal.preprocess import Preprocess

CONFIG = {
    "size": 64,
    "mean": [0.5, 0.4, 0.3],
    "std": [0.5, 0.2, 0.3],
    "interpolation": "bicubic",
    "resize_mode": "shortest",
}


def noise(width, height, seed=1):
    values = np.random.default_rng(seed).integers(0, 256, (max(1, height // 4), max(1, width // 4), 3), np.uint8)
    return Image.fromarray(values).resize((width, height), Image.Resampling.BILINEAR)


@pytest.mark.parametrize("mode", ["shortest", "longest", "squash"])
@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
@pytest.mark.parametrize("size", [(64, 64), (48, 80)])
@pytest.mark.parametrize("shape", [(200, 150), (151, 307), (64, 64), (30, 20)])
def test_pixels_are_those_of_open_clip(mode, interpolation, size, shape):
    transforms = pytest.importorskip("open_clip.transform")
    config = {**CONFIG, "size": list(size), "resize_mode": mode, "interpolation": interpolation}
    picture = noise(*shape)
    wanted = transforms.image_transform_v2(
        transforms.PreprocessCfg(**{**config, "size": size[0] if size[0] == size[1] else size}), is_train=False
    )(picture)
    found = Preprocess.of(config).pixels(picture)
    assert found.shape == tuple(wanted.shape) == (3, *size)
    np.testing.assert_allclose(found, wanted.numpy(), atol=1e-5)


def test_a_strip_does_not_become_a_strip_of_millions():
    found = Preprocess.of(CONFIG).pixels(Image.new("RGB", (20_000, 1), (255, 0, 0)))
    assert found.shape == (3, 64, 64)
    np.testing.assert_allclose(found[:, 32, 32], [1.0, -2.0, -1.0], atol=1e-5)


@pytest.mark.parametrize(
    "change",
    [
        {"size": 0},
        {"size": [64]},
        {"size": None},
        {"mean": [0.5]},
        {"std": [0.0, 1, 1]},
        {"interpolation": "random"},
        {"resize_mode": "stretch"},
        {"mode": "L"},
    ],
)
def test_definitions_that_cannot_be(change):
    with pytest.raises(ValueError, match=r"preprocess|unpack"):
        Preprocess.of({**CONFIG, **change})
