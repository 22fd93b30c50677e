"""Tickets: for one use, for half a minute, for whom they were given to."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from resources.database.tables import tickets
from sidecar.problems import Unauthenticated
from sidecar.security.tickets import redeem
from tests.sidecar.auth.conftest import bearer


@pytest.fixture
def given(person, log_in):
    return log_in(person(), scope="read")


@pytest.fixture
def ticket(anyone, given):
    answer = anyone.post("/v1/auth/ticket", headers=bearer(given.access_token))
    assert answer.status_code == 201 and answer.json()["expires_in"] == 30
    return answer.json()["ticket"]


def test_it_stands_for_whom_it_was_given_to(anyone, given, ticket, database):
    me = anyone.get("/v1/auth/me", headers=bearer(given.access_token)).json()
    who = redeem(database, ticket)
    assert (who.tenant, who.subject, who.role, sorted(who.scopes)) == (
        me["tenant"], me["subject"], me["role"], me["scopes"],
    )  # fmt: skip
    assert (who.user_id, who.session_id) == (me["user_id"], me["session_id"])


def test_it_is_used_up(ticket, database):
    def use(_):
        try:
            return redeem(database, ticket).tenant
        except Unauthenticated:
            return None

    with ThreadPoolExecutor(8) as pool:
        assert len([who for who in pool.map(use, range(8)) if who]) == 1


def test_it_is_over_after_half_a_minute(ticket, database):
    with pytest.raises(Unauthenticated):
        redeem(database, ticket, datetime.now(UTC) + timedelta(seconds=31))


def test_it_ends_with_the_session(anyone, given, ticket, database):
    assert anyone.post("/v1/auth/logout", json={"refresh_token": given.refresh_token}).status_code == 204
    with pytest.raises(Unauthenticated):
        redeem(database, ticket)


def test_another_tenants_name_on_it_makes_it_nobodys(ticket, database):
    tenant = ticket.split("_")[1]
    with pytest.raises(Unauthenticated):
        redeem(database, ticket.replace(tenant, "default"))
    assert redeem(database, ticket).tenant == tenant


@pytest.mark.parametrize(
    "text", ["", "x", "crt_acme_", "crt_\x00_" + "a" * 43, "crt_acme_" + "a" * 43 + "\n", "\ud800"]
)
def test_what_is_no_ticket_is_refused(database, text):
    with pytest.raises(Unauthenticated):
        redeem(database, text)


def test_those_that_nobody_used_are_forgotten(anyone, given, clock, ticket, database):
    tenant = ticket.split("_")[1]
    clock.advance(seconds=31)
    anyone.post("/v1/auth/ticket", headers=bearer(given.access_token))
    with database.transaction(tenant) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(tickets)) == 1
