"""`python -m tests.sidecar.contract [ASKER …] [options of st run]`: the whole run, on an installation of its own."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from resources.installation import Installation
from resources.observe.logs import configure_logs
from resources.settings import load_settings
from sidecar.security.secrets import load_secrets
from tests.sidecar.contract.stage import ASKERS, staged

_WHOLE = ("--phases=examples,coverage,fuzzing,stateful", "--max-examples=50", "--generation-database=none")


def main() -> int:
    """The number of askers for whom something did not hold; those that are named, or all of them."""
    named = [word for word in sys.argv[1:] if word in ASKERS]
    options = [*_WHOLE, *(word for word in sys.argv[1:] if word not in ASKERS)]
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "CRUCIBLE_MODEL"):
        os.environ.pop(name, None)  # no real model is asked
    with tempfile.TemporaryDirectory(prefix="crucible-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        home.chmod(0o755)  # the server of the database may run as another user
        os.environ["CRUCIBLE_HOME"] = folder
        configure_logs(everything=False)
        installation = Installation(load_settings())
        with staged(installation, load_secrets(home), home, worlds=15) as stage:
            return sum(stage.ask(asker, options, captured=False).returncode != 0 for asker in named or ASKERS)


if __name__ == "__main__":
    sys.exit(main())
