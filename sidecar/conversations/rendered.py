"""An answer as Markdown and as a page of HTML."""

from enum import StrEnum
from html import escape

from crucible_assets.answers.html import to_html
from crucible_assets.answers.rendering import AnswerText, SourceText, StatementText, to_markdown
from sidecar.accepting import preferred
from sidecar.conversations.schemas import Answer, Source

LOCKED = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox allow-popups "
    "allow-popups-to-escape-sandbox"
)
"""Of a page that documents and models have written: nothing is loaded, run or sent; links open elsewhere."""


class Form(StrEnum):
    """How an answer is given."""

    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


MEDIA = {Form.JSON: "application/json", Form.MARKDOWN: "text/markdown", Form.HTML: "text/html"}


def form_of(asked: Form | None, accept: str | None) -> Form:
    """The form that is asked for by name, or else by `Accept`."""
    if asked is not None:
        return asked
    wanted = preferred(accept, tuple(MEDIA.values()))
    return next(form for form, media in MEDIA.items() if media == wanted)


def markdown_of(answer: Answer) -> str:
    """The answer with the labels of its sources, which are listed below."""
    return to_markdown(
        AnswerText(
            answer.question,
            answer.status,
            answer.abstention.said if answer.abstention else None,
            tuple(
                StatementText(
                    one.text,
                    one.support,
                    tuple(dict.fromkeys(cited.label for cited in one.citations if cited.label is not None)),
                )
                for one in answer.statements
            ),
            tuple(SourceText(source.label, source.document_name, _page(source)) for source in answer.sources),
        )
    )


def page_of(answer: Answer) -> str:
    """A page of HTML, sanitised."""
    return (
        '<!doctype html>\n<html><head><meta charset="utf-8">'
        f"<title>{escape(answer.question)}</title></head>\n<body>\n{to_html(markdown_of(answer))}</body></html>\n"
    )


def _page(source: Source) -> int | None:
    return next((place.page for place in source.places if place.page is not None), None)
