"""The reader: extraction without a key and without a language model.

`words` and `layout` take a text apart, `pairs` finds labels and their values, `dates`, `numbers`, `names` and
`places` recognise values by form, and `analysis` keeps all of it for one document. `query` turns a field into
weighted words (with the thesaurus in `concepts`; `roles` says what sort of words a TEXT field asks for), `scoring`
weighs evidence, `typed`, `booleans`, `categories`, `texts` (with `labelled`, `naming`, `parties` and `addresses`) and
`records` make candidates per type, `reading` chooses, `provider` is the face to the gateway.

It is a baseline that a language model must beat, and is reported as such.
"""

from resources.models.reader.provider import Reader
from resources.models.reader.reading import read

__all__ = ["Reader", "read"]
