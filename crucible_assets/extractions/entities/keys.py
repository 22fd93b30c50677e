"""Keys of rows: from the name, so that a new entity found between others changes no other row's key."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence

from crucible_assets.extractions.entities.names import folded_name

_READABLE = 40  # characters of the name in the key


def row_keys(names: Sequence[str]) -> tuple[str, ...]:
    """One key per name, given in the order of the document: readable, and distinct for each row.

    Names that are equal after folding are told apart by their ordinal; the first has none.
    """
    seen: Counter[str] = Counter()
    keys = []
    for name in names:
        folded = folded_name(name)
        seen[folded] += 1
        readable = re.sub(r"[^a-z0-9]+", "-", folded)[:_READABLE].strip("-") or "row"
        key = f"{readable}-{hashlib.sha256(folded.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
        keys.append(key if seen[folded] == 1 else f"{key}-{seen[folded]}")
    return tuple(keys)
