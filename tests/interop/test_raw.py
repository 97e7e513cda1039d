# SPDX-License-Identifier: Apache-2.0
"""Raw records: bytes as they are, with their headers; tombstones and empty values stay apart."""

from confluent_kafka import Producer

from harness import topics
from harness.k2i_process import ingest_config, total_records
from harness.readers import read_duckdb, read_pyiceberg

RECORDS = [
    (b"k1", b"\x00\xff not text", [("trace", b"\x01"), ("trace", None)]),
    (None, b"", []),
    (b"\xfe", None, [("ü", b"")]),
]


def test_bytes_and_headers_come_through(k2i, kafka4, sql_warehouse, unique):
    topics.create_topic(kafka4.bootstrap_servers, unique)
    producer = Producer({"bootstrap.servers": kafka4.bootstrap_servers})
    for key, value, headers in RECORDS:
        producer.produce(unique, value, key=key, headers=headers)
    assert producer.flush(30) == 0
    config = ingest_config(sql_warehouse, kafka4.bootstrap_servers, unique, unique, format={"value": "raw"})
    process = k2i(config).start()
    process.wait_until(lambda: total_records(sql_warehouse, "lake", unique) == len(RECORDS), "all records")
    assert process.terminate() == 0
    for read in (read_pyiceberg, read_duckdb):
        found = read(sql_warehouse, "lake", unique)
        assert [row["key"] for row in found] == [key for key, _, _ in RECORDS]
        assert [row["value"] for row in found] == [value for _, value, _ in RECORDS]
        headers = [[(each["name"], each["value"]) for each in row["headers"] or []] for row in found]
        assert headers == [headers for _, _, headers in RECORDS]
        assert [row["_kafka_key"] for row in found] == [key for key, _, _ in RECORDS]
