"""The HTTP application: limits, access, endpoints, problems, metrics; no endpoint does any of these by itself."""

from __future__ import annotations

import time
from typing import Any

from apiflask import APIFlask
from flask import Request, Response, current_app, g, request
from werkzeug.exceptions import RequestEntityTooLarge

from . import access, audit, foreground, metrics, policy, problems, strict_json
from .keys import KeyRing
from .media import Media
from .parts import Parts
from .persons import PersonTokens
from .settings import Settings
from .version import VERSION

DESCRIPTION = "One request sees every ranking signal: BM25, vectors and behaviour, fused by a cross-encoder."


class StrictRequest(Request):
    """A request whose JSON is parsed by :mod:`service.strict_json`."""

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """Parse the body as JSON, whatever its content type says: ``curl -d`` calls everything a form.

        Raises:
            BadJson: the body is empty or not acceptable.
        """
        raw = self.get_data(cache=False)
        if self.content_length is None and len(raw) >= parts().settings.max_body_bytes:
            raise RequestEntityTooLarge  # a body sent in chunks is cut at the limit, without a word
        if not raw.strip():
            raise strict_json.BadJson("", "empty; a JSON document is needed")
        value = strict_json.loads(raw, max_depth=parts().settings.max_json_depth)
        if value is None:
            raise strict_json.BadJson("", "null; an object is needed")
        return value


def parts() -> Parts:
    """The parts of the application that answers the current request."""
    found: Parts = current_app.extensions["hybridrank"]
    return found


def create_app(
    settings: Settings, *, demo: bool = False, ring: KeyRing | None = None, media: Media | None = None
) -> APIFlask:
    """Make the application.

    Args:
        settings: all limits and addresses.
        demo: no key is needed; the caller sees to it that only loopback is listened on.
        ring: the keys of the shop.
        media: pictures that the service gives out itself.

    Raises:
        ValueError: neither demo mode nor keys.
        PolicyError: the policy says nothing of an endpoint.
    """
    if not demo and ring is None:
        raise ValueError("an application that is not in demo mode needs keys")
    app = APIFlask(
        "service",
        title="hybridrank",
        version=VERSION,
        docs_path=None,
        static_folder=None,  # type: ignore[arg-type]
        template_folder="page",
    )
    app.request_class = StrictRequest
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.config.update(
        OPENAPI_VERSION="3.1.0",
        DESCRIPTION=DESCRIPTION,
        CONTACT={"name": "hybridrank", "url": "https://github.com/hybridrank/hybridrank"},
        LICENSE={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        MAX_CONTENT_LENGTH=settings.max_body_bytes,
        VALIDATION_ERROR_STATUS_CODE=422,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_404_RESPONSE=False,
        AUTO_OPERATION_ID=True,
        SECURITY_SCHEMES={"key": {"type": "http", "scheme": "bearer"}},
        HTTP_ERROR_SCHEMA=problems.PROBLEM_SCHEMA,
    )
    app.extensions["hybridrank"] = Parts(settings, demo=demo, media=media)
    problems.install(app)
    _measure(app)
    rules = policy.load()
    access.install(app, policy=rules, ring=None if demo else ring, tokens=PersonTokens(settings.person_keys_path))
    audit.install(app, app.extensions["hybridrank"])
    foreground.install(app, app.extensions["hybridrank"].foreground)
    _register(app, demo=demo)
    rules.check(app.view_functions)
    return app


def _register(app: APIFlask, *, demo: bool) -> None:
    from .api import BLUEPRINTS, DEMO_BLUEPRINTS, openapi

    for blueprint in (*BLUEPRINTS, *(DEMO_BLUEPRINTS if demo else ())):
        app.register_blueprint(blueprint)
    app.spec_processor(openapi.finish)


def _measure(app: APIFlask) -> None:
    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()
        metrics.IN_PROGRESS.inc()

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        started: float | None = g.get("started")
        if started is not None:
            labels = (request.endpoint or "none", _method(), str(response.status_code))
            metrics.REQUESTS.labels(*labels).observe(time.perf_counter() - started)
        return response

    @app.teardown_request
    def leave(_error: BaseException | None) -> None:
        if "started" in g:
            metrics.IN_PROGRESS.dec()


def _method() -> str:
    """The method, from a closed set: a label must not grow with what strangers send."""
    return request.method if request.method in {"GET", "HEAD", "POST", "OPTIONS", "DELETE"} else "other"
