"""The register of models that learnt from people, and how what a model says of people grows."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from personal.errors import RegisterUnusable
from personal.trainedmodels import TrainedModels
from ranker.people import Receipt, TrainedOn, grown, stamp
from service.cli import build

RECEIPT = Receipt(
    epsilon=1.0, delta=1e-6, cap=5, rate=0.02, sigma=1.0, clip=1.0, steps=100, accountant="RDP", noise="test"
)


def seen(first: int, last: int, **more: object) -> TrainedOn:
    fields = {"unit": "query", "catalogues": ["shop"], **more}
    return TrainedOn.model_validate({"first": stamp(first), "last": stamp(last), **fields})


def test_a_folder_holds_one_model_and_a_removed_one_is_gone(tmp_path: Path) -> None:
    register = TrainedModels(tmp_path / "home" / "trained.json")
    assert register.all() == []
    register.add("a", tmp_path / "a", seen(0, 1))
    register.add("b", tmp_path / "b", seen(0, 1))
    register.add("c", tmp_path / "x" / ".." / "a", seen(0, 2))
    assert [(one.name, one.due) for one in register.all()] == [("b", None), ("c", None)]
    assert register.remove(tmp_path / "b")
    assert not register.remove(tmp_path / "b")
    assert [one.name for one in TrainedModels(tmp_path / "home" / "trained.json").all()] == ["c"]


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"models": 3}', '{"models": [{"name": "a"}]}'])
def test_a_damaged_register_is_named_and_kept(tmp_path: Path, text: str) -> None:
    path = tmp_path / "trained.json"
    path.write_text(text, "utf-8")
    for call in (
        TrainedModels(path).all,
        lambda: TrainedModels(path).add("a", tmp_path, seen(0, 1)),
        lambda: TrainedModels(path).remove(tmp_path),
    ):
        with pytest.raises(RegisterUnusable, match="not a register"):
            call()
    assert path.read_text("utf-8") == text


def test_the_command_lists_models_and_takes_a_deleted_one_out(tmp_path: Path) -> None:
    TrainedModels(tmp_path / "trained-on-people.json").add("mine", tmp_path / "mine", seen(0, 1))
    env = {"HYBRIDRANK_HOME": str(tmp_path)}

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(build(), ["profile", "models", *arguments], env=env)
        return done.exit_code, done.output

    code, text = run()
    assert code == 0
    assert "of shop; nothing is due" in text
    assert run("--removed", str(tmp_path / "other"))[0] == 1
    assert run("--removed", str(tmp_path / "mine")) == (0, "")
    assert run("--json")[1].strip() == "[]"


def test_models_of_the_same_kind_become_one_window_and_others_a_chain() -> None:
    first, second = seen(10, 20), seen(40, 50)
    assert grown(None) is None
    assert grown(first) == first
    assert grown(second.model_copy(update={"before": first})) == seen(10, 50)
    for other in (seen(10, 20, catalogues=["else"]), seen(10, 20, unit="person"), seen(10, 20, receipt=RECEIPT)):
        chained = second.model_copy(update={"before": other})
        assert grown(chained) == chained
    deep = second.model_copy(update={"before": first.model_copy(update={"before": seen(1, 2, catalogues=["else"])})})
    found = grown(deep)
    assert found is not None
    assert found.contains("else", 1)
    assert found.contains("shop", 15)
