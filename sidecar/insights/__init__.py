"""What is known of a project as a whole: summaries, themes and opportunities, each with the words that bear it."""
