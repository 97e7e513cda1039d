# SPDX-License-Identifier: Apache-2.0
"""Any sequence of maintenance on any table: the same rows, exactly the unreachable files gone, and every kept snapshot as it was.

Tables and sequences are drawn from a seed; K2I_TEST_SEEDS="4 5 6" draws others. Each table is made by `k2i ingest`, and changed by PyIceberg too.
"""

import os
import random
from dataclasses import dataclass

import pyarrow as pa
import pytest
from pyiceberg.expressions import LessThan

from harness import maintained, rows, topics
from harness.k2i_process import ingest_config, total_records
from harness.readers import duckdb_connection, spark_rows
from harness.table_files import reachable, stored
from harness.warehouses import CATALOG

USUAL_SEEDS = [1, 4, 6]
SEEDS = [int(seed) for seed in os.environ.get("K2I_TEST_SEEDS", "").split()] or USUAL_SEEDS
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
    [("part", "identity")],
    [("n", "bucket[3]")],
    [("part", "truncate[1]")],
    [("at", "day")],
    [("at", "day"), ("n", "bucket[2]")],
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


@dataclass
class Drawn:
    """What the table of a seed is like."""

    batch_rows: int
    spec: list[tuple[str, str]]
    order: list[dict]
    evolves_at: int | None  # this step brings another spec
    evolved: list[tuple[str, str]]

    def config(self) -> dict:
        fields = [{"source_field": column, "transform": transform} for column, transform in self.spec]
        return {"partition_spec": fields, "sort_order": self.order}

    def computed(self, step: int) -> bool:
        """To write partitions by such a spec, PyIceberg wants another package."""
        now = self.evolved if self.evolves_at is not None and step > self.evolves_at else self.spec
        return any(transform != "identity" for _, transform in now)


def draw(seed: int) -> tuple[Drawn, random.Random]:
    """Six seeds in a row have all of SPECS, and every second table evolves; the rest is up to the dice, which go on."""
    dice = random.Random(seed)
    place = seed % len(SPECS)
    evolved = dice.choice([spec for spec in SPECS if spec != SPECS[place]])
    evolves_at = dice.randrange(2, STEPS - 4) if seed % 2 else None
    return Drawn(dice.choice([1, 40, 1000]), SPECS[place], dice.choice(ORDERS), evolves_at, evolved), dice


def test_the_seeds_draw_all_kinds_of_tables():
    usual = [draw(seed)[0] for seed in USUAL_SEEDS]
    assert any(each.spec for each in usual) and any(each.evolves_at is not None for each in usual)
    assert any(each.evolves_at is not None and each.computed(STEPS) for each in usual)
    six = [draw(seed)[0] for seed in range(40, 46)]
    assert all(spec in [each.spec for each in six] for spec in SPECS)


class Subject:
    """A table, and what each of its snapshots must hold."""

    def __init__(self, warehouse, name: str, spark):
        self.warehouse, self.name, self.spark = warehouse, name, spark
        self.expected: dict[int, list[dict]] = {}

    @property
    def table(self):
        return maintained.table_of(self.warehouse, self.name)

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
    drawn, dice = draw(seed)
    print(f"seed {seed}: {drawn}")
    config = ingest_config(
        warehouse, kafka4.bootstrap_servers, topic, topic,
        buffer={"flush_interval_seconds": 1, "flush_batch_size": drawn.batch_rows},
        schema={"columns": COLUMNS}, query={"enabled": False}, iceberg=drawn.config(),
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

    def evolve() -> None:
        names = dict(zip(drawn.spec, [field.name for field in subject.table.spec().fields]))
        with subject.table.update_spec() as update:
            for field in set(drawn.spec) - set(drawn.evolved):
                update.remove_field(names[field])
            for column, transform in sorted(set(drawn.evolved) - set(drawn.spec)):
                update.add_field(column, transform, f"{column}_{number}")
        del process.config["iceberg"]["partition_spec"]  # the table's own is to be followed

    def by_pyiceberg() -> None:
        what = "tag" if drawn.computed(number) else dice.choice(["tag", "append", "delete"])
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
        report = maintained.maintain(process, *command)
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

    number = -1
    ingest()
    for number in range(STEPS):
        if number == drawn.evolves_at:
            evolve()
            ingest()
        else:
            dice.choice([ingest, by_pyiceberg, maintain, maintain, maintain])()
    maintain()
    print(f"seed {seed}: {produced} records, {done}")
    assert len(subject.table.specs()) == (1 if drawn.evolves_at is None else 2)
    assert subject.check_by_others() >= 1
    if not any("elsewhere" == row["_kafka_topic"] for held in subject.expected.values() for row in held):
        maintained.assert_proven(process, "--allow-deletes")
