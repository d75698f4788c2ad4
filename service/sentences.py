"""What an explanation says to a shopper, in English and Chinese: sentences that follow from what is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .schemas.explain import Language

LABELS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "bm25": "Words that match",
        "text_vector": "Meaning of the text",
        "image_vector": "Look of the picture",
        "behaviour": "What shoppers chose",
        "profile": "Your taste",
        "session": "This visit",
        "price": "Price",
        "popularity": "Ratings",
        "recency": "How new it is",
        "reading": "Reading its text",
        "title_words": "Words shared with the title",
        "refused": "What you asked to be without",
        "contradicted": "Another kind than asked for",
        "likeness": "Likeness to the best matches",
        "unread": "Listed below what was read",
        "cut": "Limit of the score",
        "together": "Goes with what you look at",
        "sequence": "What comes next in visits",
        "social": "Your friends",
        "trending": "Popular this week",
        "category": "Same kind as what you look at",
        "standing": "How often it is searched",
        "liked": "Like what you looked at",
        "own": "You searched for it",
    },
    "zh": {
        "bm25": "匹配的词语",
        "text_vector": "文字含义",
        "image_vector": "图片外观",
        "behaviour": "顾客的选择",
        "profile": "您的偏好",
        "session": "本次浏览",
        "price": "价格",
        "popularity": "评分",
        "recency": "上新时间",
        "reading": "通读商品文字",
        "title_words": "与标题相同的词",
        "refused": "您不想要的内容",
        "contradicted": "与所求种类不同",
        "likeness": "与最佳结果相似",
        "unread": "排在已通读商品之后",
        "cut": "分数上限",
        "together": "与您在看的商品搭配",
        "sequence": "浏览中常见的下一件",
        "social": "您的好友",
        "trending": "本周热门",
        "category": "与您在看的同类",
        "standing": "被搜索的频率",
        "liked": "与您看过的相近",
        "own": "您曾搜索过",
    },
}
"""Names of contributions; a name that is not here is its own label."""

_MOVED: Mapping[Language, Mapping[str, tuple[str, str]]] = {
    "en": {
        "bm25": ("Its words match what you typed.", "Other results have more of your words."),
        "text_vector": (
            "It means nearly what you typed.",
            "Other results are nearer to your words in meaning.",
        ),
        "image_vector": (
            "It looks like what you described.",
            "Other results look more like what you described.",
        ),
        "behaviour": ("Other shoppers often choose it.", "Other shoppers choose it less often."),
        "profile": ("It fits what you liked before.", "It is not what you usually like."),
        "session": ("It fits what you look at in this visit.", "It differs from what you look at in this visit."),
        "price": ("Its price speaks for it.", "Its price speaks against it."),
        "popularity": ("It is rated often and well.", "It has few ratings."),
        "recency": ("It is new.", "It has been here for a while."),
        "reading": ("Its description answers your search.", "Its description does not quite answer your search."),
        "title_words": ("Its title has the words you typed.", "Its title has few of the words you typed."),
        "refused": ("It says that it is without what you do not want.", "It has what you asked to be without."),
        "contradicted": ("", "It seems to be another kind, colour or size, or an accessory."),
        "likeness": ("It is like the other best matches.", "Other results are more like the best matches."),
        "together": ("People look at it or buy it together with what you look at.", ""),
        "sequence": ("It is what people look at next, going by your visit.", ""),
        "social": ("Your friends like it.", ""),
        "trending": ("Many people look at it this week.", ""),
        "category": ("It is of the kind that you are looking at.", "It is of another kind than you are looking at."),
        "standing": ("Many people search for it.", ""),
        "liked": ("It is like what you looked at.", "It is unlike what you looked at."),
        "own": ("You searched for it before.", ""),
    },
    "zh": {
        "bm25": ("它包含您输入的词语。", "与其他结果相比，它包含的您的词语较少。"),
        "text_vector": ("它的含义与您输入的相近。", "与其他结果相比，它的含义离您的词语较远。"),
        "image_vector": ("它的外观符合您的描述。", "与其他结果相比，它的外观不太符合您的描述。"),
        "behaviour": ("其他顾客经常选择它。", "其他顾客较少选择它。"),
        "profile": ("它符合您一贯的喜好。", "它与您一贯的喜好不同。"),
        "session": ("它与您本次浏览的商品相符。", "它与您本次浏览的商品不同。"),
        "price": ("它的价格有优势。", "它的价格没有优势。"),
        "popularity": ("它的评价又多又好。", "它的评价较少。"),
        "recency": ("它是新上架的。", "它已上架一段时间。"),
        "reading": ("它的介绍符合您的搜索。", "它的介绍不太符合您的搜索。"),
        "title_words": ("它的标题含有您输入的词。", "它的标题很少含有您输入的词。"),
        "refused": ("它注明不含您不想要的内容。", "它含有您不想要的内容。"),
        "contradicted": ("", "它似乎是另一种类、颜色、尺寸，或是配件。"),
        "likeness": ("它与其他最佳结果相似。", "与其他结果相比，它与最佳结果不太相似。"),
        "together": ("大家常把它与您在看的商品一起浏览或购买。", ""),
        "sequence": ("按您的浏览，大家接下来常看它。", ""),
        "social": ("您的好友喜欢它。", ""),
        "trending": ("本周有很多人看它。", ""),
        "category": ("它与您在看的商品属于同类。", "它与您在看的商品不同类。"),
        "standing": ("很多人搜索它。", ""),
        "liked": ("它与您看过的相近。", "它与您看过的不同。"),
        "own": ("您曾搜索过它。", ""),
    },
}
"""Where a contribution raised, and where it lowered; empty where there is nothing to say."""
_BESIDE: Mapping[Language, Mapping[str, tuple[str, str]]] = {
    "en": {
        "bm25": ("Its words are those of what you look at.", ""),
        "text_vector": ("It is nearly the same as what you look at.", ""),
        "image_vector": ("It looks like what you look at.", ""),
        "reading": ("Its description fits what you look at.", ""),
        "title_words": ("Its title has words of what you look at.", ""),
        "contradicted": ("", ""),
    },
    "zh": {
        "bm25": ("它的用词与您在看的商品相同。", ""),
        "text_vector": ("它与您在看的商品非常接近。", ""),
        "image_vector": ("它的外观与您在看的商品相似。", ""),
        "reading": ("它的介绍与您在看的商品相符。", ""),
        "title_words": ("它的标题含有您在看的商品的词。", ""),
        "contradicted": ("", ""),
    },
}
"""The same where a product stands in the query's place."""

_FACTS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "pinned": "The shop put it at this place.",
        "raised": "The shop moved it up.",
        "lowered": "The shop moved it down.",
        "personal": "This order is made for you: your taste or this visit counts in it.",
        "beyond": "It matches, but so many match better that it was not looked at closely.",
        "picture": "It is in the order of likeness to your picture.",
        "moved": "It has moved from place {was} to place {now} since you searched.",
        "budget": "We were short of time, so this list is in a simpler order.",
        "model_error": "A part of the ranking failed, so this list is in a simpler order.",
        "behaviour": "What other shoppers chose could not be considered just now.",
        "profile": "Your taste could not be considered just now.",
        "merchandising": "What the shop decided for this search could not be considered just now.",
        "other": "A part of the ranking could not be considered just now ({part}).",
    },
    "zh": {
        "pinned": "商家将它固定在此位置。",
        "raised": "商家提升了它的位置。",
        "lowered": "商家降低了它的位置。",
        "personal": "此排序为您定制，考虑了您的偏好或本次浏览。",
        "beyond": "它符合搜索，但更符合的商品很多，因此未被仔细比较。",
        "picture": "此排序按与您图片的相似程度排列。",
        "moved": "自您搜索以来，它从第 {was} 位移到了第 {now} 位。",
        "budget": "时间有限，此列表采用了较简单的排序。",
        "model_error": "部分排序功能出错，此列表采用了较简单的排序。",
        "behaviour": "目前无法参考其他顾客的选择。",
        "profile": "目前无法参考您的偏好。",
        "merchandising": "目前无法应用商家对此搜索的设置。",
        "other": "目前无法参考部分排序信息（{part}）。",
    },
}
_CHANGES: Mapping[Language, Mapping[str, tuple[str, str]]] = {
    "en": {
        "clicks": ("1 more click", "{n} more clicks"),
        "price": ("{n} less in price", "{n} less in price"),
        "without": ("a search without “{word}”", "a search without “{word}”"),
    },
    "zh": {
        "clicks": ("再多 1 次点击", "再多 {n} 次点击"),
        "price": ("价格低 {n}", "价格低 {n}"),
        "without": ("搜索中不含“{word}”", "搜索中不含“{word}”"),
    },
}
WORTH_SAYING = 0.05
"""A contribution below this share of the largest is not put into a sentence."""
MOST_MOVED = 3
PERSONAL = frozenset({"profile", "session"})


def label(name: str, language: Language) -> str:
    """How a contribution is called."""
    return LABELS[language].get(name, name)


def fact(name: str, language: Language, **values: object) -> str:
    """A sentence of what happened."""
    return _FACTS[language][name].format(**values)


def lacking(parts: str | None, language: Language) -> list[str]:
    """Sentences for what an answer had to do without; names of parts separated by commas."""
    names = [name.strip() for name in (parts or "").split(",") if name.strip()]
    return [fact(name, language) if name in _FACTS["en"] else fact("other", language, part=name) for name in names]


def moved(contributions: Mapping[str, float], language: Language, *, beside: bool = False) -> list[str]:
    """Sentences for what moved a result most, the largest first; ``beside`` a product instead of for a query."""
    sentences = {**_MOVED[language], **(_BESIDE[language] if beside else {})}
    largest = max((abs(value) for value in contributions.values()), default=0.0)
    found = []
    for name, value in sorted(contributions.items(), key=lambda part: (-abs(part[1]), part[0])):
        words = sentences.get(name, ("", ""))
        sentence = words[0] if value > 0 else words[1]
        if sentence and abs(value) > WORTH_SAYING * largest:
            found.append(sentence)
    return found[:MOST_MOVED]


def change(kind: str, language: Language, *, amount: float | None = None, word: str | None = None) -> str:
    """A change, in words."""
    one, many = _CHANGES[language][kind]
    number = "" if amount is None else f"{amount:.2f}" if kind == "price" else f"{amount:g}"
    return (one if amount == 1 else many).format(n=number, word=word)


def personal(names: Iterable[str]) -> bool:
    """Whether one of these contributions is of the person or the visit."""
    return not PERSONAL.isdisjoint(names)
