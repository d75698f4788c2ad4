"""``/``: the web page, its two files, and the pictures of the sample catalogue."""

from __future__ import annotations

import html
import secrets
from pathlib import Path

from apiflask import APIBlueprint
from flask import Response, current_app, request, send_file, send_from_directory

from ..access import SESSION, SESSION_COOKIE
from ..app import parts
from ..encoders import NO_IMAGE_ENCODER
from ..problems import Problem

FOLDER = Path(__file__).parent.parent / "page"
ASSETS = frozenset(file.name for file in FOLDER.iterdir() if file.suffix in {".js", ".css", ".svg"})
FEATURES = {
    "suggest": "/v1/suggest",
    "recommend": "/v1/recommend",
    "related": "/v1/related",
    "explain": "/v1/explain",
    "shopper": "/demo/shopper",
}
"""What the page may ask for, where this service has it: the name that the page knows, and the path."""

blueprint = APIBlueprint("page", __name__, enable_openapi=False)


def policy(pictures: str) -> str:
    """The page's content security policy: its own files and calls only, and the catalogue's pictures."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        f"img-src 'self' {pictures}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


@blueprint.get("/")
def index() -> Response:
    """The page."""
    here = parts()
    text = (FOLDER / "index.html").read_text("utf-8")
    text = text.replace("{{index}}", html.escape(here.settings.index, quote=True))
    text = text.replace("{{features}}", " ".join(_features()))
    response = Response(text, content_type="text/html; charset=utf-8")
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
