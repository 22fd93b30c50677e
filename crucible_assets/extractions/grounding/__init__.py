"""Evidence: placing quoted words in a document's text, and the pages and boxes they stand on."""
