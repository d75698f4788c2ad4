"""Who calls: the key, the person and the session, settled before an endpoint runs."""

import json

import pytest
from flask import g, jsonify

from personal.keystore import Identity
from personal.subject import Subject
from personal.visitor import NOBODY, Visitor
from service import keys, persons
from service.app import create_app
from service.attribution import attributed
from service.keys import KeyRing
from service.settings import Settings

SESSION = "visit-0123456789"
WHO = "/v1/related"


def application(home, **how):
    """The application, with one endpoint that tells what the guard has let through to it."""
    app = create_app(Settings(home=home), **how)

    def who():
        person = g.person
        shown = None if person is None else [person.tenant, person.subject]
        return jsonify(caller=[g.caller.tenant, g.caller.role], person=shown, session=g.session)

    app.view_functions["related.related"] = who
    return app


@pytest.fixture
def demo(tmp_path):
    persons.rotate(tmp_path / "secrets" / "person-tokens.json", "default")
    return application(tmp_path, demo=True).test_client()


@pytest.fixture
def ada(demo, tmp_path):
    return persons.mint(tmp_path / "secrets" / "person-tokens.json", Subject("default", "ada"))


def refused(answer, status, field):
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert json.loads(answer.data)["errors"][0]["field"] == field


def test_who_says_nothing_is_nobody(demo):
    assert demo.get(WHO).json == {"caller": ["default", "admin"], "person": None, "session": None}


def test_a_token_and_a_session_are_known_to_the_endpoint(demo, ada):
    found = demo.get(WHO, headers={"X-Hybridrank-Person": ada, "X-Hybridrank-Session": SESSION}).json
    assert found == {"caller": ["default", "admin"], "person": ["default", "ada"], "session": SESSION}


def test_a_wrong_token_is_a_401_everywhere_and_never_nobody(demo, ada):
    for wrong in ("", "nonsense", ada[:-3], "a.b.c"):
        for method, path in (("GET", WHO), ("POST", "/v1/search"), ("POST", "/v1/events"), ("GET", "/demo/shopper")):
            refused(demo.open(path, method=method, headers={"X-Hybridrank-Person": wrong}), 401, "X-Hybridrank-Person")


@pytest.mark.parametrize("wrong", ["", "short", "a" * 129, "with space", "../../etc", "seven77\u00e9"])
def test_a_wrong_session_is_a_422(demo, wrong):
    refused(demo.get(WHO, headers={"X-Hybridrank-Session": wrong}), 422, "X-Hybridrank-Session")


def test_what_anyone_may_read_asks_nobody_who_they_are(demo):
    for path in ("/healthz", "/", "/page/app.js", "/openapi.json"):
        with demo.get(path, headers={"X-Hybridrank-Person": "nonsense"}) as answer:
            assert answer.status_code == 200


def test_the_pages_cookies_are_taken_and_a_header_wins(demo, ada):
    demo.set_cookie("hybridrank_person", ada)
    demo.set_cookie("hybridrank_session", SESSION)
    assert demo.get(WHO).json["person"] == ["default", "ada"]
    assert demo.get(WHO, headers={"Sec-Fetch-Site": "same-origin"}).json["session"] == SESSION
    other = "another-visit"
    assert demo.get(WHO, headers={"X-Hybridrank-Session": other}).json["session"] == other
    refused(demo.get(WHO, headers={"X-Hybridrank-Person": "nonsense"}), 401, "X-Hybridrank-Person")


def test_cookies_that_another_site_makes_a_browser_send_are_not_taken(demo, ada):
    demo.set_cookie("hybridrank_person", ada)
    demo.set_cookie("hybridrank_session", SESSION)
    for site in ("cross-site", "same-site"):
        found = demo.get(WHO, headers={"Sec-Fetch-Site": site}).json
        assert (found["person"], found["session"]) == (None, None)


def test_a_stale_cookie_is_refused_once_and_forgotten(demo):
    demo.set_cookie("hybridrank_person", "stale")
    answer = demo.get(WHO)
    refused(answer, 401, "cookie hybridrank_person")
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    assert demo.get(WHO).json["person"] is None


def test_the_page_gives_a_browser_a_session_that_scripts_cannot_read(demo):
    given = demo.get("/").headers["Set-Cookie"]
    assert given.startswith("hybridrank_session=")
    assert "HttpOnly" in given
    assert "SameSite=Strict" in given
    assert len(demo.get(WHO).json["session"]) >= 32
    assert "Set-Cookie" not in demo.get("/").headers


def test_a_demo_shopper_is_chosen_and_left(demo):
    assert demo.get("/demo/shopper").json == {"shoppers": ["Ada", "Ben", "Chloe", "Dev"]}
    answer = demo.put("/demo/shopper", json={"name": "Ben"})
    assert answer.json["current"] == "Ben"
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert demo.get(WHO).json["person"] == ["default", "demo:Ben"]
    assert demo.get("/demo/shopper").json["current"] == "Ben"
    assert "current" not in demo.delete("/demo/shopper").json
    assert demo.get(WHO).json["person"] is None
    refused(demo.put("/demo/shopper", json={"name": "Mallory"}), 422, "name")
    assert demo.put("/demo/shopper", json={"name": "Ben"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_demo_shoppers_need_no_key_made_before(tmp_path):
    client = application(tmp_path, demo=True).test_client()
    assert client.put("/demo/shopper", json={"name": "Ada"}).status_code == 200
    assert client.get(WHO).json["person"] == ["default", "demo:Ada"]


def test_a_person_belongs_to_the_keys_tenant(tmp_path):
    file = tmp_path / "secrets" / "person-tokens.json"
    bearer = {}
    for tenant in ("acme", "umbrella"):
        bearer[tenant] = {"Authorization": "Bearer " + keys.add(tmp_path / "keys.json", tenant=tenant, role="admin")}
        persons.rotate(file, tenant)
    client = application(tmp_path, ring=KeyRing(tmp_path / "keys.json")).test_client()
    token = {"X-Hybridrank-Person": persons.mint(file, Subject("acme", "ada"))}
    assert client.get(WHO, headers=token).status_code == 401
    assert client.get(WHO, headers={**bearer["acme"], **token}).json["person"] == ["acme", "ada"]
    refused(client.get(WHO, headers={**bearer["umbrella"], **token}), 401, "X-Hybridrank-Person")
    assert client.get("/demo/shopper", headers=bearer["acme"]).status_code == 404


def test_events_belong_to_the_request_and_not_to_what_they_say():
    raw = {"action_name": "click", "client_id": "eve", "session_id": SESSION}
    ada = Visitor("shop", Identity("shop", "u.1", b""), SESSION, "s.1")
    own = attributed([raw, None, {}], ada)
    assert own[1] is None
    assert own[0]["client_id"] == own[2]["client_id"] == "u.1"
    assert own[0]["session_id"] == own[2]["session_id"] == "s.1"
    assert SESSION not in json.dumps(own)
    assert attributed([raw], NOBODY) == [raw]
    assert attributed([raw], Visitor("shop", None, "another-visit", "s.2")) == [raw]
    assert attributed([{"session_id": ["x"]}], Visitor("shop", None, SESSION, "s.1")) == [{"session_id": ["x"]}]
    assert raw["client_id"] == "eve"
    assert attributed([{"client_id": "u.1"}], NOBODY)[0]["client_id"] != "u.1"
