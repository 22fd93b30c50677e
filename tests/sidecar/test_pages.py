"""Places in lists that nobody gave."""

from __future__ import annotations

import base64

import pytest


@pytest.mark.parametrize("path", ["/v1/projects", "/v1/tasks", "/v1/context", "/v1/keys"])
@pytest.mark.parametrize("said", [b"[" * 1400, b"[" + b"9" * 1300 + b"]", b"\xff", b"null", b'["\\ud800"]'])
def test_a_place_that_is_none_is_not_valid(client_as, path, said):
    after = base64.urlsafe_b64encode(said).decode()
    assert client_as("researcher").get(path, params={"after": after}).status_code == 422
