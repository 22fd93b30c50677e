"""One installation: its settings, and the outside world opened when it is first needed."""

from functools import cached_property

from resources.database.engine import Database, open_database
from resources.files import BlobStore
from resources.search.checking import CHECKER
from resources.settings import Settings


class Installation:
    """What assets, sensors and commands are handed; the same object serves all tenants."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def database(self) -> Database:
        """The database, started and migrated on first use."""
        CHECKER.share = self.settings.search_check_share  # one for the process, as the database is
        return open_database(self.settings)

    @cached_property
    def files(self) -> BlobStore:
        """The blob store."""
        return BlobStore(self.settings.files)
