"""What OOXML packages say about themselves in docProps/core.xml."""

import re
from dataclasses import dataclass, field
from typing import Final
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_KEPT: Final = ("subject", "keywords", "description", "category", "lastModifiedBy", "modified")


@dataclass(frozen=True, slots=True)
class OfficeProperties:
    """Title, author and date of creation; everything else worth keeping in `other`."""

    title: str | None = None
    author: str | None = None
    created: str | None = None  # ISO date
    language: str | None = None
    other: dict[str, str] = field(default_factory=dict)


def office_properties(core: bytes | None) -> OfficeProperties:
    """Read core.xml; properties are a courtesy, so a missing or broken part gives empty ones."""
    if core is None:
        return OfficeProperties()
    try:
        root = fromstring(core)
    except (ParseError, DefusedXmlException, ValueError):
        return OfficeProperties()
    values = {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in root}
    return OfficeProperties(
        title=values.get("title") or None,
        author=values.get("creator") or None,
        created=iso_date(values.get("created", "")),
        language=language_code(values.get("language", "")),
        other={name: values[name] for name in _KEPT if values.get(name)},
    )


def iso_date(stamp: str) -> str | None:
    """The date at the beginning of an ISO time stamp."""
    found = _ISO_DATE.match(stamp.strip())
    return found.group() if found else None


def language_code(tag: str) -> str | None:
    """The ISO 639-1 part of a language tag: 'de-CH' → 'de'."""
    code = re.split(r"[-_]", tag.strip().lower())[0]
    return code if len(code) == 2 and code.isalpha() else None
