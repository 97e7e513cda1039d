# SPDX-License-Identifier: Apache-2.0
"""Any sequence of maintenance on any table: the same rows, exactly the unreachable files gone, and every kept snapshot as it was.

Tables and sequences are drawn from a seed; K2I_TEST_SEEDS="4 5 6" draws others. Each table is made by `k2i ingest`, and changed by PyIceberg too.
"""

import json
import os
import random

import pyarrow as pa
import pytest
from pyiceberg.expressions import LessThan

from harness import rows, topics
from harness.k2i_process import ingest_config, total_records
from harness.readers import duckdb_connection, spark_rows
from harness.table_files import reachable, stored
from harness.warehouses import CATALOG

SEEDS = [int(seed) for seed in os.environ.get("K2I_TEST_SEEDS", "1 2 3").split()]
STEPS = 14

COLUMNS = [
    {"name": "n", "type": "long", "required": True},
    {"name": "part", "type": "string"},
    {"name": "at", "type": "timestamptz"},
    {"name": "price", "type": "decimal(9,2)"},
    {"name": "score", "type": "double"},
    {"name": "text", "type": "string"},
]
SPECS = [
    [],
    [{"source_field": "part"}],
    [{"source_field": "n", "transform": "bucket[3]"}],
    [{"source_field": "at", "transform": "day"}, {"source_field": "part", "transform": "truncate[1]"}],
]
ORDERS = [[], [{"source_field": "part"}, {"source_field": "n", "direction": "desc"}]]


def record(n: int) -> dict:
    return {
        "n": n,
        "part": [None, "a", "b c", "ü/%41"][n % 4],
        "at": None if n % 11 == 0 else f"2024-02-{28 + n % 2}T{n % 24:02}:00:00.000001Z",
        "price": f"{n * 7 / 100:.2f}",
        "score": None if n % 3 == 0 else n / 7,
        "text": f"record {n}" * (n % 5),
    }


def from_elsewhere(table: pa.Table, number: int) -> pa.Table:
    """The same rows with places in Kafka that no other rows have."""
    for name, value in {"_kafka_topic": "elsewhere", "_kafka_partition": 1000 + number}.items():
        index = table.schema.get_field_index(name)
        table = table.set_column(index, table.schema.field(index), pa.array([value] * len(table), table.schema.field(index).type))
    index = table.schema.get_field_index("_kafka_offset")
    return table.set_column(index, table.schema.field(index), pa.array(range(len(table)), pa.int64()))


class Subject:
    """A table, and what each of its snapshots must hold."""

    def __init__(self, warehouse, name: str, spark):
        self.warehouse, self.name, self.spark = warehouse, name, spark
        self.expected: dict[int, list[dict]] = {}

    @property
    def table(self):
        return self.warehouse.pyiceberg().load_table(("lake", self.name))

    def at(self, snapshot_id: int) -> list[dict]:
        return rows.from_arrow(self.table.scan(snapshot_id=snapshot_id).to_arrow())

    def learn(self) -> list[dict]:
        """The head holds what it holds from now on."""
        head = self.table.current_snapshot().snapshot_id
        return self.expected.setdefault(head, self.at(head))

    def check(self, held: list[dict]) -> None:
        """The head's rows are `held`, and every kept snapshot that was a head has the rows it had."""
        table = self.table
        rows.assert_same(self.learn(), held)
        for snapshot in table.snapshots():
            if snapshot.snapshot_id in self.expected:
                rows.assert_same(self.at(snapshot.snapshot_id), self.expected[snapshot.snapshot_id])

    def check_by_others(self) -> int:
        """The same by DuckDB and Spark; how many snapshots."""
        kept = [snapshot.snapshot_id for snapshot in self.table.snapshots() if snapshot.snapshot_id in self.expected]
        session = self.spark.session(self.warehouse)
        with duckdb_connection() as connection:
            relation = self.warehouse.duckdb_relation(connection, "lake", self.name)
            for each in kept:
                at = relation.replace(")", f", snapshot_from_id => {each}::UBIGINT)") if relation.startswith("iceberg_scan(") else f"{relation} AT (VERSION => {each})"
                rows.assert_same(rows.from_arrow(connection.execute(f"SELECT * FROM {at}").arrow().read_all()), self.expected[each])
                rows.assert_same(spark_rows(session.sql(f"SELECT * FROM {CATALOG}.lake.{self.name} VERSION AS OF {each}")), self.expected[each])
        return len(kept)


def draw_command(dice: random.Random) -> list[str]:
    small = ["--set", "maintenance.compaction_min_input_files=2"]
    return dice.choice(
        [
            ["compact", *small],
            ["compact", *small, "--max-files", str(dice.randrange(2, 6))],
            ["compact", *small, "--old-specs"],
            ["rewrite-manifests"],
            ["expire-snapshots", "--older-than", "0s", "--retain-last", str(dice.randrange(1, 5))],
            ["expire-snapshots", "--older-than", "0s", "--retain-last", str(dice.randrange(2, 9))],
            ["clean-orphans", "--older-than", "0s", "--force-younger-than-a-day"],
        ]
    )


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("seed", SEEDS)
def test_random_maintenance_of_random_tables(seed, k2i, kafka4, warehouse, topic, spark):
    dice = random.Random(seed)
    config = ingest_config(
        warehouse, kafka4.bootstrap_servers, topic, topic,
        buffer={"flush_interval_seconds": 1, "flush_batch_size": dice.choice([1, 40, 1000])},
        schema={"columns": COLUMNS}, query={"enabled": False},
        iceberg={"partition_spec": dice.choice(SPECS), "sort_order": dice.choice(ORDERS)},
        maintenance={"compaction_enabled": False, "snapshot_expiration_enabled": False},
    )  # fmt: skip
    process, subject = k2i(config, warehouse.environment()), Subject(warehouse, topic, spark)
    produced, done = 0, []

    def ingest() -> None:
        nonlocal produced
        live = total_records(warehouse, "lake", topic)
        for _ in range(dice.randrange(1, 4)):
            count = dice.randrange(20, 120)
            topics.produce(kafka4.bootstrap_servers, topic, [record(n) for n in range(produced, produced + count)], partitions=2)
            if not process.is_running():
                process.start() if process.process is None else process.restart()
            produced, live = produced + count, live + count
            process.wait_until(lambda: total_records(warehouse, "lake", topic) == live, f"{live} rows")
            subject.learn()
        assert process.terminate() == 0

    def by_pyiceberg() -> None:
        # To write partitions by these, PyIceberg wants another package.
        computed = any("transform" in field for field in config["iceberg"]["partition_spec"])
        what = "tag" if computed else dice.choice(["tag", "append", "delete"])
        if what == "tag":
            subject.table.manage_snapshots().create_tag(dice.choice(list(subject.table.snapshots())).snapshot_id, f"tag{len(done)}").commit()
        elif what == "append":
            subject.table.append(from_elsewhere(subject.table.scan(limit=5).to_arrow(), len(done)))
        else:
            subject.table.delete(LessThan("n", dice.randrange(produced)))
        subject.learn()

    def maintain() -> None:
        held = subject.learn()
        before = stored(warehouse, subject.table)
        command = draw_command(dice)
        done.append(command[0])
        ran = process.run("maintenance", *command, "--json")
        assert ran.returncode == 0, ran.stdout
        report = json.loads(next(line for line in ran.stdout.splitlines() if '"dry_run"' in line))
        subject.check(held)
        table = subject.table
        after = stored(warehouse, table)
        assert reachable(table) <= after
        gone = before - after
        if command[0] in ("expire-snapshots", "clean-orphans"):
            assert len(gone) == report["deleted"]["files"]
            assert after == reachable(table)
        else:
            assert not gone  # whatever they replace, snapshots before still read

    ingest()
    for _ in range(STEPS):
        dice.choice([ingest, by_pyiceberg, maintain, maintain, maintain])()
    maintain()
    print(f"seed {seed}: {config['iceberg']}, {produced} records, {done}")
    assert subject.check_by_others() >= 1
    if not any("elsewhere" == row["_kafka_topic"] for held in subject.expected.values() for row in held):
        ran = process.run("verify", "--deep", "--allow-deletes")
        assert ran.returncode == 0, ran.stdout
