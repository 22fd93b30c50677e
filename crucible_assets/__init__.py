"""The pipeline: one folder per stage, in the order in which data flows."""

import resources as resources  # before anything that imports ONNX Runtime: it sets how that behaves
