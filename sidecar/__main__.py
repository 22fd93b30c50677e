"""`python -m sidecar`: serve the application (`crucible up` starts it so)."""

import argparse
import signal
import sys

import uvicorn
from fastapi import FastAPI

from resources.database.server import DatabaseUnavailableError
from resources.installation import Installation
from resources.observe.logs import configure_logs, get_logger
from resources.observe.traces import configure_traces, flush
from resources.settings import SettingsError, load_settings
from sidecar.app import make_app

DRAIN_SECONDS = 10
"""How long requests may go on after the sidecar is asked to stop; streams are closed then."""
_LONGEST_MESSAGE = 64 * 1024  # of a WebSocket: a question with filters
_FAILED_TO_START = 3  # as uvicorn says it
_log = get_logger("sidecar")


def server_of(app: FastAPI, host: str, port: int) -> uvicorn.Server:
    """What serves the application."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            http="h11",  # the faster parser holds a header of any length, before anybody is known
            ws_max_size=_LONGEST_MESSAGE,
            log_config=None,
            access_log=False,  # the application logs its requests itself, with their ids
            server_header=False,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
    )


def main() -> int:
    """Serve until interrupted or terminated; requests under way are finished."""
    parser = argparse.ArgumentParser(prog="python -m sidecar", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    try:
        configure_logs(everything=True)
        configure_traces("crucible-sidecar")
        app = make_app(Installation(load_settings()))
    except (SettingsError, DatabaseUnavailableError) as error:
        sys.stderr.write(f"Error: {error}\n")
        return 2
    server = server_of(app, options.host, options.port)
    # uvicorn raises a signal again when it has stopped; the default would end the process before spans are sent
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    server.run()
    flush()
    _log.info("sidecar_stopped")
    return 0 if server.started else _FAILED_TO_START


if __name__ == "__main__":
    sys.exit(main())
