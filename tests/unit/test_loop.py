"""The loop's diary, the link to the live model, and a head that is taken out of a served folder."""

import shutil

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from personal.trainedmodels import TrainedModels
from ranker.candidate import Candidate
from ranker.errors import ModelError
from ranker.folder import DEFAULT_MODEL, read_config
from ranker.model import Ranker
from ranker.people import stamp
from ranker.training.served import load_served, save_served
from ranker.windows import Window, write_windows
from service.loop.run import link_of, roll_back
from service.loop.state import Diary, LoopError, begun
from service.loop.training import train_head
from service.models import ModelFixed, Models, point
from service.settings import Settings
from service.trained import register_trained

WINDOW = [Candidate(f"p{n}", f"Lamp {n}", {"bm25": 9.0 - n, "text_vector": 0.9 - 0.02 * n * n}) for n in range(6)]


def test_a_served_head_comes_back_and_a_changed_one_is_served(tmp_path):
    model = load_served(DEFAULT_MODEL)
    same, other = tmp_path / "same", tmp_path / "other"
    save_served(model, DEFAULT_MODEL, same, name="same", training={}, card="x", people=None)
    before = Ranker(threads=1).rank("lamp", WINDOW, depth=3)
    assert [(i.id, i.score) for i in Ranker(same, threads=1).rank("lamp", WINDOW, depth=3).items] == [
        (i.id, i.score) for i in before.items
    ]
    with torch.no_grad():
        model.head.direct.weight.mul_(-1.0)
    save_served(model, DEFAULT_MODEL, other, name="other", training={}, card="x", people=None)
    assert Ranker(other, threads=1).rank("lamp", WINDOW, depth=3).items != before.items
    config = read_config(other)
    assert config.digests["pair.onnx"] == read_config(DEFAULT_MODEL).digests["pair.onnx"]
    assert (config.name, config.training["made"][:2]) == ("other", "20")


def test_a_trained_head_says_whom_it_and_the_one_before_saw(tmp_path):
    def windows(name, seen):
        made = [
            Window(f"q{n}", f"lamp {n}", "clicks of shop", tuple(WINDOW), (0.0, 3.0, 0.0, None, 0.0, 0.0), seen=seen)
            for n in range(12)
        ]
        write_windows(tmp_path / name, made)
        return tmp_path / name

    def trained(start, file, out):
        about = {"name": out, "catalogue": "shop", "epochs": 0.2, "seed": 7, "say": str}
        train_head(start, file, tmp_path / out, **about)
        return read_config(tmp_path / out).people

    first = trained(DEFAULT_MODEL, windows("a.jsonl", (1_000, 2_000)), "a")
    assert (first.unit, first.first, first.last) == ("query", stamp(1_000), stamp(2_000))
    assert (first.catalogues, first.receipt, first.before) == (["shop"], None, None)
    assert "No differential privacy" in (tmp_path / "a" / "README.md").read_text("utf-8")
    second = trained(tmp_path / "a", windows("b.jsonl", (5_000, 6_000)), "b")
    assert (second.first, second.last, second.before) == (stamp(1_000), stamp(6_000), None)
    settings = Settings(home=tmp_path / "home")
    register_trained(settings, tmp_path / "b")
    assert [(one.name, one.people) for one in TrainedModels(settings.trained_models_path).all()] == [("b", second)]


def test_a_head_of_another_make_is_refused(tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(DEFAULT_MODEL, folder)
    graph = onnx.load(str(folder / "head.onnx"))
    factor = next(one for one in graph.graph.initializer if list(one.dims) == [1] and one.name == "w24")
    factor.CopyFrom(numpy_helper.from_array(np.array([7.0], np.float32), "w24"))
    onnx.save(graph, str(folder / "head.onnx"))
    from ranker.folder import write_config

    write_config(folder, read_config(DEFAULT_MODEL))
    with pytest.raises(ModelError, match="something else"):
        load_served(folder)


def test_the_diary_is_whole_or_not_there_and_keeps_a_second_loop_out(tmp_path):
    diary = Diary(tmp_path / "loop" / "shop")
    with diary.alone():
        assert diary.read() is None
        state = begun("shop", {"epochs": 1.0})
        state.done["judgments"] = {"queries": 3}
        diary.write(state)
        assert diary.read() == state
        with pytest.raises(LoopError, match="another loop"), Diary(diary.folder).alone():
            pass
    diary.file.write_text("{", "utf-8")
    with pytest.raises(LoopError, match="damaged"):
        diary.read()


def test_a_link_names_the_live_model_and_is_set_anew_at_once(tmp_path):
    link = tmp_path / "models" / "live"
    settings = Settings(home=tmp_path, model=str(link))
    assert link_of(settings) == link
    assert link.resolve() == DEFAULT_MODEL.resolve()
    mine = tmp_path / "models" / "rankers" / "mine"
    shutil.copytree(DEFAULT_MODEL, mine)
    (mine.parent / "broken").mkdir()
    found = Models(settings)
    assert [(one.name, one.served, bool(one.fault)) for one in found.all()] == [
        ("default", True, False),
        ("broken", False, True),
        ("mine", False, False),
    ]
    found.serve("mine")
    assert link.resolve() == mine.resolve()
    for name in ("broken", "../mine", "none"):
        with pytest.raises(ModelError):
            found.serve(name)
    assert link.resolve() == mine.resolve()
    with pytest.raises(LoopError, match="no run"):
        roll_back(settings, "shop")
    point(link, DEFAULT_MODEL)
    assert link.is_symlink()


def test_a_model_that_is_no_link_is_not_touched(tmp_path):
    folder = tmp_path / "mine"
    shutil.copytree(DEFAULT_MODEL, folder)
    with pytest.raises(LoopError, match="is a folder"):
        link_of(Settings(home=tmp_path, model=str(folder)))
    with pytest.raises(LoopError, match="not set"):
        link_of(Settings(home=tmp_path))
    with pytest.raises(ModelFixed):
        Models(Settings(home=tmp_path, model=str(folder))).serve("default")
