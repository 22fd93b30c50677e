"""`python -m sensors.daemon run -w workspace.yaml`: Dagster's daemon, which looks at sensors every second.

Dagster looks every five, whatever interval a sensor asks for, and has no setting for it. A task would then wait for
as long before it is a run.
"""

from dagster._daemon import sensor
from dagster._daemon.cli import main

LOOP_SECONDS = 1


def run() -> None:
    """What `dagster-daemon` does, with the quicker loop."""
    sensor.MIN_INTERVAL_LOOP_TIME = LOOP_SECONDS
    main()


if __name__ == "__main__":
    run()
