"""Usage as answers."""

from decimal import Decimal

from resources.database.engine import TenantSession
from resources.database.repositories.usage import Usage, UsageBy, UsageFilter, usage_by, usage_in_all
from sidecar.fields import checked_json
from sidecar.pages import cursor, read_cursor
from sidecar.results.keys import of_this_list
from sidecar.usage.money import money, number
from sidecar.usage.schemas import UsageItem, UsagePage, UsageSum


def usage_page(session: TenantSession, by: UsageBy, wanted: UsageFilter, after: str | None, limit: int) -> UsagePage:
    """One page of sums. Raises Unusable for a cursor that is none of ours."""
    read = read_cursor(after, (str,))
    with of_this_list():
        checked_json(list(read or ()))
    found = usage_by(session, by, wanted, after=read[0] if read else None, limit=limit + 1)
    more, found = len(found) > limit, found[:limit]
    last = found[-1].key if more else None
    return UsagePage(
        items=[UsageItem(key=usage.key, **sum_of(usage).model_dump()) for usage in found],
        next=None if last is None else cursor(last),
        by=by,
        first=wanted.first,
        last=wanted.last,
        total=sum_of(usage_in_all(session, wanted)),
    )


def sum_of(usage: Usage) -> UsageSum:
    """A sum as it is shown."""
    return UsageSum(
        calls=number(usage.calls),
        unpriced_calls=number(usage.unpriced),
        input_tokens=number(usage.input_tokens),
        cached_tokens=number(usage.cached_tokens),
        output_tokens=number(usage.output_tokens),
        cost_usd=money(usage.usd if usage.calls else Decimal(0)),
    )
