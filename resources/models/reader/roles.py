"""What sort of words a TEXT field asks for, judged by its title and instructions."""

from enum import StrEnum

from resources.models.reader.query import instruction_parts
from resources.models.reader.words import stem, stems_of, words_of
from resources.models.request import Field


class Role(StrEnum):
    """The form of a TEXT value."""

    PARTY = "PARTY"  # names of those who conclude something
    NAME = "NAME"
    EMAIL = "EMAIL"
    URL = "URL"
    PHONE = "PHONE"
    IDENTIFIER = "IDENTIFIER"
    DURATION = "DURATION"
    PLACE = "PLACE"
    ADDRESS = "ADDRESS"
    HEADING = "HEADING"  # the document's title
    CURRENCY = "CURRENCY"
    QUANTITY = "QUANTITY"
    CLAUSE = "CLAUSE"  # anything else: words after a label, or a sentence


# First match wins; each line: the role, then stems any of which in the title (or first instruction) decides.
_TITLE_WORDS: tuple[tuple[Role, str], ...] = (
    (Role.EMAIL, "email e-mail"),
    (Role.URL, "url website homepage"),
    (Role.PHONE, "phone telephone fax mobile"),
    (Role.ADDRESS, "address adresse anschrift"),
    (Role.CURRENCY, "currency währung devise"),
    (Role.DURATION, "duration term period length laufzeit durée dauer"),
    (Role.PLACE, "jurisdiction country state city region place location law"),
    (Role.PARTY, "party parties signatory signatories"),
    (Role.IDENTIFIER, "id identifier reference code doi isbn iban"),
    (Role.QUANTITY, "temperature voltage density resistance conductivity weight height age percentage rate volume"),
    (
        Role.NAME,
        "company issuer vendor seller supplier customer buyer client organisation organization applicant grantee "
        "author staff officer inspector model make brand product firm "
        "sender recipient employer employee manager director judge person claimant plaintiff defendant "
        "respondent institution investigator contact owner landlord tenant lender borrower licensor licensee "
        "contractor publisher university agency name coordinator petitioner appellant patient doctor physician "
        "insurer holder beneficiary",
    ),
)
_DOCUMENT_WORDS = stems_of("document contract agreement report paper article book letter")
_STEMMED = tuple((role, stems_of(words)) for role, words in _TITLE_WORDS)


def role_of(field: Field) -> Role:
    """The role that the title names, else the first sentence of the instructions, else CLAUSE."""
    title = [stem(word) for word in words_of(field.title or field.name)]
    parts = instruction_parts(field.instructions)
    head = [stem(word) for word in words_of(parts[0])] if parts else []
    if {"mail", stem("address")} <= set(head):
        return Role.EMAIL
    entitled = bool({stem("title"), stem("name")} & set(title))
    if entitled and _DOCUMENT_WORDS & set(title + head[:6]):
        return Role.HEADING
    if {stem("number"), "no", "nr"} & set(title) and "of" not in title:
        return Role.IDENTIFIER
    for words in (title, head[:8]):
        for role, known in _STEMMED:
            if known & set(words):
                return Role.PLACE if role is Role.PARTY and stem("law") in words else role
    return Role.CLAUSE
