"""A virtual environment for each peer, outside of the repository, made once and found again."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

_HERE = Path(__file__).parent
_MADE_FROM = "made-from.sha256"


class EnvironmentNotMadeError(RuntimeError):
    """An environment could not be made; the message holds what pip said."""


def default_folder() -> Path:
    """Where environments are kept when nothing is said: the user's cache folder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "crucible-peers"


def interpreter(peer: str, folder: Path) -> Path:
    """The interpreter of a peer's environment, made by pip from `requirements-<peer>.txt` when it is not there.

    It is made again when the requirements or this interpreter's version changed. Raises EnvironmentNotMadeError.
    """
    requirements = _HERE / f"requirements-{peer}.txt"
    made_from = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
    home = folder / peer
    python = home / "bin" / "python"
    stamp = home / _MADE_FROM
    if stamp.exists() and stamp.read_text(encoding="ascii") == made_from and python.exists():
        return python
    print(f"making the environment of {peer} under {home} …", flush=True)
    shutil.rmtree(home, ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(home)])
    _run([str(python), "-m", "pip", "install", "--quiet", "--no-deps", "-r", str(requirements)])
    _run([str(python), "-m", "pip", "check"])
    stamp.write_text(made_from, encoding="ascii")
    return python


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise EnvironmentNotMadeError(
            f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        )
