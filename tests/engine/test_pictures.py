"""Pictures and clips through the real engine: indexed, found by picture and by words, and not encoded twice."""

import base64
import io
import json
import time
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from indexer import run, sample
from indexer.sample.pictures import draw
from multimodal import load_image_encoder
from multimodal.pictures import decode
from plugin import catalogue as catalogues
from plugin.errors import EncoderMismatch
from service.app import create_app
from service.catalogues import KEPT_S
from service.schemas.search import SearchBody
from service.settings import Settings
from tests.engine.indexer_help import adds_up, encoder, engine, name, write

pytestmark = pytest.mark.engine
FIXTURES = (encoder, engine, name)
RATE = 5


@pytest.fixture(scope="session")
def image_encoder(encoder):
    """The one that ships."""
    return load_image_encoder("light", Settings().home, threads=1, text_encoder=encoder)


@pytest.fixture
def shop(tmp_path):
    """Products of the sample with their drawn pictures, one without a picture, and a clip that shows three of them."""
    folder = tmp_path / "shop"
    products = list(sample.generate(products=1000))[::67][:12]
    for product in products:
        path = folder / product["image"]
        path.parent.mkdir(parents=True, exist_ok=True)
        draw(product).save(path)
    with av.open(str(folder / "film.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=RATE)
        stream.width = stream.height = 320
        stream.pix_fmt = "yuv420p"
        for product in products[:3]:
            frame = av.VideoFrame.from_image(draw(product))
            for _ in range(3 * RATE):
                container.mux(stream.encode(frame))
        container.mux(stream.encode())
    film = {"id": "film", "title": "A film of three things", "video": "film.mp4"}
    bare = {"id": "bare", "title": products[0]["title"]}
    return folder, [*products, film, bare]


@pytest.fixture
def index_shop(engine, name, encoder, image_encoder, shop, tmp_path):
    def call(products, **more):
        file = write(tmp_path / "shop.jsonl", products)
        given = {"image_encoder": image_encoder, "images": shop[0], **more}
        return run([file], engine=engine, catalogue=name, home=tmp_path / "home", encoder=encoder, **given)

    return call


@pytest.fixture
def client(engine, name, tmp_path):
    settings = Settings(
        opensearch_url=engine.config.url,
        opensearch_timeout_s=60,
        home=tmp_path / "home",
        image_encoder="light",
        index=name,
        rerank_budget_ms=60_000,
        behaviour_budget_ms=30_000,
        reconcile_s=0,
    )
    (tmp_path / "home").mkdir(exist_ok=True)
    (tmp_path / "home" / "models").symlink_to(Settings().home / "models")
    with create_app(settings, demo=True).test_client() as made:
        yield made


def found(client, **body):
    answer = client.post("/v1/search", json=body)
    assert answer.status_code == 200, answer.json
    return answer.json["results"]


def test_products_are_found_by_picture_by_words_and_by_both(index_shop, client, shop):
    folder, products = shop
    summary = index_shop(products)
    adds_up(summary, indexed=14, pictures=12, clips=1, pictures_dead_lettered=0, pictures_left_out=0)
    wanted = products[5]
    picture = base64.b64encode((folder / wanted["image"]).read_bytes()).decode()
    # the very picture, and the same turned into a JPEG half the size
    stream = io.BytesIO()
    Image.open(folder / wanted["image"]).convert("RGB").resize((160, 160)).save(stream, "JPEG")
    smaller = "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()
    for image, least in ((picture, 0.999), (smaller, 0.8)):
        first = found(client, image=image)[0]
        assert first["id"] == wanted["id"]
        assert first["signals"]["image_vector"] >= least
        assert "bm25" not in first["signals"]
    assert "bare" not in {result["id"] for result in found(client, image=picture)}

    by_words = {result["id"]: result for result in found(client, query=wanted["title"])}
    assert {"bm25", "text_vector", "image_vector"} <= by_words[wanted["id"]]["signals"].keys()
    both = found(client, image=picture, query=products[2]["title"])
    assert {"bm25", "text_vector", "image_vector"} <= both[0]["signals"].keys()
    assert {both[0]["id"], both[1]["id"]} <= {wanted["id"], products[2]["id"], "film"}
    # a product without a picture keeps the place that its words give it
    named = [result["id"] for result in found(client, query=products[0]["title"])]
    assert "bare" in named[:3]


def test_without_a_picture_in_the_catalogue_none_is_looked_for_until_there_is_one(index_shop, client, shop):
    _, products = shop
    bare = {"id": "bare", "title": "A thing without a picture"}
    index_shop([bare])
    search = client.application.extensions["hybridrank"].search

    def asked() -> set[str]:
        question = search.question(SearchBody(query="thing"))
        return set(question.request.vectors)

    assert asked() == {"text_vector"}
    assert [result["id"] for result in found(client, query="thing")] == ["bare"]
    index_shop([bare, products[0]])
    until = time.monotonic() + KEPT_S + 30
    while asked() != {"text_vector", "image_vector"}:
        assert time.monotonic() < until
        time.sleep(0.2)


def test_a_query_names_the_second_of_a_clip(index_shop, client, shop):
    folder, products = shop
    index_shop(products)
    for place, product in enumerate(products[:3]):
        picture = base64.b64encode((folder / product["image"]).read_bytes()).decode()
        (film,) = [result for result in found(client, image=picture) if result["id"] == "film"]
        assert film["clip"] == "film.mp4"
        assert 3 * place - 1 <= film["moment"] <= 3 * place + 4
    assert all("moment" not in result for result in found(client, image=picture) if result["id"] != "film")


def test_what_is_unchanged_is_not_encoded_again(index_shop, shop, engine, name):
    folder, products = shop
    index_shop(products)
    adds_up(index_shop(products), indexed=0, unchanged=14, pictures=0, clips=0)
    Image.new("RGB", (50, 50), "red").save(folder / products[1]["image"], "WEBP")
    adds_up(index_shop(products), indexed=1, unchanged=13, pictures=1, encoded=0)
    dearer = [{**product, "price": 1.0} for product in products]
    adds_up(index_shop(dearer), indexed=14, pictures=0, clips=0, encoded=0)
    # a run without the folder looks at no picture, and takes none away
    before = vectors(engine, name)
    adds_up(
        index_shop([{**product, "price": 2.0} for product in products], images=None), indexed=14, pictures_left_out=13
    )
    assert vectors(engine, name) == before
    assert len(before) == 13
    adds_up(index_shop([{**product, "price": 2.0} for product in products]), unchanged=14)
    adds_up(index_shop([{**product, "price": 2.0} for product in products], rebuild=True), indexed=14, pictures=0)
    assert vectors(engine, name) == before


def vectors(engine, name):
    engine.request("POST", f"/{name}/_refresh")
    answer = engine.search(
        name, {"size": 100, "query": {"exists": {"field": "image_vector"}}, "_source": ["image_vector"]}
    )
    return {hit["_id"]: hit["_source"]["image_vector"] for hit in answer["hits"]["hits"]}


def test_a_broken_picture_costs_its_product_nothing_else(index_shop, shop, image_encoder, engine, name, tmp_path):
    folder, products = shop
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    whole = folder / products[0]["image"]
    inline = "data:image/webp;base64," + base64.b64encode((folder / products[1]["image"]).read_bytes()).decode()
    mixed = {
        "id": "mixed",
        "title": "Two well, three not",
        "image": [products[0]["image"], "broken.png", inline, "no.png", "/etc/passwd"],
    }
    only = {"id": "only", "title": "None well", "image": "broken.png", "video": "broken.png"}
    far = {"id": "far", "title": "Far away", "image": "https://shop.test/a.png"}
    summary = index_shop([mixed, only, far])
    adds_up(summary, read=3, indexed=3, dead_lettered=0, pictures=2, pictures_dead_lettered=5, pictures_left_out=1)
    assert {problem["field"] for problem in summary.problems} == {"image.1", "image.3", "image.4", "image.0", "video.0"}
    kept = vectors(engine, name)
    assert kept.keys() == {"mixed"}
    rows = image_encoder.encode_images(
        [decode(whole.read_bytes()), decode((folder / products[1]["image"]).read_bytes())]
    )
    mean = rows.mean(axis=0)
    np.testing.assert_allclose(kept["mixed"], mean / np.linalg.norm(mean), atol=1e-5)
    # what lies in the dead letters can be given again once it is mended
    letters = [json.loads(line) for line in Path(summary.dead_letters).read_text("utf-8").splitlines()]
    assert {letter["field"] for letter in letters} == {"image.1", "image.3", "image.4", "image.0", "video.0"}
    Image.new("RGB", (20, 20), "blue").save(folder / "broken.png")
    again = index_shop([mixed, only, far])
    adds_up(again, indexed=2, unchanged=1, pictures_dead_lettered=3)
    assert vectors(engine, name).keys() == {"mixed", "only"}


def test_a_catalogue_keeps_to_its_image_encoder(index_shop, engine, name, shop, image_encoder):
    class Other:
        id = type(image_encoder.id)("other", "0123", 512)

    index_shop(shop[1][:1])
    assert catalogues.lookup(engine, name).image_encoder.revision == image_encoder.id.revision
    with pytest.raises(EncoderMismatch, match="image"):
        index_shop(shop[1][:1], image_encoder=Other())


def test_pictures_and_texts_are_embedded_in_one_space(client, shop, image_encoder):
    folder, products = shop
    picture = base64.b64encode((folder / products[0]["image"]).read_bytes()).decode()
    answer = client.post("/v1/embed", json={"images": [picture], "texts": [products[0]["title"]]}).json
    assert answer["encoder"]["revision"] == image_encoder.id.revision
    text, image = np.array(answer["vectors"])
    np.testing.assert_allclose(np.linalg.norm([text, image], axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(text, image_encoder.encode_texts([products[0]["title"]])[0], atol=1e-5)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"image": "AAAA"}, "image"),
        ({"image": ""}, "image"),
        ({"image": "https://shop.test/a.png"}, "image"),
        ({"image": "data:image/png;base64,%%%"}, "image"),
        ({"image": 3}, "image"),
    ],
)
def test_pictures_that_are_refused(index_shop, client, shop, body, field):
    index_shop(shop[1][-1:])
    answer = client.post("/v1/search", json=body)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == field
