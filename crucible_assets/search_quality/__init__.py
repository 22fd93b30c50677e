"""How well a project's own passages are found: known items, and the evidence of its cells."""
