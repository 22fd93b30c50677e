"""Token buckets, shared by all processes of the installation: one statement per decision, exact under races.

The table is UNLOGGED and a refused request writes nothing. The connections are few and their own, with a short
time-out: what is slow or full elsewhere does not delay a decision, and decisions take no connection from requests.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import sqlalchemy as sa

from resources.database.engine import Database, make_engine
from resources.database.server import DatabaseUnavailableError

_TAKE = """
INSERT INTO rate_buckets AS b (bucket, tokens, at) VALUES (%(bucket)s, %(burst)s - 1, clock_timestamp())
ON CONFLICT (bucket) DO UPDATE SET at = greatest(b.at, excluded.at), tokens =
    least(%(burst)s, b.tokens + greatest(0, extract(epoch FROM excluded.at - b.at)) * %(rate)s) - 1
WHERE least(%(burst)s, b.tokens + greatest(0, extract(epoch FROM excluded.at - b.at)) * %(rate)s) >= 1
RETURNING tokens"""

_LOOK = """
SELECT least(%(burst)s, tokens + greatest(0, extract(epoch FROM clock_timestamp() - at)) * %(rate)s)::float8
FROM rate_buckets WHERE bucket = %(bucket)s"""

_FORGET_STALE = "DELETE FROM rate_buckets WHERE at < clock_timestamp() - interval '1 day'"


class RatesUnavailableError(RuntimeError):
    """The buckets cannot be asked at the moment."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a bucket said: whether a token was taken, and how many are left (below 1 when none was)."""

    admitted: bool
    tokens: float


class RateBuckets:
    """The buckets of one installation."""

    def __init__(self, database: Callable[[], Database], connections: int = 4) -> None:
        self._database = database
        self._connections = connections

    @cached_property
    def _engine(self) -> sa.Engine:
        engine = make_engine(
            self._database().addresses.app,
            settings={"statement_timeout": "500", "lock_timeout": "500"},
            pool_size=self._connections,
            max_overflow=0,
            pool_timeout=0.5,
        )
        return engine.execution_options(isolation_level="AUTOCOMMIT")

    def take(self, bucket: str, burst: int, rate: float) -> Taken:
        """Take a token from a bucket of `burst` tokens that `rate` tokens a second flow into.

        Raises RatesUnavailableError.
        """
        values: dict[str, str | float] = {"bucket": bucket, "burst": float(burst), "rate": rate}
        try:
            return self._take(values)
        except sa.exc.DBAPIError as error:
            if not error.connection_invalidated:
                raise RatesUnavailableError(type(error).__name__) from error
        except (sa.exc.SQLAlchemyError, DatabaseUnavailableError) as error:
            raise RatesUnavailableError(type(error).__name__) from error
        try:  # the server was restarted since: all connections are made anew
            return self._take(values)
        except sa.exc.SQLAlchemyError as error:
            raise RatesUnavailableError(type(error).__name__) from error

    def _take(self, values: dict[str, str | float]) -> Taken:
        with self._engine.connect() as connection:
            left = connection.exec_driver_sql(_TAKE, values).scalar()
            if left is not None:
                return Taken(True, float(left))
            left = connection.exec_driver_sql(_LOOK, values).scalar()
            return Taken(False, float(left or 0))

    def refill(self, bucket: str) -> None:
        """Make a bucket full, as that of one who was never seen. Raises RatesUnavailableError."""
        try:
            with self._engine.connect() as connection:
                connection.exec_driver_sql("DELETE FROM rate_buckets WHERE bucket = %(bucket)s", {"bucket": bucket})
        except sa.exc.SQLAlchemyError as error:
            raise RatesUnavailableError(type(error).__name__) from error

    def dispose(self) -> None:
        """Close all connections."""
        if "_engine" in self.__dict__:
            self._engine.dispose()


def delete_stale_buckets(database: Database) -> int:
    """Delete buckets that nobody took from for a day: by then they are full. Gives how many."""
    with database.connect() as connection, connection.begin():
        return connection.exec_driver_sql(_FORGET_STALE).rowcount
