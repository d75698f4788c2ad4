"""The stock way: ml-commons calls ``/v1/rerank``, for clusters that can take no plugin of ours.

A connector, a remote model and a search pipeline. The model sees a query and the hits' concatenated text; ids, scores,
behaviour and people stay out of its sight, for ml-commons has nowhere to put them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from importlib.resources import files
from typing import Any

from .client import Engine
from .errors import EngineError, EngineRejected, EngineUnsupported

NAME = "hybridrank"
ML_PLUGIN = "opensearch-ml"
PIPELINE_STOCK = "hybridrank-stock"
_DEPLOY_S = 120.0
_MODELS = "/_plugins/_ml/models"
_CONNECTORS = "/_plugins/_ml/connectors"


def install_stock(engine: Engine, service_url: str, make_key: Callable[[], str]) -> list[str]:
    """Set the stock way up; a second call changes nothing.

    Args:
        engine: a cluster with ml-commons.
        service_url: where the cluster finds the service; ml-commons must trust it
            (``plugins.ml_commons.trusted_connector_endpoints_regex``).
        make_key: makes a key for the service; called where a new connector needs one. ml-commons keeps it encrypted.

    Returns:
        What was written.

    Raises:
        EngineUnsupported: the cluster lacks ml-commons.
        EngineRejected: ml-commons does not trust the service's address, or the login may not.
        EngineError: the model was not deployed.
    """
    if ML_PLUGIN not in engine.info().plugins:
        raise EngineUnsupported(f"OpenSearch at {engine.config.shown} lacks ml-commons ({ML_PLUGIN})")
    wrote: list[str] = []
    url = f"{service_url.rstrip('/')}/v1/rerank"
    connector = next((found for found in _named(engine, _CONNECTORS) if _url_of(found["_source"]) == url), None)
    connector_id = connector["_id"] if connector else None
    if connector_id is None:
        body = _read("connector.json")
        body["actions"][0]["url"] = url
        body["credential"] = {"key": make_key()}
        connector_id = engine.request("POST", f"{_CONNECTORS}/_create", body)["connector_id"]
        wrote.append("ml connector hybridrank")
    model_id = next(
        (found["_id"] for found in _named(engine, _MODELS) if found["_source"].get("connector_id") == connector_id),
        None,
    )
    if model_id is None:
        model = {
            "name": NAME,
            "function_name": "remote",
            "description": "hybridrank's cross-encoder",
            "connector_id": connector_id,
        }
        model_id = engine.request("POST", f"{_MODELS}/_register", model)["model_id"]
        wrote.append("ml model hybridrank")
    _deploy(engine, model_id)
    for name, pipeline in _read("pipelines.json").items():
        wanted = json.loads(json.dumps(pipeline).replace('"MODEL"', json.dumps(model_id)))
        if _pipeline(engine, name) != wanted:
            engine.request("PUT", f"/_search/pipeline/{name}", wanted)
            wrote.append(f"search pipeline {name}")
    return wrote


def remove_stock(engine: Engine) -> list[str]:
    """Take out what :func:`install_stock` put in; returns what was there."""
    removed = []
    for name in _read("pipelines.json"):
        if _pipeline(engine, name) is not None:
            engine.request("DELETE", f"/_search/pipeline/{name}")
            removed.append(f"search pipeline {name}")
    if ML_PLUGIN not in engine.info().plugins:
        return removed
    for found in _named(engine, _MODELS):
        engine.request("POST", f"{_MODELS}/{found['_id']}/_undeploy")
        _until(partial(_is_undeployed, engine, found["_id"]))
        engine.request("DELETE", f"{_MODELS}/{found['_id']}")
        removed.append("ml model hybridrank")
    for found in _named(engine, _CONNECTORS):
        engine.request("DELETE", f"{_CONNECTORS}/{found['_id']}")
        removed.append("ml connector hybridrank")
    return removed


def _deploy(engine: Engine, model_id: str) -> None:
    if _state(engine, model_id) != "DEPLOYED":
        engine.request("POST", f"{_MODELS}/{model_id}/_deploy")
        _until(lambda: _state(engine, model_id) == "DEPLOYED")


def _until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + _DEPLOY_S
    while not holds():
        if time.monotonic() > until:
            raise EngineError(f"ml-commons did not finish with the model within {_DEPLOY_S:.0f} s")
        time.sleep(0.2)


def _is_undeployed(engine: Engine, model_id: str) -> bool:
    return _state(engine, model_id) not in {"DEPLOYED", "PARTIALLY_DEPLOYED", "DEPLOYING"}


def _state(engine: Engine, model_id: str) -> str:
    return str(engine.request("GET", f"{_MODELS}/{model_id}").get("model_state"))


def _named(engine: Engine, kind: str) -> list[dict[str, Any]]:
    """Models or connectors of our name; none where ml-commons has never held one."""
    try:
        answer = engine.request("POST", f"{kind}/_search", {"query": {"term": {"name.keyword": NAME}}, "size": 100})
    except EngineRejected as error:
        if error.status == 404:
            return []
        raise
    found: list[dict[str, Any]] = answer["hits"]["hits"]
    return found


def _url_of(connector: dict[str, Any]) -> str:
    return str(next((action.get("url") for action in connector.get("actions", [])), ""))


def _pipeline(engine: Engine, name: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = engine.request("GET", f"/_search/pipeline/{name}")[name]
    except EngineRejected as error:
        if error.status == 404:
            return None
        raise
    return found


def _read(name: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(files("plugin.resources").joinpath("stock", name).read_text("utf-8"))
    return value
