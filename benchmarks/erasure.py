"""How long an erasure takes: ``DELETE /v1/profile`` of people who searched, shared and did things.

``OPENSEARCH_URL=... python -m benchmarks.erasure [--people 20] [--events 50] [--queries 5]``, with the sample catalogue
indexed as ``--index``. The application answers in this process, so what is timed is all but the way to it. Afterwards
everything of these people is gone, which is checked: by what is held, and by their pseudonyms in the engine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
import uuid
from typing import Any

from personal.subject import Subject
from plugin.names import BEHAVIOUR, PROFILES, SOCIAL, SUGGESTIONS, UBI_EVENTS, UBI_QUERIES
from service import persons
from service.app import create_app
from service.parts import Parts
from service.settings import Settings

PLACES = (BEHAVIOUR, PROFILES, SOCIAL, SUGGESTIONS, UBI_EVENTS, UBI_QUERIES)


def main() -> None:
    """Let people live, erase them, print the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--events", type=int, default=50)
    parser.add_argument("--queries", type=int, default=5)
    parser.add_argument("--index", default="products")
    given = parser.parse_args()
    settings = Settings(index=given.index, opensearch_timeout_s=60, image_encoder="none", rerank_depth=1)
    app = create_app(settings, demo=True)
    parts: Parts = app.extensions["hybridrank"]
    client, run = app.test_client(), uuid.uuid4().hex[:8]

    def call(method: str, path: str, who: dict[str, str], body: Any = None) -> Any:
        answer = client.open(path, method=method, json=body, headers=who)
        if answer.status_code != 200:
            raise SystemExit(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json

    def headers(number: int) -> dict[str, str]:
        token = persons.mint(settings.person_keys_path, Subject("default", f"{run}-{number}"), make_key=True)
        return {"X-Hybridrank-Person": token, "X-Hybridrank-Session": f"{run}-visit-{number}"}

    items = [hit["id"] for hit in call("POST", "/v1/search", {}, {"query": "", "size": 100})["results"]]
    names: list[str] = []
    for number in range(given.people):
        who = headers(number)
        call("PUT", "/v1/sharing", who)
        for asked in range(given.queries):
            call("POST", "/v1/search", who, {"query": f"lamp {run} {asked}", "size": 10})
        events = [
            {
                "action_name": "click",
                "event_id": uuid.uuid4().hex,
                "timestamp": int(time.time() * 1000) - place,
                "user_query": f"lamp {place % 7}",
                "event_attributes": {"object": {"object_id": items[place % len(items)]}},
            }
            for place in range(given.events)
        ]
        taken = call("POST", "/v1/events", who, events)
        held = call("GET", "/v1/profile", who)
        if taken["rejected"] or len(held["events"]) != given.events:
            raise SystemExit("not all events were taken")
        names += [held["pseudonym"], held["session"]]
    took, gone = [], []
    for number in range(given.people):
        started = time.perf_counter()
        gone.append(call("DELETE", "/v1/profile", headers(number)))
        took.append(time.perf_counter() - started)
    parts.engine.request("POST", f"/{','.join(PLACES)}/_refresh")
    left = 0
    for number in range(given.people):
        held = call("GET", "/v1/profile", headers(number))
        left += len(held["records"]) + len(held["events"]) + len(held["queries"])
    for name in names:
        query = {"query": {"multi_match": {"query": name, "fields": ["client_id", "session_id", "person", "owner"]}}}
        left += parts.engine.search(",".join(PLACES), query)["hits"]["total"]["value"]
    parts.close()
    told = {
        "people": given.people,
        "of_each": {name: gone[0][name] for name in ("records", "events", "queries", "counters")},
        "seconds": {"median": round(statistics.median(took), 2), "most": round(max(took), 2)},
        "left": left,
        "load": round(os.getloadavg()[0], 1),
        "cores": os.cpu_count(),
    }
    print(json.dumps(told))
    raise SystemExit(bool(left))


if __name__ == "__main__":
    main()
