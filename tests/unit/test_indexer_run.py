"""The parts of a run that need no engine."""

import io
import json
import os
import threading
import tracemalloc

import numpy as np
import pytest

from indexer.checking import Checker, batches, count, source_digest
from indexer.encoding import vector_json
from indexer.errors import CatalogueError, IndexerError
from indexer.inputs import Inputs
from indexer.lastlines import LastLines
from indexer.mediasources import MediaSources
from indexer.prefetch import prefetched
from indexer.records import Place
from indexer.state import State, Unfinished, Writes
from indexer.summary import Summary


def quiet(_):
    return None


def test_the_last_line_of_an_id_wins_also_when_it_stands_in_another_file(tmp_path):
    one, two = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    one.write_text('{"id":"a","title":"old"}\n{"id":"b","title":"b"}\n{"id":"a","title":"newer"}\n')
    two.write_text('{"id":"a","title":"newest"}\n{"id":"b","title":""}\n')
    checker = Checker()
    with Inputs([one, two], tmp_path) as inputs, count(inputs, checker, quiet) as last:
        (batch,) = batches(inputs, checker, last)
    assert (last.lines, batch.read, batch.duplicates, len(batch.rejections)) == (5, 5, 2, 1)
    # the second b is no product, so it does not take the place of the first
    assert [(item.id, item.source["title"]) for item in batch.items] == [("b", "b"), ("a", "newest")]


def test_last_lines_do_not_grow_the_memory_of_python():
    with LastLines() as last:
        for start in range(0, 20_000, 1000):
            last.add((f"id-{n}", n) for n in range(start, start + 1000))
        last.add([("id-5", 30_000)])
        assert last.distinct() == 20_000
        assert not last.is_last("id-5", 5)
        assert last.is_last("id-5", 30_000)
        assert last.is_last("id-6", 6)
        assert last.is_last("unknown", 1)


def test_standard_input_can_be_read_twice_and_known_again(tmp_path):
    data = b'{"id":"1","title":"a"}\n{"id":"2","title":"b"}\n'
    with Inputs(["-"], tmp_path, io.BytesIO(data)) as inputs, Inputs(["-"], tmp_path, io.BytesIO(data)) as again:
        assert [row.value["id"] for row in inputs.rows()] == ["1", "2"]
        assert [row.place for row in inputs.rows()] == [Place("<stdin>", 1), Place("<stdin>", 2)]
        assert inputs.identity == again.identity
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_changes_while_it_is_read_is_noticed(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"id":"1","title":"a"}\n')
    with Inputs([path], tmp_path) as inputs:
        list(inputs.rows())
        os.utime(path, ns=(1, 1))
        with pytest.raises(CatalogueError, match="changed while it was read"):
            list(inputs.rows())


@pytest.mark.parametrize("files", [[], ["-", "-"], ["absent.jsonl"], ["."]])
def test_inputs_that_cannot_be(files, tmp_path):
    with pytest.raises(CatalogueError):
        Inputs(files, tmp_path, io.BytesIO(b""))


def test_the_pictures_of_a_line_are_part_of_what_it_is(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.jpg").write_bytes(b"1")
    path = tmp_path / "c.jsonl"
    images = ["a.jpg", "b.jpg", "../secret", "https://example.com/x.jpg", ""]
    path.write_text("".join(f'{{"id":"{n}","title":"t","image":"{image}"}}\n' for n, image in enumerate(images)))

    def digests(media):
        with Inputs([path], tmp_path) as inputs:
            return [Checker(media).item(row).image_sha for row in inputs.rows()]

    before = digests(MediaSources(tmp_path / "images"))
    # what cannot be read is the picture's fault, not the line's; what is not looked at has no digest
    assert all(before[:3])
    assert before[3:] == [None, ""]
    assert digests(None) == [None] * 5
    (tmp_path / "images" / "a.jpg").write_bytes(b"2")
    after = digests(MediaSources(tmp_path / "images"))
    assert before[0] != after[0]
    assert before[1:] == after[1:]


def test_a_digest_does_not_depend_on_the_order_of_fields():
    assert source_digest({"a": 1, "b": {"c": 2, "d": 3}}) == source_digest({"b": {"d": 3, "c": 2}, "a": 1})
    assert source_digest({"a": 1}) != source_digest({"a": 2})


def test_vectors_survive_json_exactly():
    vector = np.random.default_rng(1).normal(size=2000).astype(np.float32) / 20
    text = vector_json(vector.tolist())
    assert np.array_equal(np.array(json.loads(text), np.float32), vector)
    assert len(text) < 14 * 2000


def test_prefetching_is_bounded_and_ends_its_thread():
    taken = []

    def source():
        for n in range(1000):
            taken.append(n)
            yield n

    with prefetched(source(), 3) as values:
        assert [next(values) for _ in range(5)] == [0, 1, 2, 3, 4]
    assert len(taken) <= 5 + 3 + 2
    assert not [thread for thread in threading.enumerate() if thread.name == "indexer-read"]


def test_prefetching_raises_what_the_source_raises():
    def source():
        yield 1
        raise CatalogueError("broken")

    with prefetched(source(), 3) as values:
        assert next(values) == 1
        with pytest.raises(CatalogueError, match="broken"):
            next(values)


def test_runs_of_different_kinds_exclude_each_other(tmp_path):
    state = State(tmp_path, "products")

    def refused(writes: Writes) -> None:
        with pytest.raises(IndexerError, match="another run"), state.locked(writes):
            pass

    with state.locked("live"), state.locked("live"):
        refused("rebuild")
        refused("share of a rebuild")
    with state.locked("rebuild"):
        refused("live")
        refused("rebuild")
        refused("share of a rebuild")
    with state.locked("share of a rebuild"), state.locked("share of a rebuild"):
        refused("live")
        refused("rebuild")
    with state.locked("rebuild"):
        pass


def test_an_unfinished_generation_is_remembered(tmp_path):
    state = State(tmp_path, "products")
    with state.locked("rebuild"):
        assert state.unfinished() is None
        state.begin(Unfinished("index", "inputs", "encoder", "cluster"))
        assert State(tmp_path, "products").unfinished() == Unfinished("index", "inputs", "encoder", "cluster")
        state.finish()
        assert state.unfinished() is None


def test_a_summary_that_does_not_add_up_is_a_bug():
    summary = Summary("products", read=3, indexed=1, unchanged=1, dead_lettered=1)
    summary.check()
    summary.read = 4
    with pytest.raises(AssertionError, match="add up"):
        summary.check()


def test_memory_does_not_grow_with_the_file(tmp_path):
    def peak(count_of_lines: int) -> int:
        path = tmp_path / "a.jsonl"
        path.write_text("".join(f'{{"id":"p{n}","title":"product {n}"}}\n' for n in range(count_of_lines)))
        tracemalloc.start()
        checker = Checker()
        with Inputs([path], tmp_path) as inputs, count(inputs, checker, quiet) as last:
            assert sum(len(batch.items) for batch in batches(inputs, checker, last)) == count_of_lines
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(16_000) < peak(4000) + 500_000
