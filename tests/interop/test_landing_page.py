# SPDX-License-Identifier: Apache-2.0
"""The configuration of the product's landing page, as it stands. Only addresses and keys come from the environment."""

from harness import topics
from harness.k2i_process import K2I, total_records
from harness.readers import read_duckdb
from harness.warehouses import RestWarehouse
from services import seaweedfs

LANDING_PAGE = """\
[kafka]
bootstrap_servers = "localhost:9092"
topic = "events"
group_id = "k2i-ingestion"

[buffer]
max_size_mb = 500
flush_interval_seconds = 30

[iceberg]
catalog_type = "rest"
rest_uri = "http://localhost:8181"
warehouse = "s3://my-bucket/warehouse"
database = "analytics"
table = "events"

[storage]
type = "s3"
bucket = "my-bucket"
region = "us-east-1"
"""


class LandingPage(K2I):
    def prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config_path.write_text(LANDING_PAGE)

    def environment(self) -> dict[str, str]:
        ports = {"K2I_SERVER_HEALTH_PORT": str(self.health_port), "K2I_SERVER_METRICS_PORT": str(self.metrics_port)}
        return self.variables | ports


def test_it_runs(kafka4, s3, rest_s3, tmp_path):
    variables = {
        "K2I_KAFKA_BOOTSTRAP_SERVERS": kafka4.bootstrap_servers,
        "K2I_ICEBERG_REST_URI": rest_s3.uri,
        "K2I_STORAGE_ENDPOINT": s3.endpoint,
        "AWS_ACCESS_KEY_ID": seaweedfs.ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": seaweedfs.SECRET_KEY,
    }
    warehouse = RestWarehouse(rest_s3)
    topics.create_topic(kafka4.bootstrap_servers, "events", partitions=3)
    topics.produce(kafka4.bootstrap_servers, "events", [{"n": n} for n in range(1000)], partitions=3)
    with LandingPage(tmp_path / "k2i", {}, variables) as process:
        process.wait_until(lambda: process.metric("k2i_messages_consumed_total") == 1000, "1000 records read")
        # Thirty seconds are the page's promise of when rows are in the table.
        process.wait_until(lambda: total_records(warehouse, "analytics", "events") == 1000, "1000 rows", timeout_s=45)
        assert process.terminate() == 0
    assert sorted(row["n"] for row in read_duckdb(warehouse, "analytics", "events")) == list(range(1000))
