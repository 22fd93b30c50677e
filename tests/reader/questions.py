"""Short ways to ask the reader, for the tests."""

from typing import Any

from resources.models.reader import read
from resources.models.request import Field
from resources.vocabulary import VariableType


def ask(document: str, name: str, kind: VariableType, instructions: str = "", **more: Any) -> dict[str, Any]:
    """The reader's entry for one field."""
    field = Field(name, kind, instructions, more.pop("title", name.replace("_", " ")), **more)
    entry: dict[str, Any] = read(document, (field,), "en")[name]
    return entry


GRANT = """Grant decision

Case number: G-2021-0417
Applicant: Haldane Institute for Marine Research
Programme: Coastal Resilience

The application was received on 12 January 2021 and was approved by the board on 3 March 2021. The grant awarded
amounts to EUR 48,500.00, which is 80% of the total project costs of EUR 60,625.00. The project starts on
1 May 2021 and ends on 30 April 2023. Twelve partner schools take part. The project does not process personal data.

| Work package | Lead | Budget |
|---|---|---|
| Survey | Dr. Anna Lindqvist | EUR 20,000 |
| Analysis | Prof. Tomas Reyes | EUR 28,500 |

The field work will be carried out in Portugal. Ethics approval was obtained on 20 February 2021.
"""
