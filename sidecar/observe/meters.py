"""Numbers of this process: requests by route template, streams, connections, the event loop. Never ids or tenants."""

import asyncio
import time
from collections import Counter as Counts
from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import Scope

from resources.installation import Installation
from sidecar.observe.searching import SearchCounts

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_WAITS = (0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0)
_LOOK_SECONDS = 0.25
UNMATCHED = "(no such route)"


def route_of(scope: Scope) -> str:
    """The template of the route that a request went to: '/v1/projects/{project_id}'."""
    route = scope.get("route")
    template = getattr(route, "path_format", None) or getattr(route, "path", None)
    return template if isinstance(template, str) else UNMATCHED


def method_of(scope: Scope) -> str:
    """The request's method, of the few that there are: a label is no place for what a client invents."""
    if scope["type"] == "websocket":
        return "WS"
    known = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    return scope["method"] if scope["method"] in known else "OTHER"


class Meters(Collector):
    """What is counted while requests are served; read by `/metrics`."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self.registry = CollectorRegistry()
        self._open: dict[int, Scope] = {}
        self._streams: set[int] = set()
        self._lag = 0.0
        self.requests = Counter(
            "crucible_http_requests", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "crucible_http_request_duration_seconds",
            "Seconds until an answer was sent; streams are left out",
            ["method", "route"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.refused = Counter(
            "crucible_auth_failures", "Requests refused for want of authorisation", ["reason"], registry=self.registry
        )
        self.limited = Counter(
            "crucible_rate_limited", "Requests refused because there were too many", registry=self.registry
        )
        self.pool_wait = Histogram(
            "crucible_db_pool_wait_seconds",
            "Seconds that a request waited for a database connection",
            buckets=_WAITS,
            registry=self.registry,
        )
        for reason in ("unauthenticated", "forbidden"):
            self.refused.labels(reason)  # there from the start, so that a first failure is an increase
        self.registry.register(self)
        self.registry.register(SearchCounts())

    def begun(self, scope: Scope) -> None:
        """A request came in."""
        self._open[id(scope)] = scope

    def streams(self, scope: Scope) -> None:
        """The answer is a stream, which stays open."""
        self._streams.add(id(scope))

    def ended(self, scope: Scope, status: int, seconds: float) -> None:
        """A request was answered."""
        self._open.pop(id(scope), None)
        stream = id(scope) in self._streams
        self._streams.discard(id(scope))
        method, route = method_of(scope), route_of(scope)
        self.requests.labels(method, route, str(status)).inc()
        if not stream:
            self.seconds.labels(method, route).observe(seconds)
        if status == 401:
            self.refused.labels("unauthenticated").inc()
        elif status == 403:
            self.refused.labels("forbidden").inc()
        elif status == 429:
            self.limited.inc()

    async def watch_loop(self) -> None:
        """Measure, for ever, how late the event loop is: the most of the last few looks."""
        while True:
            began = time.perf_counter()
            await asyncio.sleep(_LOOK_SECONDS)
            late = max(0.0, time.perf_counter() - began - _LOOK_SECONDS)
            self._lag = max(late, self._lag * 0.8)

    def collect(self) -> Iterable[Metric]:
        """The state of this moment, for Prometheus."""
        yield self._in_flight()
        yield _gauge("crucible_streams_open", "Streams (WebSocket, server-sent events) open", len(self._streams))
        yield _gauge("crucible_event_loop_lag_seconds", "How late the event loop was lately", self._lag)
        used = GaugeMetricFamily("crucible_db_pool_connections", "Database connections of the pool", labels=["state"])
        for state, number in self.pool().items():
            used.add_metric([state], number)
        yield used

    def pool(self) -> dict[str, int]:
        """Connections of the pool: in use, idle, and the most there may be."""
        pool = self._installation.database.engine.pool
        most = pool.size() + pool._max_overflow  # type: ignore[attr-defined] # shown by no method
        return {"in_use": pool.checkedout(), "idle": pool.checkedin(), "most": most}  # type: ignore[attr-defined]

    def _in_flight(self) -> Metric:
        family = GaugeMetricFamily(
            "crucible_http_requests_in_flight", "Requests being served", labels=["method", "route"]
        )
        # a copy: this runs in a thread while the event loop serves
        open_now = [scope for key, scope in list(self._open.items()) if key not in self._streams]
        for (method, route), number in Counts((method_of(s), route_of(s)) for s in open_now).items():
            family.add_metric([method, route], number)
        return family

    def watch_pool(self) -> None:
        """From now on, time how long callers wait for a connection: the pool tells it nowhere itself."""
        pool = self._installation.database.engine.pool
        connect: Callable[[], object] = pool.connect

        def timed() -> object:
            began = time.perf_counter()
            try:
                return connect()
            finally:
                self.pool_wait.observe(time.perf_counter() - began)

        pool.connect = timed  # type: ignore[method-assign, assignment]


def _gauge(name: str, said: str, value: float) -> Metric:
    return GaugeMetricFamily(name, said, value)
