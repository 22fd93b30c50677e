"""The API does what its OpenAPI says: schemathesis asks, over a socket, as administrators of two tenants.

Bounded, and the same every time; `python -m tests.sidecar.contract` is the whole.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from resources.installation import Installation
from sidecar.security.secrets import Secrets
from tests.sidecar.contract.stage import Stage, staged

_BOUNDED = (
    "--phases=examples,fuzzing",
    "--max-examples=3",
    "--generation-deterministic",
    "--no-shrink",
    "--seed=1",
    "--warnings=off",
)


@pytest.fixture(scope="module")
def stage(installation: Installation, secrets: Secrets, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(installation, secrets, tmp_path_factory.mktemp("contract"), worlds=4) as made:
        yield made


@pytest.mark.parametrize("asker", ["service", "operator", "one"])
def test_what_is_answered_is_what_the_openapi_says(stage: Stage, asker: str) -> None:
    asked = stage.ask(asker, _BOUNDED, captured=True)

    assert asked.returncode == 0, asked.stdout[-20_000:] + asked.stderr[-2_000:]
    assert " generated" in asked.stdout
