"""Converts the packaged weights once per machine and keeps the result in a cache folder.

The folder's name holds a hash of everything that the result depends on, so an upgrade converts anew and never
mixes. Processes wait for each other on a lock; the result appears by one rename, so a killed conversion leaves
nothing that looks finished.
"""

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from resources.embedding.e5_weights import (
    SOURCE_SHA256,
    E5Weights,
    Vocabulary,
    packaged_weights,
)
from resources.embedding.errors import ModelCacheError

MODEL_NAME = "multilingual-e5-small-int8"
CONVERSION_VERSION = 1  # raise it when the graph or the tokenizer changes
MODEL_KEY = hashlib.sha256(f"{SOURCE_SHA256}/{CONVERSION_VERSION}".encode()).hexdigest()[:16]

_MODEL, _TOKENIZER, _MANIFEST = "model.onnx", "tokenizer.json", "manifest.json"
_LOCK_SECONDS = 300.0  # a conversion takes seconds; a holder that is slower than this is stuck


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The converted model on disk."""

    model: Path
    tokenizer: Path


def converted_model(cache_dir: Path) -> ModelFiles:
    """The converted model in `cache_dir`, made there first if it is missing or incomplete.

    Raises `ModelSourceError` when the packaged weights cannot be read and `ModelCacheError` when the folder cannot
    be written or another process holds it for minutes.
    """
    folder = cache_dir / f"{MODEL_NAME}-{MODEL_KEY}"
    if _complete(folder):
        return _files(folder)
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        with FileLock(cache_dir / f"{MODEL_NAME}.lock", timeout=_LOCK_SECONDS):
            if not _complete(folder):
                _convert_into(folder)
    except Timeout as error:
        raise ModelCacheError(
            f"another process has been converting the embedding model in {cache_dir} for {_LOCK_SECONDS:.0f} s: "
            f"end it, then try again"
        ) from error
    except OSError as error:
        raise ModelCacheError(f"cannot keep the embedding model in {cache_dir}: {error}") from error
    return _files(folder)


def build_tokenizer(vocabulary: Vocabulary) -> Tokenizer:
    """The model's tokenizer: unigram pieces, `<s>` and `</s>` round every text.

    Nmt and NFKC stand for SentencePiece's `nmt_nfkc` map; the 4,837 entries of the packaged map all agree.
    """
    tokenizer = Tokenizer(models.Unigram(list(vocabulary.pieces), vocabulary.unknown, False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always"),
        ]
    )
    begin, end = vocabulary.pieces[vocabulary.begin][0], vocabulary.pieces[vocabulary.end][0]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{begin} $A {end}", special_tokens=[(begin, vocabulary.begin), (end, vocabulary.end)]
    )
    return tokenizer


def _files(folder: Path) -> ModelFiles:
    return ModelFiles(folder / _MODEL, folder / _TOKENIZER)


def _complete(folder: Path) -> bool:
    """Whether all files are there in the size in which they were written."""
    try:
        sizes: dict[str, int] = json.loads((folder / _MANIFEST).read_text("utf-8"))
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError):
        return False


def _convert_into(folder: Path) -> None:
    """Convert beside `folder` and rename; the caller holds the lock."""
    building = Path(tempfile.mkdtemp(prefix=f".{MODEL_NAME}-", dir=folder.parent))
    try:
        _write_model(building)
        sizes = {name: (building / name).stat().st_size for name in (_MODEL, _TOKENIZER)}
        _write(building / _MANIFEST, json.dumps(sizes).encode())
        if folder.exists():  # incomplete: someone deleted or cut a file
            shutil.rmtree(folder)
        building.chmod(0o755)  # mkdtemp makes it private, a cache may be shared between accounts
        building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _write_model(folder: Path) -> None:
    # imported here: a cached model runs without the onnx package
    from resources.embedding.onnx_graph import build_model

    weights = E5Weights(packaged_weights())
    _write(folder / _MODEL, build_model(weights))
    build_tokenizer(weights.vocabulary).save(str(folder / _TOKENIZER), pretty=False)
    weights.close()


def _write(path: Path, content: bytes) -> None:
    """Write and flush to the disk, so that the later rename never shows a file without its bytes."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
