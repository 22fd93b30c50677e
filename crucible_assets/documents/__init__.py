"""Reading documents: bytes in, text with its map to pages, paragraphs and cells out."""
