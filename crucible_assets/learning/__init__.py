"""The learning stage: from verdicts and labels to calibrated confidences and better prompts."""
