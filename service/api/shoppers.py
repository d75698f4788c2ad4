"""``/demo/shopper``: who the page's visitor is, in demo mode, where no shop has a login.

What a login does in a shop is done here: a person token is signed and laid into the browser's cookie.
"""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, g

from personal.subject import Subject

from ..access import PERSON_COOKIE
from ..app import parts
from ..keys import DEFAULT_TENANT
from ..persons import mint
from ..problems import invalid
from ..schemas.shoppers import SHOPPERS, ShopperBody, ShoppersOut
from .answers import answer

LIVES_S = 12 * 3600
PREFIX = "demo:"

blueprint = APIBlueprint("shoppers", __name__, tag="demo")


@blueprint.get("/demo/shopper")
@blueprint.output(ShoppersOut)
def current() -> Response:
    """Who the visitor is."""
    person: Subject | None = g.person
    name = person.subject.removeprefix(PREFIX) if person is not None else None
    return answer(ShoppersOut(shoppers=list(SHOPPERS), current=name))


@blueprint.put("/demo/shopper")
@blueprint.input(ShopperBody, arg_name="body")
@blueprint.output(ShoppersOut)
def become(body: ShopperBody) -> Response:
    """Become one of the demo's shoppers."""
    if body.name not in SHOPPERS:
        raise invalid("name", f"one of {', '.join(SHOPPERS)}")
    person = Subject(DEFAULT_TENANT, PREFIX + body.name)
    token = mint(parts().settings.person_keys_path, person, lives_s=LIVES_S, make_key=True)
    response = answer(ShoppersOut(shoppers=list(SHOPPERS), current=body.name))
    response.set_cookie(PERSON_COOKIE, token, max_age=LIVES_S, httponly=True, samesite="Strict")
    return response


@blueprint.delete("/demo/shopper")
@blueprint.output(ShoppersOut)
def leave() -> Response:
    """Be nobody again."""
    response = answer(ShoppersOut(shoppers=list(SHOPPERS)))
    response.delete_cookie(PERSON_COOKIE, httponly=True, samesite="Strict")
    return response
