"""A list that is narrowed to a project that is not there says so: an empty list would hide a slip in the id."""

import pytest


@pytest.mark.parametrize("path", ["context", "context/searches", "sessions", "tasks"])
def test_a_list_of_a_project_that_is_not_there_is_404(client_as, path):
    answer = client_as("viewer").get(f"/v1/{path}", params={"project_id": "no-such-project"})
    assert answer.status_code == 404
    assert answer.json()["detail"] == "There is no project `no-such-project`."
