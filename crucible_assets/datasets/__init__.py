"""Datasets: the cells of a project as tables, their proof of completeness, rules, quality and evaluation."""
