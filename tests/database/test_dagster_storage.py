"""Dagster's storage keeps its connections, and notices when the server has closed them."""

import sqlalchemy as sa

from resources.dagster_storage import CrucibleStorage


def backends(storage: CrucibleStorage) -> list[int]:
    """The server's process for the connection that each of the three storages gets."""
    found = []
    for connect in (
        storage.run_storage.connect,
        storage.event_log_storage.index_connection,
        storage.schedule_storage.connect,
    ):
        with connect() as connection:
            found.append(connection.scalar(sa.text("SELECT pg_backend_pid()")))
    return found


def test_the_storages_of_a_process_share_a_connection_and_replace_it_when_it_is_lost(database):
    url = database.addresses.dagster.update_query_dict({"application_name": "kept"}).render_as_string(False)
    storage = CrucibleStorage(url)
    (kept,) = {*backends(storage), *backends(CrucibleStorage(url)), *backends(storage)}
    server = sa.create_engine(database.addresses.admin, poolclass=sa.NullPool)
    with server.connect() as connection:
        assert connection.scalar(sa.text("SELECT pg_terminate_backend(:pid, 60000)"), {"pid": kept})
    (new,) = {*backends(storage)}
    assert new != kept
