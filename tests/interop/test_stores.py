# SPDX-License-Identifier: Apache-2.0
"""The main job with its files in Google Cloud Storage and Azure Storage, as others read them there."""

from datetime import timedelta

import duckdb
import pytest

from harness import rows, topics
from harness.k2i_process import ingest_config, merged, total_records
from harness.readers import read_pyiceberg
from harness.rest_clouds import RestCloudWarehouse
from harness.warehouses import AzureWarehouse, GcsWarehouse

VALUES = [{"id": n, "name": f"n° {n} 🚀", "ratio": n + 0.5} for n in range(500)]


@pytest.fixture(params=["gcs", "azure_key", "azure_sas", "rest+gcs", "rest+azure"])
def cloud(request, tmp_path):
    catalog, _, store = request.param.rpartition("+")
    if store == "gcs":
        files = GcsWarehouse(tmp_path / "catalog", request.getfixturevalue("gcs"))
    else:
        credential = "sas" if store == "azure_sas" else "account_key"
        files = AzureWarehouse(tmp_path / "catalog", request.getfixturevalue("azure"), credential)
    return RestCloudWarehouse(request.getfixturevalue(f"rest_{store}"), files) if catalog else files


def read_by_http(warehouse, table: str, folder) -> list[dict]:
    """By DuckDB from the data files, each fetched by plain HTTP: neither Arrow nor PyIceberg has touched them."""
    tasks = warehouse.pyiceberg().load_table(("lake", table)).scan().plan_files()
    paths = []
    for number, task in enumerate(tasks):
        path = folder / f"{number}.parquet"
        path.write_bytes(warehouse.fetch(task.file.file_path))
        assert path.stat().st_size == task.file.file_size_in_bytes
        paths.append(str(path))
    return rows.from_arrow(duckdb.connect().execute("SELECT * FROM read_parquet($1)", [paths]).arrow().read_all())


def test_rows_are_in_the_cloud(k2i, kafka4, cloud, topic, tmp_path):
    taken = topics.produce(kafka4.bootstrap_servers, topic, VALUES, partitions=2)
    process = k2i(ingest_config(cloud, kafka4.bootstrap_servers, topic, topic), cloud.environment()).start()
    process.wait_until(lambda: total_records(cloud, "lake", topic) == len(VALUES), f"{len(VALUES)} rows")
    # The process reads what it has committed by its own store too.
    assert process.ask(f"SELECT count(*) AS n, sum(id)::BIGINT AS total FROM {topic}")["rows"] == [[500, 124750]]
    assert process.terminate() == 0
    by_value = {topics.encoded(row): row for row in VALUES}
    expected = [each.row(by_value[each.value]) | {"_kafka_key": each.key.decode()} for each in taken]
    for found in (read_pyiceberg(cloud, "lake", topic), read_by_http(cloud, topic, tmp_path)):
        assert all(row.pop("_extra", None) is None for row in found)
        rows.assert_same(found, expected)
    verified = k2i(process.config).run("verify", "--deep")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_validate_proves_the_store(k2i, kafka4, cloud, topic):
    done = k2i(ingest_config(cloud, kafka4.bootstrap_servers, topic, topic)).run("validate")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "wrote, read and deleted" in done.stdout


def test_validate_names_what_is_missing(k2i, kafka4, azure, topic, tmp_path):
    config = ingest_config(AzureWarehouse(tmp_path / "catalog", azure), kafka4.bootstrap_servers, topic, topic)
    wrong = merged(config, {"storage": {"azure": {"account_key": "d3Jvbmc="}}})
    done = k2i(wrong).run("validate")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "the credentials may not write there" in done.stdout
    nowhere = merged(config, {"storage": {"bucket": "none"}, "iceberg": {"warehouse": "abfss://none/warehouse"}})
    done = k2i(nowhere).run("validate")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "ContainerNotFound" in done.stdout
    read_only = merged(config, {"storage": {"azure": {"credential": "sas", "sas_token": azure.sas_token(timedelta(hours=1), "rl")}}})
    done = k2i(read_only).run("validate")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "the credentials may not write there" in done.stdout
