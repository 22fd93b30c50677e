"""The prompts stage: from a project's variables to what a model is asked."""
