"""Why a result stands where it does, through a real service: it adds up, and what it says would happen happens."""

from __future__ import annotations

import html
import json
import math
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from personal.event_times import now_ms
from ranker.blend import WEIGHTS
from ranker.explain.words import OF_THE_ENGINE
from ranker.folder import DEFAULT_MODEL
from service.cli import build
from service.explain import KINDS
from service.explain.seen import Seen
from service.parts import Parts
from service.schemas.explain import ExplainBody
from service.settings import Settings
from tests.fixtures_service import Running, index_part, settings_of

pytestmark = pytest.mark.engine
SHELF = "explain-sample"
"""A catalogue of its own: what is clicked elsewhere would move the order."""
PATIENT = {"limit_ms": 60_000}


@pytest.fixture(scope="module")
def shelf(engine_url: str, service_home: Path) -> str:
    index_part(engine_url, service_home, SHELF, 150)
    return SHELF


def post(service: Running, path: str, body: dict[str, Any], **headers: str) -> Any:
    return httpx.post(service.url + path, json={"index": SHELF, **body}, headers=headers, timeout=120)


def search(service: Running, query: str, **more: Any) -> dict[str, Any]:
    answer = post(service, "/v1/search", {"query": query, "size": 100, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def explain(service: Running, **body: Any) -> dict[str, Any]:
    answer = post(service, "/v1/explain", {**PATIENT, **body})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def value_of(found: dict[str, Any]) -> float:
    return float(found["base"] + math.fsum(part["value"] for part in found["contributions"]))


def test_contributions_add_up_to_the_score_that_the_search_gave(service: Running, shelf: str) -> None:
    query = "small wooden table without drawers"
    answer = search(service, query)
    # The tests' service reads twenty: one of them, and one that is not.
    for place, read in ((2, True), (30, False)):
        result = answer["results"][place]
        found = explain(service, query=query, id=result["id"], query_id=answer["query_id"])
        assert found["rank"] == found["shown_rank"] == place + 1
        assert found["unit"] == "logit"
        assert found["read"] is read
        assert value_of(found) == pytest.approx(found["value"], abs=1e-9)
        assert 1 / (1 + math.exp(-found["value"])) == pytest.approx(found["score"], abs=1e-6)
        assert found["score"] == pytest.approx(result["score"], abs=1e-6)
        known = {part["name"]: part["signal"] for part in found["contributions"] if "signal" in part}
        assert known
        for name, signal in known.items():
            assert signal == pytest.approx(result["signals"][name], abs=1e-6)
        words = found["words"]
        after = sum(part["value"] for part in found["contributions"] if part["name"] == "unread")
        total = words["base"] + sum(word["value"] for word in [*words["query"], *words["title"]])
        assert total == pytest.approx(found["value"] - after, abs=1e-4)
        assert [query[word["start"] : word["end"]] for word in words["query"]] == query.split()
        title = words["title_text"]
        assert result["source"]["title"].startswith(title[:20])
        assert all(title[word["start"] : word["end"]] == word["text"] for word in words["title"])
        assert found["why"]
        assert found["model"]


def test_so_many_clicks_swap_it_with_its_neighbour(service: Running, shelf: str) -> None:
    query = f"blue chair {uuid.uuid4().hex[:5]}"
    answer = search(service, query)
    places = [result["id"] for result in answer["results"]]
    for place in range(1, 15):
        swap = explain(service, query=query, id=places[place], passes=0)["swap"]
        assert swap["complete"]
        clicks = next((change["amount"] for change in swap["changes"] if change["kind"] == "clicks"), None)
        if clicks is not None and clicks <= 40:
            break
    else:
        pytest.fail("no neighbours among the first fifteen can be swapped by forty clicks")
    assert (swap["id"], swap["passes"]) == (places[place], places[place - 1])
    # The catalogue's mean rises with each of these clicks, which the search for the number leaves aside.
    people = math.ceil(1.3 * clicks) + 2
    events = [
        {
            "application": SHELF,
            "action_name": "click",
            "event_id": uuid.uuid4().hex,
            "client_id": f"visitor-{uuid.uuid4().hex}",
            "user_query": query,
            "timestamp": now_ms(),
            "event_attributes": {"object": {"object_id": swap["id"]}},
        }
        for _ in range(people)
    ]
    stored = httpx.post(service.url + "/v1/events", json=events, timeout=120)
    assert stored.json()["accepted"] == people, stored.text
    after = [result["id"] for result in search(service, query)["results"]]
    assert after.index(swap["id"]) < after.index(swap["passes"])
    moved = explain(service, query=query, id=swap["id"], query_id=answer["query_id"], passes=0)
    assert moved["shown_rank"] == place + 1 > moved["rank"]
    assert any("has moved from place" in sentence for sentence in moved["why"])


def test_a_word_that_is_said_to_swap_two_does_so_in_a_real_search(service: Running, shelf: str) -> None:
    query = "red leather bag"
    places = [result["id"] for result in search(service, query)["results"]]
    for place in range(1, 12):
        swap = explain(service, query=query, id=places[place], passes=0)["swap"]
        words = [change["word"] for change in swap["changes"] if change["kind"] == "without"]
        for word in words:
            shorter = " ".join(part for part in query.split() if part != word)
            ids = [result["id"] for result in search(service, shorter)["results"]]
            assert ids.index(swap["id"]) < (ids.index(swap["passes"]) if swap["passes"] in ids else len(ids))
        if words:
            return
    pytest.fail("no word of the query swaps any two neighbours of the first twelve")


def test_what_the_shop_decided_is_said(service: Running, shelf: str) -> None:
    query = f"desk lamp {uuid.uuid4().hex[:5]}"
    places = [result["id"] for result in search(service, query)["results"]]
    rule = {"query": query, "pinned": [{"id": places[9], "place": 1}], "boosts": {places[5]: 0.5, places[1]: -0.5}}
    assert httpx.put(service.url + "/v1/merchandising", json={"index": SHELF, **rule}, timeout=60).status_code == 200
    pinned = explain(service, query=query, id=places[9])
    assert pinned["rank"] == 1
    assert pinned["why"][0] == "The shop put it at this place."
    assert "swap" not in pinned
    lifted = explain(service, query=query, id=places[5], language="zh")
    assert lifted["why"][0] == "商家提升了它的位置。"
    assert lifted["shown_score"] == pytest.approx(lifted["score"] + 0.5, abs=1e-6)
    assert "The shop moved it down." in explain(service, query=query, id=places[1])["why"]
    said = {result["id"]: result.get("why") for result in search(service, query, explain=True)["results"]}
    assert said[places[9]] == ["The shop put it at this place."]
    assert said[places[5]] == ["The shop moved it up."]
    assert said[places[20]] is None
    chinese = post(service, "/v1/search", {"query": query, "explain": True}, **{"Accept-Language": "zh-CN,en;q=0.5"})
    assert chinese.json()["results"][0]["why"] == ["商家将它固定在此位置。"]


def test_a_visit_that_counts_is_said_and_belongs_to_its_own_session_only(service: Running, shelf: str) -> None:
    query, session = "wooden table", f"explain-{uuid.uuid4().hex}"
    headers = {"X-Hybridrank-Session": session}
    places = [result["id"] for result in search(service, query)["results"]]
    view = {
        "application": SHELF,
        "action_name": "view",
        "event_id": uuid.uuid4().hex,
        "session_id": session,
        "timestamp": now_ms(),
        "event_attributes": {"object": {"object_id": places[0]}},
    }
    assert httpx.post(service.url + "/v1/events", json=view, headers=headers, timeout=60).json()["accepted"] == 1
    body = {"query": query, "id": places[1], "passes": 0, **PATIENT}
    mine = post(service, "/v1/explain", body, **headers).json()
    assert "session" in {part["name"] for part in mine["contributions"]}
    assert "This order is made for you: your taste or this visit counts in it." in mine["why"]
    others = post(service, "/v1/explain", body).json()
    assert "session" not in {part["name"] for part in others["contributions"]}


def test_what_cannot_be_explained_is_a_clear_error(service: Running, shelf: str) -> None:
    query = "wooden table"
    result = search(service, query)["results"][0]
    strange = post(service, "/v1/explain", {"query": query, "id": "no-such-product"})
    assert strange.status_code == 404
    assert strange.json()["type"].endswith("not-a-result")
    left_out = {"query": query, "id": result["id"], "filters": {"brand": "no such brand"}}
    assert post(service, "/v1/explain", left_out).status_code == 404
    nothing = post(service, "/v1/explain", {"id": result["id"]})
    assert nothing.status_code == 422
    assert nothing.json()["errors"][0]["field"] == "query"
    other = search(service, "red leather bag")["query_id"]
    mixed = post(service, "/v1/explain", {"query": query, "id": result["id"], "query_id": other})
    assert mixed.status_code == 422
    assert mixed.json()["errors"][0]["field"] == "query_id"
    assert post(service, "/v1/explain", {"query": query, "id": result["id"], "passes": 201}).status_code == 422


def test_a_long_query_is_explained_by_its_first_words(service: Running, shelf: str) -> None:
    query = " ".join(f"{word} table {number}" for number, word in enumerate(["small", "wooden", "round", "black"] * 10))
    result = search(service, query)["results"][25]
    words = explain(service, query=query, id=result["id"], passes=40)["words"]
    assert len(words["query"]) == 16
    assert words["title"]


def test_a_suggestion_is_explained_by_the_sum_of_its_value(
    service: Running, shelf: str, engine_url: str, service_home: Path
) -> None:
    offered = httpx.get(service.url + "/v1/suggest", params={"q": "wo", "index": SHELF}, timeout=60).json()
    texts = [suggestion["text"] for suggestion in offered["suggestions"]]
    assert texts
    found = explain(service, kind="suggest", query="wo", id=texts[0])
    assert found["rank"] == 1
    assert found["score"] == offered["suggestions"][0]["score"]
    assert value_of(found) == pytest.approx(found["value"], abs=1e-9)
    assert found["score"] == pytest.approx((found["value"] + 1) / 3, abs=1e-4)
    assert found["why"]
    missing = post(service, "/v1/explain", {"kind": "suggest", "query": "wo", "id": "zzz"})
    assert missing.status_code == 404


def test_the_terminal_says_the_same(service: Running, shelf: str, engine_url: str, service_home: Path) -> None:
    query = "small wooden table"
    answer = search(service, query)
    result = answer["results"][1]
    environment = {**settings_of(engine_url, service_home), "HYBRIDRANK_INDEX": SHELF}

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(build(), ["explain", *arguments], env=environment)

    shown = json.loads(run(query, result["id"], "--json", "--passes", "0").stdout)
    found = explain(service, query=query, id=result["id"], passes=0)
    # Behaviour is left aside: each process takes the catalogue's means as they were up to ten seconds ago.
    mine, theirs = ({part["name"]: part["value"] for part in one["contributions"]} for one in (shown, found))
    for name in ("bm25", "text_vector", "reading"):
        assert mine[name] == pytest.approx(theirs[name], abs=1e-4)
    assert value_of(shown) == pytest.approx(shown["value"], abs=1e-9)
    text = run(query, result["id"]).stdout
    assert "Words that match" in text
    assert "would pass" in text
    refused = run(query, "no-such-product")
    assert refused.exit_code == 1
    assert "does not bring this product" in refused.stderr


def test_a_model_is_drawn_over_judged_queries(shelf: str, engine_url: str, service_home: Path, tmp_path: Path) -> None:
    environment = {**settings_of(engine_url, service_home), "HYBRIDRANK_INDEX": SHELF, "HYBRIDRANK_RERANK_DEPTH": "3"}
    products = (service_home / f"{SHELF}.jsonl").read_text("utf-8").splitlines()[:6]
    queries, qrels = tmp_path / "queries.tsv", tmp_path / "qrels.tsv"
    titles = [json.loads(line) for line in products]
    queries.write_text("".join(f"q{n}\t{one['title']}\n" for n, one in enumerate(titles)), "utf-8")
    qrels.write_text("".join(f"q{n}\t{one['id']}\t3\n" for n, one in enumerate(titles)), "utf-8")

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(build(), ["explain", *arguments], env=environment)

    judged = ["--queries", str(queries), "--qrels", str(qrels)]
    out = tmp_path / "pictures"
    drawn = run("--model", str(DEFAULT_MODEL), *judged, "--out", str(out), "--json")
    assert drawn.exit_code == 0, drawn.stderr
    found = json.loads(drawn.stdout)
    assert found["queries"] == 6
    assert found["depth"] == 3
    assert {one["name"] for one in found["importance"]} >= {"bm25", "text_vector", "reading", "unread"}
    assert {Path(file).name for file in found["files"]} == {file.name for file in out.iterdir()}
    page = (out / "index.html").read_text("utf-8")
    assert all(html.escape(one["title"]) in page for one in titles)
    assert run("--model", str(DEFAULT_MODEL)).exit_code == 2
    assert run("only a query").exit_code == 2


def test_a_recommendation_is_explained_by_the_ranker_and_by_what_is_live(service: Running, shelf: str) -> None:
    viewed = search(service, "wooden table")["results"][0]["id"]
    asked = {"index": SHELF, "item": viewed, "size": 6, "diversity": 0}
    given = httpx.get(service.url + "/v1/recommend", params=asked, timeout=120).json()["recommendations"]
    for place, one in enumerate(given[:3]):
        found = explain(service, kind="recommend", item=viewed, id=one["id"])
        assert found["rank"] == place + 1
        assert value_of(found) == pytest.approx(found["value"], abs=1e-9)
        assert 1 / (1 + math.exp(-found["value"])) == pytest.approx(found["shown_score"], abs=1e-6)
        assert found["shown_score"] == pytest.approx(one["score"], abs=1e-5)
        assert found["why"][0] == f"{one['reason']}."
        # Words add up to what the model says of the two texts, before live signals and the place below what was read.
        after = {*WEIGHTS, "unread", "cut"}
        ranked = found["base"] + sum(part["value"] for part in found["contributions"] if part["name"] not in after)
        words = found["words"]
        every = [*words["query"], *words["title"]]
        assert words["base"] + sum(word["value"] for word in every) == pytest.approx(ranked, abs=1e-4)
        assert all(words["query_text"][word["start"] : word["end"]] == word["text"] for word in words["query"])
        assert all(words["title_text"][word["start"] : word["end"]] == word["text"] for word in words["title"])
        assert max(abs(word["value"]) for word in every) > 1e-3
        assert "words" not in explain(service, kind="recommend", item=viewed, id=one["id"], passes=0)
    assert post(service, "/v1/explain", {"kind": "recommend", "item": viewed, "id": viewed}).status_code == 404


def test_what_the_engine_hears_of_the_whole_text_is_what_the_recommendation_stands_on(
    service: Running, shelf: str, engine_url: str, service_home: Path
) -> None:
    viewed = search(service, "wooden table")["results"][0]["id"]
    place = {"index": SHELF, "item": viewed, "size": 1}
    item = httpx.get(service.url + "/v1/recommend", params=place, timeout=120).json()["recommendations"][0]["id"]
    seen: list[Seen] = []
    body = ExplainBody(kind="recommend", item=viewed, id=item, passes=0, index=SHELF)
    parts = Parts(Settings(opensearch_url=engine_url, home=service_home, rerank_budget_ms=60_000))
    with parts.engine:
        KINDS["recommend"](parts, body, look=seen.append)
        signals = seen[0].candidates[seen[0].position].signals
        (heard,) = seen[0].heard([seen[0].query])
    for name in OF_THE_ENGINE:
        assert heard.get(name) == pytest.approx(signals.get(name), abs=1e-3)


@pytest.mark.slow
def test_other_methods_stand_beside_in_a_terminal(
    service: Running, engine_url: str, service_home: Path, shelf: str
) -> None:
    query = "wooden table"
    result = search(service, query)["results"][0]
    environment = {**settings_of(engine_url, service_home), "HYBRIDRANK_INDEX": shelf, "COLUMNS": "120"}
    methods = ["--method", "lime", "--method", "gradients"]

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(build(), ["explain", *arguments], env=environment)

    answered = run(query, result["id"], *methods, "--json", "--passes", "40")
    assert answered.exit_code == 0, answered.stderr
    found = json.loads(answered.stdout)
    lime, gradients = found["opinions"]
    assert (lime["method"], gradients["method"]) == ("lime", "gradients")
    assert gradients["base"] + sum(gradients["parts"].values()) == pytest.approx(found["value"], abs=2e-3)
    assert abs(gradients["gap"]) <= 1e-3
    assert "model.safetensors" in gradients["no_words"]
    assert lime["base"] + sum(lime["parts"].values()) + lime["gap"] == pytest.approx(found["value"], abs=1e-4)
    assert len(lime["words"]) == len(found["words"]["query"]) + len(found["words"]["title"])
    assert 0 <= lime["agreement"]["leading"] <= 1
    # Rules that follow the head are everybody's.
    ours = {part["name"]: part["value"] for part in found["contributions"]}
    assert gradients["parts"].get("likeness") == lime["parts"].get("likeness") == ours.get("likeness")
    text = run(query, result["id"], *methods, "--passes", "40")
    assert "lime and shapley agree on signals" in text.stdout
    assert run("wooden", "wooden table", "--suggest", *methods).exit_code == 2
