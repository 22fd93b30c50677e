"""Files made from datasets."""
