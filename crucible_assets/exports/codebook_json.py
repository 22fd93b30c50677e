"""The codebook as JSON, for programs."""

import json
from dataclasses import asdict
from typing import Any

from crucible_assets.datasets.evaluate import Evaluation, Scores, VariableScore
from crucible_assets.datasets.intervals import Interval
from crucible_assets.exports.codebook import NOTES, STATE_MEANINGS, Codebook, VariableEntry


def codebook_json(book: Codebook) -> str:
    """Give the codebook as an indented JSON text with a line end."""
    return json.dumps(as_json(book), ensure_ascii=False, indent=2, default=str) + "\n"


def as_json(book: Codebook) -> dict[str, Any]:
    """Give the codebook as one JSON object."""
    spec, cost, evaluation = book.dataset.spec, book.dataset.cost, book.dataset.evaluation
    return {
        "study": {
            "project": spec.project_name,
            "description": spec.description,
            "domain": spec.domain,
            "language": spec.language,
            "unit_of_observation": spec.unit_of_observation.value,
        },
        "counts": {
            "rows": book.rows,
            "documents": book.documents,
            "variables": len(book.entries),
            "states": {state.value: count for state, count in book.states.items()},
            "complete": book.complete,
            "account": book.account,
            "documents_without_rows": len(book.dataset.without_rows),
        },
        "documents": [
            {
                "name": document.name,
                "rows": document.rows,
                "rows_in_the_source": document.expected,
                "failure": document.failure,
                "warnings": list(document.warnings),
            }
            for document in book.dataset.documents
        ],
        "states": {state.value: meaning for state, meaning in STATE_MEANINGS.items()},
        "notes": list(NOTES),
        "models": list(book.models),
        "cost": None
        if cost is None
        else {
            "amount": cost.amount,
            "currency": cost.currency,
            "calls": cost.calls,
            "calls_without_price": cost.unpriced,
            "input_tokens": cost.input_tokens,
            "output_tokens": cost.output_tokens,
        },
        "evaluation": None if evaluation is None else _evaluation_json(evaluation),
        "calibration": [asdict(figures) for figures in book.dataset.calibration],
        "key_columns": [column.name for column in book.keys],
        "variables": [_entry_json(entry) for entry in book.entries],
    }


def _entry_json(entry: VariableEntry) -> dict[str, Any]:
    variable, figures, limits = entry.variable, entry.figures, entry.variable.validation
    return {
        "name": variable.name,
        "title": variable.title,
        "type": variable.type.value,
        "unit": variable.unit,
        "instructions": variable.instructions,
        "classification_rules": dict(variable.classification_rules),
        "confidence_threshold": variable.confidence_threshold,
        "if_uncertain": variable.if_uncertain.value,
        "if_multiple_values": variable.if_multiple_values.value,
        "max_values": variable.max_values,
        "default_value": variable.default_value,
        "depends_on": [{"variable": d.variable, "values": list(d.values)} for d in variable.depends_on],
        "validation": {
            "minimum": limits.minimum,
            "maximum": limits.maximum,
            "earliest": limits.earliest,
            "latest": limits.latest,
            "pattern": limits.pattern,
            "allowed_values": list(limits.allowed_values),
            "required": limits.required,
        },
        "columns": [
            {"name": column.name, "holds": column.kind.value, "type": str(column.dtype)} for column in entry.columns
        ],
        "prompt_versions": list(entry.prompt_versions),
        "models": list(entry.models),
        "figures": {
            "rows": figures.rows,
            "states": {state.value: count for state, count in figures.states.items()},
            "missing_cells": figures.missing_cells,
            "with_value": figures.with_value,
            "values": figures.values,
            "evidence_share": figures.evidence_share,
            "mean_confidence": figures.mean_confidence,
            "distinct": figures.distinct,
            "minimum": figures.minimum,
            "maximum": figures.maximum,
            "mean": figures.mean,
            "median": figures.median,
            "standard_deviation": figures.deviation,
        },
        "frequencies": [{"value": value, "count": count} for value, count in entry.frequencies],
        "evaluation": None if entry.score is None else _score_json(entry.score),
    }


def _scores_json(scores: Scores) -> dict[str, Any]:
    return {
        "precision": scores.precision,
        "recall": scores.recall,
        "f1": scores.f1,
        "matched": scores.matched,
        "gold": scores.gold,
        "predicted": scores.predicted,
    }


def _interval_json(interval: Interval | None) -> list[float] | None:
    return None if interval is None else list(interval)


def _score_json(score: VariableScore) -> dict[str, Any]:
    return {
        "documents": score.documents,
        "strict": _scores_json(score.strict),
        "relaxed": _scores_json(score.relaxed),
        "accuracy": score.accuracy,
        "abstention_kept": score.abstention_kept,
        "partial_dates": score.partial_dates,
        "f1_interval_95": _interval_json(score.f1_interval),
        "accuracy_interval_95": _interval_json(score.accuracy_interval),
    }


def _evaluation_json(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "documents": evaluation.documents,
        "strict": _scores_json(evaluation.strict),
        "relaxed": _scores_json(evaluation.relaxed),
        "macro_strict_f1": evaluation.macro_strict_f1,
        "macro_relaxed_f1": evaluation.macro_relaxed_f1,
        "accuracy": evaluation.accuracy,
        "f1_interval_95": _interval_json(evaluation.f1_interval),
        "unknown_documents": list(evaluation.unknown_documents),
        "unknown_variables": list(evaluation.unknown_variables),
        "ambiguous_documents": list(evaluation.ambiguous_documents),
        "rows": None if evaluation.rows is None else _scores_json(evaluation.rows),
        "missed_rows": list(evaluation.missed_rows),
        "invented_rows": list(evaluation.invented_rows),
    }
