"""What a model card says about people."""

from __future__ import annotations

from ranker.people import Receipt, TrainedOn


def people_card(people: TrainedOn | None) -> str:
    """Whose behaviour a model learnt from and what bounds what it can tell of one of them, in Markdown."""
    if people is None:
        return "It saw no people: nothing that it was trained on was made of anybody's behaviour."
    told = [
        f"It learnt from people's behaviour between {people.first} and {people.last} in "
        f"{', '.join(f'`{name}`' for name in people.catalogues)}; one record is of one {people.unit}."
    ]
    if people.receipt is None:
        told.append("**No differential privacy**: nothing bounds what it can tell of one person.")
    else:
        told.append(_receipt(people.receipt))
    if people.before is not None:
        told.append("The model that training began with had seen people too:\n\n" + people_card(people.before))
    return "\n\n".join(told)


def _receipt(receipt: Receipt) -> str:
    rows = receipt.model_dump(exclude={"cost"})
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    cost = "What it costs in nDCG@10 was not measured."
    if receipt.cost is not None:
        cost = "\n".join(
            (
                f"What it costs in nDCG@10, on {receipt.cost['people']} simulated people and "
                f"{receipt.cost['queries']} queries of nobody (95 % intervals):\n",
                "| epsilon | nDCG@10 | less than without noise |",
                "| --- | --- | --- |",
                *(
                    f"| {one['epsilon']} | {_shown(one['value'])} | {_shown(one['cost'])} |"
                    for one in receipt.cost["ndcg@10"]
                ),
            )
        )
    head = (
        "### Differential privacy\n\nAdding or taking away one person, with all of their records, changes the chance "
        "of any model by at most the factor e^epsilon, but for delta."
    )
    return f"{head}\n\n| receipt | |\n| --- | --- |\n{table}\n\n{cost}"


def _shown(estimate: dict[str, float] | None) -> str:
    return "" if estimate is None else f"{estimate['mean']:.4f} ({estimate['low']:.4f} to {estimate['high']:.4f})"
