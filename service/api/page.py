"""``/`` and ``/tune``: the web pages, their files, and the pictures of the sample catalogue."""

from __future__ import annotations

import secrets
from pathlib import Path

from apiflask import APIBlueprint
from flask import Response, current_app, render_template, request, send_file, send_from_directory

from ..access import SESSION, SESSION_COOKIE
from ..app import parts
from ..encoders import NO_IMAGE_ENCODER
from ..messages import COOKIE as LANGUAGE_COOKIE
from ..messages import LANGUAGES, language_of, messages
from ..problems import Problem

FOLDER = Path(__file__).parent.parent / "page"
ASSETS = frozenset(file.name for file in FOLDER.iterdir() if file.suffix in {".js", ".css", ".svg"})
FEATURES = {
    "suggest": "/v1/suggest",
    "recommend": "/v1/recommend",
    "related": "/v1/related",
    "explain": "/v1/explain",
    "shopper": "/demo/shopper",
    "judge": "/v1/judgments",
}
"""What the page may ask for, where this service has it: the name that the page knows, and the path."""

LANGUAGE_S = 365 * 24 * 3600
"""For how long a browser keeps the language that was chosen."""

blueprint = APIBlueprint("page", __name__, enable_openapi=False)


def policy(pictures: str) -> str:
    """The page's content security policy: its own files and calls only, and the catalogue's pictures."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        f"img-src 'self' {pictures}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


@blueprint.get("/")
def index() -> Response:
    """The shop window."""
    return _page("index.html")


@blueprint.get("/tune")
def tune() -> Response:
    """Where a ranking is understood and tuned."""
    return _page("tune.html")


def _page(name: str) -> Response:
    """A page in the language of the one who asks, with the cookie of their visit."""
    here = parts()
    language = language_of(request)
    text = render_template(
        name,
        index=here.settings.index,
        features=" ".join(_features()),
        language=language,
        languages={code: messages(code)["language.name"] for code in LANGUAGES},
        messages=messages(language),
        t=messages(language),
    )
    response = Response(text, content_type="text/html; charset=utf-8")
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language, Cookie"
    if request.args.get("lang") == language:
        response.set_cookie(LANGUAGE_COOKIE, language, max_age=LANGUAGE_S, samesite="Strict")
    response.headers["Content-Security-Policy"] = policy("data:" if here.demo else "data: https: http:")
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-cache"
    if SESSION.fullmatch(request.cookies.get(SESSION_COOKIE, "")) is None:
        session = secrets.token_urlsafe(24)
        secure = request.is_secure
        response.set_cookie(SESSION_COOKIE, session, httponly=True, secure=secure, samesite="Strict")
    return response


def _features() -> list[str]:
    there = {rule.rule for rule in current_app.url_map.iter_rules()}
    found = [name for name, path in FEATURES.items() if path in there]
    return found if parts().settings.image_encoder == NO_IMAGE_ENCODER else [*found, "pictures"]


@blueprint.get("/page/<name>")
def asset(name: str) -> Response:
    """One of the page's files."""
    if name not in ASSETS:
        raise Problem(404, "not-found", "Not Found.")
    return send_from_directory(FOLDER, name, max_age=0)


@blueprint.get("/media/<index>/<path:product>")
def media(index: str, product: str) -> Response:
    """The picture of a product, where this service keeps the catalogue's pictures itself."""
    path = parts().media.picture(index, product)
    if path is None:
        raise Problem(404, "not-found", "No picture of that product is kept here.")
    return send_file(path, max_age=3600, conditional=True)
