# SPDX-License-Identifier: Apache-2.0
"""moto_server whose Glue refuses an UpdateTable at a version that is not the table's, as AWS does, and which forgets no
database and no table when it is killed: what changes them is in a journal (GLUE_JOURNAL) before it is answered."""

import json
import os
import threading
from pathlib import Path

from moto.core.exceptions import JsonRESTError
from moto.core import DEFAULT_ACCOUNT_ID
from moto.glue.models import GlueBackend, glue_backends
from moto.glue.responses import GlueResponse
from moto.server import main

JOURNAL = Path(os.environ["GLUE_JOURNAL"])
CHANGES = ("create_database", "create_table", "update_table", "delete_table", "delete_database")

_one_at_a_time = threading.RLock()


class ConcurrentModificationException(JsonRESTError):
    code = 400

    def __init__(self, table_name: str):
        message = f"Update table failed due to concurrent modifications of {table_name}."
        super().__init__("ConcurrentModificationException", message)


def update_table(self: GlueResponse):
    backend: GlueBackend = self.glue_backend
    database, name = self.parameters["DatabaseName"], self.parameters["TableInput"]["Name"]
    asked = self.parameters.get("VersionId")
    with _one_at_a_time:
        table = backend.get_table(database, name)
        if asked is not None and asked != str(table._current_version):
            raise ConcurrentModificationException(name)
        answer = original(self)
        if self.parameters.get("SkipArchive"):
            table.versions = {str(table._current_version): table.versions[str(table._current_version)]}
        return answer


def written_down(name: str, change):
    def changed(self: GlueBackend, *arguments, **named):
        with _one_at_a_time:
            line = json.dumps([self.region_name, name, arguments, named])  # before moto adds to what it was given
            result = change(self, *arguments, **named)
            with JOURNAL.open("a") as journal:
                journal.write(line + "\n")
            return result

    return changed


def replay() -> None:
    """A last line that was not written whole was not answered, and goes."""
    lines = JOURNAL.read_text().splitlines(keepends=True) if JOURNAL.exists() else []
    whole = [line for line in lines if line.endswith("\n")]
    JOURNAL.write_text("".join(whole))
    for region, name, arguments, named in map(json.loads, whole):
        getattr(glue_backends[DEFAULT_ACCOUNT_ID][region], name)(*arguments, **named)


original = GlueResponse.update_table
GlueResponse.update_table = update_table

if __name__ == "__main__":
    replay()
    for each in CHANGES:
        setattr(GlueBackend, each, written_down(each, getattr(GlueBackend, each)))
    main()
