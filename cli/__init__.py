"""The `crucible` command: a thin shell round the pipeline, for one person at a terminal."""

import resources as resources  # before anything that imports ONNX Runtime: it sets how that behaves
