"""The outside world, each part behind one small class: database, models, embedding, files."""

import os

# From 1.29 on, ONNX Runtime's wheels for Linux tell Microsoft about each process and model unless this stands in the
# environment when it is imported; PyMuPDF imports it too. What is read here is nobody else's business.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
