"""`python -m sidecar`: serve the application (`crucible up` starts it so)."""

import argparse

import uvicorn

from resources.installation import Installation
from resources.settings import load_settings
from sidecar.app import make_app


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m sidecar", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    app = make_app(Installation(load_settings()))
    uvicorn.run(app, host=options.host, port=options.port, log_config=None, server_header=False)


if __name__ == "__main__":
    main()
