"""From a model's answer to cells: place the quote, coerce, validate, decide."""
