"""One module per family of formats; each turns bytes into a `Draft`."""

import sys

# PyMuPDF loads its layout models with itself when it can, which is half of a worker's start; no parser uses them.
# None makes the import fail as if they were not installed (Python reference, 5.3.1).
sys.modules.setdefault("pymupdf.layout", None)  # type: ignore[arg-type] # typeshed knows modules only
