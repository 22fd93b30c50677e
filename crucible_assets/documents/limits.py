"""Sizes beyond which a document is refused, whatever its format."""

from typing import Final

MAX_FILE_BYTES: Final = 256 * 2**20
MAX_TEXT_CHARACTERS: Final = 20_000_000  # about 10,000 pages
MAX_SEGMENTS: Final = 500_000
