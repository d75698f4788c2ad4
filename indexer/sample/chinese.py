"""Chinese titles and descriptions, put together from the terms of the vocabulary; brand and line stay as they are."""

from __future__ import annotations

from .dice import Dice
from .facts import Facts
from .vocabulary import vocabulary

TITLES = (
    "{brand} {line} {audience}{colour}{pattern}{material}{kind} {features}",
    "【{style}】{brand} {colour}{material}{kind} {audience} {features} {size}",
    "{audience}{kind} {colour} {material} {features} {brand} {line}",
    "{brand} {style}{kind} {line} {colour}{pattern} {material} {size}",
)
SENTENCES = (
    "这款{colour}{kind}选用{material}，{style}风格，做工细致，日常使用十分方便。",
    "{brand} {line}系列{kind}，{material}材质，{colour}配色简洁大方。",
    "精选{material}，手感舒适；{style}设计，百搭不挑人，送礼自用都合适。",
    "{brand}出品，{colour}{pattern}款{kind}，质量可靠，细节处见用心。",
)
CLOSINGS = (
    "规格：{size}。",
    "支持七天无理由退换。",
    "附赠品牌包装盒。",
    "规格：{size}，下单前请确认。",
    "全国联保两年。",
)


def _terms(facts: Facts) -> dict[str, str]:
    words = vocabulary()
    department, kind = words.kinds[facts.type]
    return {
        "brand": facts.brand,
        "line": facts.line,
        "kind": kind.zh,
        "colour": words.colours.colours[facts.colour].zh,
        "material": words.materials[facts.material].zh,
        "pattern": "" if facts.pattern == "plain" else words.terms.patterns[facts.pattern].zh,
        "style": words.terms.styles[facts.style].zh.removesuffix("风"),
        "audience": words.terms.audiences[facts.audience].zh,
        "features": " ".join(department.features[key].zh for key in facts.features),
        "size": facts.size,
    }


def title(facts: Facts, dice: Dice) -> str:
    """A Chinese title with the brand in Latin letters."""
    return " ".join(dice.one(TITLES).format(**_terms(facts)).split())


def description(facts: Facts, dice: Dice) -> str:
    """A few Chinese sentences."""
    terms = _terms(facts)
    parts = [sentence.format(**terms) for sentence in dice.some(SENTENCES, 2)]
    if facts.features:
        parts.append("特点：" + "、".join(terms["features"].split(" ")) + "。")
    parts.append(dice.one(CLOSINGS).format(**terms))
    return "".join(parts)
