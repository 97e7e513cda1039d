# SPDX-License-Identifier: Apache-2.0
"""K2I's Flight server, seen through other people's clients: ADBC, JDBC and pyarrow."""

import datetime
import decimal
import json
import subprocess
from pathlib import Path

import adbc_driver_flightsql.dbapi as flightsql
import adbc_driver_manager
import pyarrow as pa
import pyarrow.flight as flight
import pytest
from flight_server import FakeFlightServer

from services.places import JVM_FLAGS, class_path

PROBE = Path(__file__).with_name("JdbcProbe.java")
UTC = datetime.timezone.utc


@pytest.fixture(scope="module")
def server():
    server = FakeFlightServer()
    yield server
    assert server.stop() == 0


@pytest.fixture
def adbc(server):
    with flightsql.connect(server.uri, autocommit=True) as connection:
        yield connection


def rows_of(connection, sql: str, parameters=None) -> list[dict]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters=parameters)
        return cursor.fetch_arrow_table().to_pylist()


def metadata(schema: pa.Schema) -> dict:
    return {key.decode(): json.loads(value) for key, value in schema.metadata.items()}


def test_adbc_reads_every_type(adbc):
    first, second, third = rows_of(adbc, "SELECT * FROM lake.events")
    assert first == {
        "id": 1, "name": "Zoë", "amount": decimal.Decimal("1234567.89"), "flag": True, "small": 2**31 - 1,
        "ratio": 0.5, "score": 0.1, "payload": b"bytes", "day": datetime.date(2022, 1, 8),
        "clock": datetime.time(0, 0, 0, 1), "at": datetime.datetime(2026, 1, 2, 3, 4, 5, 678901),
        "seen": datetime.datetime(2026, 1, 2, 3, 4, 5, 678901, UTC), "tags": ["a", None],
        "point": {"x": 1.5, "y": -1.5}, "counts": [("a", 1), ("b", None)], "uuid": b"\x01" * 16,
    }  # fmt: skip
    assert second["seen"] == datetime.datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert {name for name, value in third.items() if value is not None} == {"id"}


def test_adbc_binds_parameters(adbc):
    assert [row["text"] for row in rows_of(adbc, "SELECT * FROM lake.numbers WHERE n = ?", (77,))] == ["row 77"]
    assert [row["n"] for row in rows_of(adbc, "SELECT * FROM lake.numbers WHERE text = ?", ("row 5",))] == [5]
    for value in ("any", 5, 0.5, None):
        assert rows_of(adbc, "SELECT ?", (value,)) == [{"v": value}]
    with adbc.cursor() as cursor, pytest.raises(adbc_driver_manager.Error, match="one row of parameters"):
        cursor.execute("SELECT * FROM lake.numbers WHERE n = ?", parameters=pa.record_batch({"1": [1, 2]}))


def test_adbc_shows_what_an_answer_saw(adbc):
    with adbc.cursor() as cursor:
        cursor.execute("SELECT * FROM lake.events")
        says = metadata(cursor.fetch_arrow_table().schema)
    assert says["k2i.snapshot-id"] == 1000 and says["k2i.offsets"] == {"events": {"0": 3}}


def test_adbc_reads_more_than_a_message(adbc):
    assert len(rows_of(adbc, "SELECT * FROM lake.numbers")) == 100_000


def test_adbc_sees_the_tables(adbc):
    assert adbc.adbc_get_info()["vendor_name"] == "K2I"
    assert adbc.adbc_get_table_types() == ["TABLE"]
    (catalog,) = adbc.adbc_get_objects(table_name_filter="e%").read_all().to_pylist()
    found = {
        (schema["db_schema_name"], table["table_name"]): [column["column_name"] for column in table["table_columns"]]
        for schema in catalog["catalog_db_schemas"]
        for table in schema["db_schema_tables"]
    }
    assert found[("other", "empty")] == ["n", "partition", "offset", "text"]
    assert len(found[("lake", "events")]) == 16 and len(found) == 2
    schema = adbc.adbc_get_table_schema("events", db_schema_filter="lake")
    assert schema.field("amount").type == pa.decimal128(9, 2)


@pytest.mark.parametrize(
    "sql, kind, text",
    [
        ("SELEKT", adbc_driver_manager.ProgrammingError, "InvalidArgument: syntax error"),
        ("SELECT * FROM nowhere", adbc_driver_manager.ProgrammingError, "NotFound: there is no table"),
        ("SELECT error NotSupported", adbc_driver_manager.NotSupportedError, "NotSupported: as was asked for"),
        ("SELECT late error Timeout", adbc_driver_manager.OperationalError, "Timeout: as was asked for, later"),
        ("SELECT error ResourceExhausted", adbc_driver_manager.OperationalError, "ResourceExhausted: as was"),
    ],
)
def test_adbc_sees_errors_by_kind(adbc, sql, kind, text):
    with pytest.raises(kind, match=text):
        rows_of(adbc, sql)


def test_adbc_sends_headers(server):
    def connect(timeout: str):
        headers = {"timeout-ms": timeout, "wait-for": '{"events":{"0":1}}'}
        options = {f"adbc.flight.sql.rpc.call_header.{name}": value for name, value in headers.items()}
        return flightsql.connect(server.uri, autocommit=True, db_kwargs=options)

    with connect("1500") as connection:
        assert len(rows_of(connection, "SELECT * FROM lake.events")) == 3
    with connect("soon") as connection, pytest.raises(adbc_driver_manager.Error, match="header timeout-ms: 'soon'"):
        rows_of(connection, "SELECT * FROM lake.events")


def test_adbc_only_reads(adbc):
    with adbc.cursor() as cursor, pytest.raises(adbc_driver_manager.Error, match="only reads"):
        cursor.adbc_ingest("events", pa.table({"id": [1]}), mode="append")


def test_adbc_cancels(adbc):
    with adbc.cursor() as cursor:
        cursor.execute("SELECT forever")
        batches = iter(cursor.fetch_record_batch())
        assert next(batches).num_rows == 1
        cursor.adbc_cancel()
        with pytest.raises((adbc_driver_manager.Error, pa.ArrowException, OSError)):
            next(batches)


@pytest.fixture(scope="module")
def jdbc(server) -> dict[str, list[str]]:
    """What the probe printed, by call."""
    command = ["java", *JVM_FLAGS, "--add-opens=java.base/java.nio=ALL-UNNAMED", "-Duser.timezone=UTC",
               "-Dfile.encoding=UTF-8", "-cp", class_path("flight-sql"), str(PROBE),
               f"jdbc:arrow-flight-sql://127.0.0.1:{server.port}/?useEncryption=false"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    printed: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        call, _, rest = line.partition("\t")
        printed.setdefault(call, []).append(rest)
    return printed


def fields(line: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in line.split("\t"))


def test_jdbc_knows_what_the_server_can_do(jdbc):
    facts = {call.removeprefix("fact "): answers[0] for call, answers in jdbc.items() if call.startswith("fact ")}
    assert len(facts) > 100
    assert [name for name, answer in facts.items() if answer.startswith("failed")] == []
    assert facts["getDatabaseProductName"] == "K2I"
    assert facts["isReadOnly"] == "true" and facts["supportsTransactions"] == "false"
    assert facts["getIdentifierQuoteString"] == '"'


def test_jdbc_sees_the_tables(jdbc):
    assert "catalog" not in jdbc and "view" not in jdbc
    assert [fields(row)["TABLE_SCHEM"] for row in jdbc["schema"]] == ["lake", "other"]
    assert [fields(row)["TABLE_SCHEM"] for row in jdbc["schema by pattern"]] == ["lake"]
    assert [fields(row)["TABLE_NAME"] for row in jdbc["table"]] == ["events", "numbers", "empty"]
    assert [fields(row)["TABLE_NAME"] for row in jdbc["table by pattern"]] == ["events"]
    assert {"primary key", "imported key", "exported key", "cross reference"}.isdisjoint(jdbc)
    columns = {fields(row)["COLUMN_NAME"]: fields(row) for row in jdbc["column"]}
    assert len(columns) == 16
    assert columns["id"]["IS_NULLABLE"] == "NO" and columns["name"]["IS_NULLABLE"] == "YES"
    amount = columns["amount"]
    assert (amount["TYPE_NAME"], amount["COLUMN_SIZE"], amount["DECIMAL_DIGITS"]) == ("DECIMAL(9,2)", "9", "2")
    assert columns["seen"]["TYPE_NAME"] == "TIMESTAMP WITH TIME ZONE"


def test_jdbc_reads_every_type(jdbc):
    assert fields(jdbc["row"][0]) == {
        "id": "1", "name": "Zoë", "amount": "1234567.89", "flag": "true", "small": "2147483647", "ratio": "0.5",
        "score": "0.1", "payload": "[98, 121, 116, 101, 115]", "day": "2022-01-08", "clock": "00:00:00",
        "at": "2026-01-02 03:04:05.678901", "seen": "2026-01-02 03:04:05.678901", "tags": '["a",null]',
        "point": '{"x":1.5,"y":-1.5}', "counts": '{"a":1,"b":null}', "uuid": str([1] * 16),
    }  # fmt: skip
    assert set(fields(jdbc["row"][2]).values()) == {"3", "null"}
    assert jdbc["count"] == ["100000"]


def test_jdbc_binds_parameters(jdbc):
    assert [fields(row)["text"] for row in jdbc["prepared"]] == ["row 7", "row 99999"]
    assert [fields(row)["id"] for row in jdbc["prepared by text"]] == ["1"]
    assert jdbc["prepared any"] == ["v=of any type"]


def test_jdbc_sees_errors_and_cancels(jdbc):
    assert "InvalidArgument: syntax error" in jdbc["error syntax"][0]
    assert jdbc["error update"][0].startswith("failed")
    assert "Timeout: as was asked for, later" in jdbc["error late"][0]
    assert "cancelled" in jdbc


def test_pyarrow_joins_hot_rows_to_a_snapshot(server):
    client = flight.connect(server.uri)
    tables = {info.descriptor.path[0].decode(): json.loads(info.app_metadata) for info in client.list_flights()}
    assert tables["lake.numbers"]["hot_rows"] == 1000
    info = client.get_flight_info(flight.FlightDescriptor.for_path("lake.numbers"))
    hot = client.do_get(info.endpoints[0].ticket).read_all()
    assert hot["n"].to_pylist() == list(range(99_000, 100_000))
    says = metadata(hot.schema)
    assert says["k2i.snapshot-id"] == 1000
    assert says["k2i.from"] == says["k2i.committed"] == {"numbers": {"0": 49_500, "1": 49_500}}
    assert says["k2i.offsets"] == {"numbers": {"0": 50_000, "1": 50_000}}


def test_pyarrow_follows_a_table(server):
    ticket = {"table": "lake.numbers", "from": {"numbers": {"0": 50_000, "1": 50_000}}, "follow": True}
    reader = flight.connect(server.uri).do_get(flight.Ticket(json.dumps(ticket)))
    assert metadata(reader.schema)["k2i.snapshot-id"] == 1000
    for n in range(3):
        server.append_number()
        assert reader.read_chunk().data["n"].to_pylist() == [n]
    reader.cancel()


def test_pyarrow_sees_errors_by_kind(server):
    client = flight.connect(server.uri)
    with pytest.raises(pa.ArrowInvalid, match="memory no longer has"):
        client.do_get(flight.Ticket(b'{"table": "lake.numbers", "from": {"numbers": {"0": 1}}}')).read_all()
    with pytest.raises(pa.ArrowKeyError, match="there is no table"):
        client.do_get(flight.Ticket(b'{"table": "nowhere"}')).read_all()
    with pytest.raises(NotImplementedError, match="transactions"):
        list(client.do_action(("BeginTransaction", b"")))
