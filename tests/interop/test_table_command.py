# SPDX-License-Identifier: Apache-2.0
"""`k2i table`: a table shown, taken over, made from Parquet files, and its offsets forgotten."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from harness import topics
from harness.k2i_process import ingest_config, total_records
from harness.numbered import numbers
from harness.readers import read_duckdb, read_pyiceberg, read_spark
from harness.warehouses import CATALOG, GlueWarehouse, HiveWarehouse


@pytest.fixture
def process(k2i, kafka4, sql_warehouse, topic):
    return k2i(ingest_config(sql_warehouse, kafka4.bootstrap_servers, topic, topic))


def filling(process, kafka, warehouse, topic):
    """Sends `count` numbers from `start` on, and lets K2I run until the table has so many rows."""

    def send(start: int, count: int, rows: int) -> None:
        topics.produce(kafka.bootstrap_servers, topic, numbers(start, count), partitions=2)
        process.start()
        process.wait_until(lambda: total_records(warehouse, "lake", topic) >= rows, f"{rows} rows")
        assert process.terminate() == 0

    return send


@pytest.fixture
def fill(process, kafka4, sql_warehouse, topic):
    return filling(process, kafka4, sql_warehouse, topic)


def run(process, *arguments: str) -> str:
    ran = process.run("table", *arguments)
    assert ran.returncode == 0, ran.stdout
    return ran.stdout


def refused(process, *arguments: str) -> str:
    ran = process.run("table", *arguments)
    assert ran.returncode not in (0, 10), ran.stdout
    return ran.stdout


def as_json(process, *arguments: str) -> dict:
    return json.loads(run(process, *arguments, "--json").splitlines()[-1])  # log lines come before


def described(process, *arguments: str) -> dict:
    return as_json(process, "describe", *arguments)


def ns(found: list[dict]) -> list[int]:
    return sorted(row["n"] for row in found)


# describe


def test_describe(process, fill, sql_warehouse, topic):
    fill(0, 100, 100)
    loaded = sql_warehouse.pyiceberg().load_table(("lake", topic))
    found = described(process)
    assert found["table"] == f"lake.{topic}"
    assert found["uuid"] == str(loaded.metadata.table_uuid)
    assert found["metadata_location"] == loaded.metadata_location
    assert [field["name"] for field in found["schema"]["fields"]] == [field.name for field in loaded.schema().fields]
    assert found["properties"] == loaded.properties
    assert [each["snapshot-id"] for each in found["snapshots"]] == [each.snapshot_id for each in loaded.snapshots()]
    assert set(found["refs"]) == set(loaded.refs())
    files = loaded.inspect.files().to_pydict()
    assert found["files"]["data_files"] == len(files["file_path"])
    assert found["files"]["rows"] == 100
    assert found["files"]["bytes"] == sum(files["file_size_in_bytes"])
    assert found["pipelines"] == [
        {"pipeline": f"k2i-{topic}", "offsets": {topic: {"0": 50, "1": 50}}, "snapshot_id": loaded.current_snapshot().snapshot_id}
    ]
    for_people = run(process, "describe")
    assert f"table lake.{topic}, format version 2" in for_people
    assert f"{topic}/1 goes on at 50" in for_people
    assert "100 rows in" in for_people
    assert "no table lake.nothing" in refused(process, "describe", "--table", "lake.nothing")


# register --metadata


def test_a_table_changes_its_catalog(process, fill, k2i, kafka4, sql_warehouse, topic, tmp_path):
    fill(0, 50, 50)
    location = sql_warehouse.pyiceberg().load_table(("lake", topic)).metadata_location
    assert "exists" in refused(process, "register", "--metadata", location)
    assert "no" in refused(process, "register", "--metadata", location + "x", "--table", "lake.other").lower()
    assert not sql_warehouse.pyiceberg().table_exists(("lake", "other"))
    sql_warehouse.pyiceberg().drop_table(("lake", topic))

    assert "nothing has been changed" in run(process, "register", "--metadata", location, "--dry-run")
    assert not sql_warehouse.pyiceberg().table_exists(("lake", topic))
    said = as_json(process, "register", "--metadata", location.removeprefix("file://"))
    assert said == {"table": f"lake.{topic}", "metadata_location": location, "location": said["location"],
                    "format_version": 2, "snapshots": said["snapshots"], "registered": True}  # fmt: skip
    fill(50, 50, 100)  # from the boundary that the table holds
    assert ns(read_pyiceberg(sql_warehouse, "lake", topic)) == list(range(100))


@pytest.mark.parametrize("catalog", ["glue", pytest.param("hive3", marks=pytest.mark.slow)])
def test_a_table_is_registered_again(request, k2i, kafka4, topic, catalog):
    server = request.getfixturevalue("moto" if catalog == "glue" else catalog)
    warehouse = GlueWarehouse(server) if catalog == "glue" else HiveWarehouse(server)
    process = k2i(ingest_config(warehouse, kafka4.bootstrap_servers, topic, topic), warehouse.environment())
    fill = filling(process, kafka4, warehouse, topic)
    fill(0, 50, 50)
    location = warehouse.pyiceberg().load_table(("lake", topic)).metadata_location
    assert "exists" in refused(process, "register", "--metadata", location)
    warehouse.pyiceberg().drop_table(("lake", topic))
    assert as_json(process, "register", "--metadata", location)["registered"]
    assert warehouse.pyiceberg().load_table(("lake", topic)).metadata_location == location
    fill(50, 50, 100)
    assert ns(read_pyiceberg(warehouse, "lake", topic)) == list(range(100))


# register --parquet


def write_parquet(folder, name: str, values, **options) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{"n": n, "text": f"record {n}", "at": n * 1_000_000, "tags": [f"t{n}"], "where": {"x": n}} for n in values]
    schema = pa.schema([
        ("n", pa.int32()), ("text", pa.string()), ("at", pa.timestamp("us", tz="UTC")), ("tags", pa.list_(pa.string())),
        ("where", pa.struct([("x", pa.int64())])),
    ])  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), folder / name, **options)
    return str(folder / name)


@pytest.mark.parametrize("with_spark", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["", "spark"])
def test_parquet_files_become_a_table(with_spark, request, process, fill, sql_warehouse, topic, tmp_path):
    folder = tmp_path / "old files"
    write_parquet(folder, "a.parquet", range(-20, -10), row_group_size=3)
    write_parquet(folder / "deeper", "b.parquet", range(-10, 0), compression="gzip", use_dictionary=False)
    (folder / "_SUCCESS").write_text("")
    dry = run(process, "register", "--parquet", f"{folder}/", "--dry-run")
    assert "2 files, 20 rows" in dry
    assert not sql_warehouse.pyiceberg().table_exists(("lake", topic))
    said = as_json(process, "register", "--parquet", f"{folder}/")
    assert (said["files"], said["rows"]) == (2, 20)
    loaded = sql_warehouse.pyiceberg().load_table(("lake", topic))
    assert loaded.current_snapshot().snapshot_id == said["snapshot_id"]
    assert loaded.current_snapshot().summary["total-records"] == "20"
    assert json.loads(loaded.properties["schema.name-mapping.default"])
    # Pruned by bounds: wrong ones lose the row here.
    assert loaded.scan("n = -15").to_arrow().num_rows == 1

    fill(0, 20, 40)
    expected = list(range(-20, 20))
    found = read_duckdb(sql_warehouse, "lake", topic)
    assert ns(found) == expected
    old = next(row for row in found if row["n"] == -15)
    assert (old["text"], old["tags"], old["where"], old["_kafka_offset"]) == ("record -15", ["t-15"], {"x": -15}, None)
    assert ns(read_pyiceberg(sql_warehouse, "lake", topic)) == expected
    alone = process.ask_alone(f"SELECT n, text, \"where\".x AS x FROM {topic} WHERE n < 0 ORDER BY n").to_pylist()
    assert alone == [{"n": n, "text": f"record {n}", "x": n} for n in range(-20, 0)]
    if with_spark:
        assert ns(read_spark(request.getfixturevalue("spark"), sql_warehouse, "lake", topic)) == expected
    assert process.run("verify", "--deep").returncode == 0
    # Nothing is adopted twice, and nothing in part.
    write_parquet(folder, "c.parquet", range(100, 110))
    assert "already" in refused(process, "register", "--parquet", f"{folder}/")
    assert total_records(sql_warehouse, "lake", topic) == 40
    assert "twice" in refused(process, "register", "--parquet", str(folder / "c.parquet"), str(folder / "c.parquet"))
    run(process, "register", "--parquet", str(folder / "c.parquet"))
    # The boundary has stayed: K2I goes on behind it, past the snapshot that is not its own.
    fill(20, 20, 70)
    assert ns(read_duckdb(sql_warehouse, "lake", topic)) == sorted(list(range(-20, 40)) + list(range(100, 110)))
    compacted = process.run("maintenance", "compact", "--set", "maintenance.compaction_min_input_files=2")
    assert compacted.returncode == 0, compacted.stdout
    assert ns(read_pyiceberg(sql_warehouse, "lake", topic)) == sorted(list(range(-20, 40)) + list(range(100, 110)))
    assert process.run("verify", "--deep").returncode == 0


def test_parquet_files_in_partitions(k2i, kafka4, sql_warehouse, topic, tmp_path):
    config = ingest_config(sql_warehouse, kafka4.bootstrap_servers, topic, topic, iceberg={"partition_spec": [{"source_field": "text", "transform": "identity"}]})
    process = k2i(config)
    pure = write_parquet(tmp_path, "pure.parquet", [7])
    mixed = write_parquet(tmp_path, "mixed.parquet", [8, 9])
    assert "one partition" in refused(process, "register", "--parquet", pure, mixed)
    assert not sql_warehouse.pyiceberg().table_exists(("lake", topic))
    run(process, "register", "--parquet", pure)
    loaded = sql_warehouse.pyiceberg().load_table(("lake", topic))
    assert loaded.inspect.partitions().to_pydict()["partition"] == [{"text": "record 7"}]
    assert loaded.scan("text = 'record 7'").to_arrow().num_rows == 1


def test_parquet_files_that_do_not_fit(process, fill, sql_warehouse, topic, tmp_path):
    fill(0, 10, 10)
    more = tmp_path / "more.parquet"
    pq.write_table(pa.table({"n": [1], "another": ["x"]}), more)
    assert "another" in refused(process, "register", "--parquet", str(more))
    pq.write_table(pa.table({"n": ["text"]}), more)
    refused(process, "register", "--parquet", str(more))
    more.write_text("not Parquet")
    refused(process, "register", "--parquet", str(more))
    (tmp_path / "empty").mkdir()
    assert "no *.parquet file" in refused(process, "register", "--parquet", f"{tmp_path}/empty/")
    assert total_records(sql_warehouse, "lake", topic) == 10


@pytest.mark.slow
def test_files_that_spark_has_adopted(process, fill, kafka4, sql_warehouse, topic, spark, tmp_path):
    """Spark's add_files of a folder partitioned as Hive does it: the files lack the partition column."""
    folder = tmp_path / "hive"
    for country in ("CH", "JP"):
        (folder / f"country={country}").mkdir(parents=True)
        pq.write_table(pa.table({"n": pa.array([1, 2], pa.int64())}), folder / f"country={country}" / "part.parquet")
    session = spark.session(sql_warehouse)
    session.sql(f"CREATE NAMESPACE IF NOT EXISTS {CATALOG}.lake")
    name = f"{CATALOG}.lake.{topic}"
    session.sql(f"CREATE TABLE {name} (n BIGINT, country STRING) USING iceberg PARTITIONED BY (country)")
    session.sql(f"CALL {CATALOG}.system.add_files(table => 'lake.{topic}', source_table => '`parquet`.`{folder}`')")
    topics.produce(kafka4.bootstrap_servers, topic, [{"n": 3, "country": "FR"}], partitions=2)
    process.start()
    process.wait_until(lambda: total_records(sql_warehouse, "lake", topic) >= 5, "5 rows")
    rows = process.ask(f"SELECT n, country FROM {topic} ORDER BY country, n")["rows"]
    assert process.terminate() == 0
    assert rows == [[1, "CH"], [2, "CH"], [3, "FR"], [1, "JP"], [2, "JP"]]
    by_spark = session.sql(f"SELECT n, country FROM {name} ORDER BY country, n").collect()
    assert [[row.n, row.country] for row in by_spark] == rows


# reset


def test_reset(process, fill, sql_warehouse, topic):
    fill(0, 40, 40)
    dry = run(process, "reset", "--dry-run")
    assert f"{topic}/0: 20 → auto_offset_reset" in dry and "nothing has been changed" in dry
    assert described(process)["pipelines"][0]["offsets"] == {topic: {"0": 20, "1": 20}}
    assert "say --yes" in refused(process, "reset")
    done = run(process, "reset", "--yes")
    assert "auto_offset_reset" in done
    found = described(process)
    assert f"k2i-k2i-{topic}" not in found["refs"]
    assert found["pipelines"][0]["offsets"] == {}
    assert not [key for key in found["properties"] if key.startswith("k2i.lease.") or key.endswith(".offsets")]
    assert total_records(sql_warehouse, "lake", topic) == 40
    assert "holds no offsets" in run(process, "reset", "--yes")

    fill(40, 20, 100)  # the forty again, and twenty more
    assert ns(read_duckdb(sql_warehouse, "lake", topic)) == sorted(list(range(40)) + list(range(60)))
    verified = process.run("verify", "--deep")
    assert verified.returncode == 0, verified.stdout
    fill(60, 20, 120)


def test_reset_waits_for_no_running_process(process, sql_warehouse, kafka4, topic):
    topics.produce(kafka4.bootstrap_servers, topic, numbers(0, 10), partitions=2)
    process.start()
    process.wait_until(lambda: total_records(sql_warehouse, "lake", topic) >= 10, "10 rows")
    assert "stop it first" in refused(process, "reset", "--yes")
    assert process.terminate() == 0
