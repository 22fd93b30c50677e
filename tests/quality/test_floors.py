"""Who may import whom (docs/architecture.md): read from the code, not from good intentions."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {"resources", "crucible_assets", "jobs", "sensors", "sidecar", "cli"}
MAY_USE = {
    "resources": set(),
    "crucible_assets": {"resources"},
    "jobs": {"resources", "crucible_assets"},
    "sensors": {"resources", "crucible_assets", "jobs"},
    "sidecar": {"resources", "crucible_assets", "jobs", "sensors"},
    "cli": {"resources", "crucible_assets", "jobs", "sensors"},  # starts the sidecar as a process of its own
}
EXCEPTIONS = {"crucible_assets/definitions.py": {"jobs", "sensors"}}  # all that Dagster loads, on one screen
SHELLS = {"asset.py", "checks.py", "definitions.py", "partitions.py", "metadata.py"}
"""Files that know Dagster. Everything else in a stage is a function of its arguments."""
TALK_TO_DATABASE = SHELLS | {"intake.py", "load.py", "run.py", "estimate.py", "reporter.py"}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def files(package: str) -> Iterator[Path]:
    yield from sorted((ROOT / package).rglob("*.py"))


def test_packages_use_only_what_lies_below_them():
    wrong = []
    for package, allowed in MAY_USE.items():
        for path in files(package):
            name = path.relative_to(ROOT).as_posix()
            extra = EXCEPTIONS.get(name, set())
            for module in imports(path):
                top = module.split(".")[0]
                if top in PACKAGES - {package} and top not in allowed | extra:
                    wrong.append(f"{name} imports {module}")
    assert wrong == []


def test_nothing_of_the_product_imports_tests_or_benchmarks():
    wrong = [
        f"{path.relative_to(ROOT)}: {module}"
        for package in PACKAGES
        for path in files(package)
        for module in imports(path)
        if module.split(".")[0] in {"tests", "benchmarks"}
    ]
    assert wrong == []


def test_inside_a_stage_only_the_shell_knows_dagster():
    wrong = [
        f"{path.relative_to(ROOT)}: {module}"
        for path in files("crucible_assets")
        if path.name not in SHELLS
        for module in imports(path)
        if module.split(".")[0] == "dagster"
    ]
    assert wrong == []


def test_inside_a_stage_pure_functions_know_no_database():
    wrong = [
        f"{path.relative_to(ROOT)}: {module}"
        for path in files("crucible_assets")
        if path.name not in TALK_TO_DATABASE
        for module in imports(path)
        if module.startswith(("resources.database.engine", "sqlalchemy", "psycopg"))
    ]
    assert wrong == []


def test_queries_live_in_repositories_only():
    """SQLAlchemy is used where queries are: repositories, the ledger, and a few named files."""
    named = {
        "resources/models/ledger.py",
        "crucible_assets/extractions/estimate.py",
        "cli/commands_look.py",
        "resources/dagster_storage.py",  # the engine of Dagster's own storage
        "sidecar/problem_handlers.py",  # the errors that say the database is gone or refuses
    }
    wrong = [
        f"{path.relative_to(ROOT)}"
        for package in PACKAGES
        for path in files(package)
        if not path.relative_to(ROOT).as_posix().startswith("resources/database/")
        and path.relative_to(ROOT).as_posix() not in named
        and any(module.split(".")[0] == "sqlalchemy" for module in imports(path))
    ]
    assert wrong == []


def test_no_file_needs_a_table_of_contents():
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for package in PACKAGES
        for path in files(package)
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 450
    }
    assert long == {}
