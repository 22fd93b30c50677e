"""The outside world, each part behind one small class: database, models, embedding, files."""
