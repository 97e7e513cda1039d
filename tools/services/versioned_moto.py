# SPDX-License-Identifier: Apache-2.0
"""moto_server whose Glue refuses an UpdateTable at a version that is not the table's, as AWS does."""

import threading

from moto.core.exceptions import JsonRESTError
from moto.glue.models import GlueBackend
from moto.glue.responses import GlueResponse
from moto.server import main

_one_at_a_time = threading.Lock()


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


original = GlueResponse.update_table
GlueResponse.update_table = update_table

if __name__ == "__main__":
    main()
