"""What is counted of searches in this process, for Prometheus."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, Metric, SummaryMetricFamily
from prometheus_client.registry import Collector

from resources.search.tally import TALLY, Tally


class SearchCounts(Collector):
    """Lanes, legs that came out short, and recall: `crucible_search_recall_sum` by `_count` is its mean."""

    def __init__(self, tally: Tally = TALLY) -> None:
        self._tally = tally

    def collect(self) -> Iterable[Metric]:
        """The numbers so far."""
        counted = self._tally.read()
        lanes = CounterMetricFamily("crucible_searches", "Searches that compared vectors, by lane", labels=["lane"])
        for lane, number in sorted(counted.searches.items()):
            lanes.add_metric([lane], number)
        yield lanes
        yield CounterMetricFamily(
            "crucible_search_underfilled",
            "Searches whose index gave fewer rows than there were; all vectors were compared instead",
            counted.underfilled,
        )
        yield CounterMetricFamily(
            "crucible_search_unchecked", "Searches drawn for a check that was not made", counted.unchecked
        )
        yield SummaryMetricFamily(
            "crucible_search_recall",
            "Share of the 20 nearest passages that an index found, of searches that were checked",
            count_value=counted.checked,
            sum_value=counted.recall_sum,
        )
