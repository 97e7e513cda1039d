# SPDX-License-Identifier: Apache-2.0
"""./dev bench log [--records N] [--runs N]: what the transaction log costs.

There is no way to run without it, so it is moved to memory (/dev/shm), and its fsync is taken away by a preloaded library, and
the throughput compared with that of the log as it is, on disk. Flushes are small (50,000 rows), so that there are many commits
and the log has as much to do as it ever will. Prints figures and judges nothing.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from chaos.disk import FailingDisk, build_library
from demo import events
from harness.k2i_process import K2I, ingest_config
from harness.topics import create_topic
from harness.warehouses import SqlWarehouse
from ingest_throughput import PARTITIONS, TABLE, TOPIC, machine, measure
from services import Kafka

FLUSH_ROWS = 50_000


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev bench log", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=3_000_000)
    parser.add_argument("--runs", type=int, default=2)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="k2i-bench-"))
    memory = Path(tempfile.mkdtemp(prefix="k2i-bench-", dir="/dev/shm"))
    print(f"machine              {machine()}")
    try:
        library = build_library(folder)
        with Kafka(folder / "kafka") as kafka:
            create_topic(kafka.bootstrap_servers, TOPIC, PARTITIONS)
            events.produce(kafka.bootstrap_servers, TOPIC, PARTITIONS, given.records)
            size = len(events.event(given.records // 2)[0])
            for number, where in enumerate(["disk", "memory", "disk without fsync"] * given.runs):
                log_dir = (memory if where == "memory" else folder) / f"txlog{number}"
                disk = FailingDisk(library, log_dir)
                disk.set("nosync" if where == "disk without fsync" else "ok")
                config = ingest_config(
                    SqlWarehouse(folder / f"warehouse{number}"), kafka.bootstrap_servers, TOPIC, TABLE,
                    kafka={"group_id": f"bench-{number}"},
                    buffer={"flush_batch_size": FLUSH_ROWS, "flush_interval_seconds": 30},
                    transaction_log={"log_dir": str(log_dir)},
                )  # fmt: skip
                print(f"log on {where}")
                # All runs carry the library, so that its own cost is in all of them.
                measure(K2I(folder / f"k2i{number}", config, disk.environment()), given.records, given.records * size / 1e6)
                shutil.rmtree(folder / f"warehouse{number}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(memory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
