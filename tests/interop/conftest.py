# SPDX-License-Identifier: Apache-2.0
"""The servers of a test run. Each starts when a test first asks for it, and all end with the run."""

import itertools
import os
import time
from pathlib import Path

import pytest

# Before anything reads the clock's zone: Spark's Python side gives local times.
os.environ["TZ"] = "UTC"
time.tzset()

from harness.k2i_process import BINARY, K2I  # noqa: E402
from harness.readers import Spark  # noqa: E402
from harness.topics import create_topic  # noqa: E402
from harness.warehouses import GlueWarehouse, RestWarehouse, SqlWarehouse  # noqa: E402
from services import S3, Azure, Gcs, HiveMetastore, IcebergRest, Kafka, Moto, Postgres  # noqa: E402
from services.trino import Trino  # noqa: E402

_numbers = itertools.count(1)

# The files that take more than a minute, the longest first: begun last, one would be left for a single worker at the end. One that is
# missing here costs time and nothing else.
LONGEST = """
    live_units live_stores maintenance_engines query_peers maintenance_expiry maintenance outages offsets groups created_partitions
    table_command backpressure compaction rest_access vended_credentials txlog catalogs restart maintenance_random vended_clouds query_storm stores
    maintenance_killed
""".split()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ranks = {f"test_{name}": rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path.stem, len(ranks)))


@pytest.fixture(scope="session")
def session_folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("servers")


@pytest.fixture(scope="session")
def kafka4(session_folder):
    with Kafka(session_folder / "kafka4", secured=True) as kafka:
        yield kafka


@pytest.fixture(scope="session")
def kafka39(session_folder):
    with Kafka(session_folder / "kafka39", version="3.9.2") as kafka:
        yield kafka


@pytest.fixture(scope="session")
def s3(session_folder):
    with S3(session_folder / "s3", tls=True) as store:
        yield store


@pytest.fixture(scope="session")
def moto(session_folder):
    with Moto(session_folder / "moto") as server:
        yield server


@pytest.fixture(scope="session")
def gcs(session_folder):
    with Gcs(session_folder / "gcs") as store:
        yield store


@pytest.fixture(scope="session")
def azure(session_folder):
    with Azure(session_folder / "azure") as store:
        yield store


@pytest.fixture(scope="session")
def rest(session_folder):
    """The REST catalog over local files."""
    with IcebergRest(session_folder / "rest") as server:
        yield server


@pytest.fixture(scope="session")
def rest_s3(session_folder, s3):
    with IcebergRest(session_folder / "rest_s3", s3=s3) as server:
        yield server


@pytest.fixture(scope="session")
def trino(session_folder, rest_s3):
    """Where there is one."""
    with Trino(session_folder / "trino", rest_s3) as server:
        yield server


@pytest.fixture(scope="session")
def rest_gcs(session_folder, gcs):
    with IcebergRest(session_folder / "rest_gcs", gcs=gcs) as server:
        yield server


@pytest.fixture(scope="session")
def rest_azure(session_folder, azure):
    with IcebergRest(session_folder / "rest_azure", azure=azure) as server:
        yield server


@pytest.fixture(scope="session")
def postgres(session_folder):
    with Postgres(session_folder / "postgres") as server:
        yield server


@pytest.fixture(scope="session")
def hive3(session_folder):
    with HiveMetastore(session_folder / "hive3", version="3.1.3") as server:
        yield server


@pytest.fixture(scope="session")
def hive4(session_folder, postgres):
    with HiveMetastore(session_folder / "hive4", version="4.0.1", postgres=postgres) as server:
        yield server


@pytest.fixture(scope="session")
def hive4_s3(session_folder, postgres, s3):
    with HiveMetastore(session_folder / "hive4_s3", version="4.0.1", postgres=postgres, s3=s3) as server:
        yield server


@pytest.fixture(scope="session")
def spark(session_folder):
    session = Spark(session_folder)
    yield session
    session.stop()


@pytest.fixture
def sql_warehouse(tmp_path) -> SqlWarehouse:
    return SqlWarehouse(tmp_path / "warehouse")


@pytest.fixture
def glue_warehouse(moto) -> GlueWarehouse:
    return GlueWarehouse(moto)


@pytest.fixture(params=["sql", pytest.param("rest_s3", id="rest+s3")])
def warehouse(request, tmp_path):
    """Each kind of catalog and storage that K2I writes."""
    if request.param == "sql":
        return SqlWarehouse(tmp_path / "warehouse")
    return RestWarehouse(request.getfixturevalue("rest_s3"))


@pytest.fixture
def unique() -> str:
    """A name for this test's topic and table: servers are shared, tables and topics are not."""
    return f"t{os.getpid()}_{next(_numbers)}"


@pytest.fixture
def topic(kafka4, unique) -> str:
    return create_topic(kafka4.bootstrap_servers, unique, partitions=2)


@pytest.fixture
def k2i(tmp_path):
    """Makes K2I processes; what still runs at the end is killed."""
    assert BINARY.exists(), f"{BINARY} is not there: run ./dev build"
    made: list[K2I] = []

    def make(config: dict, environment: dict[str, str] | None = None) -> K2I:
        made.append(K2I(tmp_path / f"k2i-{len(made)}", config, environment))
        return made[-1]

    yield make
    for each in made:
        each.kill()
