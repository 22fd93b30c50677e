"""The installation's secret; the command line knows it too, so it is found in `resources/`."""

from resources.secrets import Secrets, load_secrets

__all__ = ["Secrets", "load_secrets"]
