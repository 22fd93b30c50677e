"""The assets and their checks as Dagster runs them, job by job."""

import dagster as dg
import pytest
import sqlalchemy as sa

from crucible_assets.definitions import defs
from crucible_assets.partitions import ProjectKey, register
from resources.database.repositories.insight_rows import StaleInsights, stale_insights
from resources.database.tables import statements, theme_passages, themes
from tests.insights.bench import CONTRACTS

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def run(alone):
    """Runs the three jobs, and gives each check's verdict."""

    def jobs(*names: str, **tags: str) -> dict[str, bool]:
        key = ProjectKey(alone.tenant, alone.project.id)
        verdicts: dict[str, bool] = {}
        with dg.DagsterInstance.ephemeral() as instance:
            (batch,) = register(instance, key, [1])
            for name in names or ("summarise", "summarise_project", "extract_themes"):
                result = defs.resolve_job_def(name).execute_in_process(
                    instance=instance,
                    partition_key=batch if name == "summarise" else str(key),
                    resources={"installation": alone.installation},
                    tags={"crucible/models": "local", **tags},
                )
                assert result.success
                verdicts |= {one.check_name: one.passed for one in result.get_asset_check_evaluations()}
        return verdicts

    return jobs


def test_all_is_made_and_checked_and_nothing_is_stale_then(alone, run):
    alone.embed(lambda text: 0 if "contract" in text else 1)
    with alone.database.transaction(alone.tenant) as session:
        assert stale_insights(session, alone.project.id) == StaleInsights(3, True, True)
    assert run() == {
        "facts_are_cited": True,
        "documents_are_summed_up": True,
        "summary_is_cited": True,
        "themes_have_passages": True,
    }
    assert alone.summary() is not None
    assert alone.themes()
    with alone.database.transaction(alone.tenant) as session:
        assert stale_insights(session, alone.project.id) == StaleInsights(0, False, False)


def test_checks_find_what_is_no_copy_what_is_unsupported_and_what_is_stale(alone, run):
    alone.embed(lambda text: 0 if "contract" in text else 1)
    run()
    with alone.database.transaction(alone.tenant) as session:
        session.execute(sa.update(statements).values(text="Something that nobody wrote."))
        session.execute(sa.delete(theme_passages))
    # the assets find everything up to date, the checks look at what is stored
    verdicts = run("summarise", "summarise_project")
    assert verdicts["facts_are_cited"] is False
    with alone.database.transaction(alone.tenant) as session:
        session.execute(sa.update(themes).values(stale=False, label="Words"))
    assert run("extract_themes")["themes_have_passages"] is False


def test_a_new_document_makes_them_stale(alone, run):
    alone.embed(lambda text: 0)
    run()
    alone.add({"late.txt": CONTRACTS["bridge.txt"].replace("bridge", "pier")})
    alone.embed(lambda text: 0)
    with alone.database.transaction(alone.tenant) as session:
        assert stale_insights(session, alone.project.id) == StaleInsights(1, False, True)
    assert run()["documents_are_summed_up"]
    with alone.database.transaction(alone.tenant) as session:
        assert stale_insights(session, alone.project.id) == StaleInsights(0, False, False)


def test_a_number_of_themes_that_cannot_be_is_refused(run):
    with pytest.raises(dg.Failure, match="2 to 50"):
        run("extract_themes", **{"crucible/themes": "99"})
