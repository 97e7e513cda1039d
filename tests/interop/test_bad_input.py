# SPDX-License-Identifier: Apache-2.0
"""What cannot work says so, names what to mend, and ends with the promised code."""

import pytest

from harness import topics
from harness.k2i_process import ingest_config
from harness.warehouses import RestWarehouse
from services import kafka as kafka_service
from services import seaweedfs
from services.places import free_port


CONFIGURATION, KAFKA, CATALOG, STORAGE = 1, 2, 3, 4


@pytest.fixture
def config(kafka4, sql_warehouse, topic) -> dict:
    return ingest_config(sql_warehouse, kafka4.bootstrap_servers, topic, topic)


def test_a_good_configuration_validates(k2i, config):
    done = k2i(config).run("validate")
    assert done.returncode == 0, done.stdout
    assert "✓" in done.stdout and "✗" not in done.stdout


@pytest.mark.parametrize("command", [("validate", "--offline"), ("validate",), ("ingest",)])
def test_a_misspelt_key_names_the_right_one(k2i, config, command):
    config["buffer"] = {"max_sise_mb": 1}
    done = k2i(config).run(*command)
    assert done.returncode == CONFIGURATION, done.stdout
    assert "k2i.toml" in done.stdout and "max_sise_mb" in done.stdout and "max_size_mb" in done.stdout


@pytest.mark.parametrize(
    "section, values, named",
    [
        ("buffer", {"max_size_mb": "many"}, "max_size_mb"),
        ("buffer", {"max_size_mb": -1}, "max_size_mb"),
        ("iceberg", {"catalog_type": "mysterious"}, "catalog_type"),
        ("iceberg", {"table": ""}, "table"),
        ("kafka", {"auto_offset_reset": "sometimes"}, "auto_offset_reset"),
    ],
)
def test_impossible_values_are_named(k2i, config, section, values, named):
    config[section] = config.get(section, {}) | values
    done = k2i(config).run("validate", "--offline")
    assert done.returncode == CONFIGURATION, done.stdout
    assert named in done.stdout


def test_no_such_file(k2i, config):
    process = k2i(config)
    process.prepare = lambda: process.folder.mkdir(parents=True)
    done = process.run("validate", "--offline")
    assert done.returncode == CONFIGURATION, done.stdout
    assert "k2i.toml" in done.stdout


def test_an_unreachable_broker(k2i, config):
    config["kafka"]["bootstrap_servers"] = f"127.0.0.1:{free_port()}"
    done = k2i(config).run("validate")
    assert done.returncode == KAFKA, done.stdout
    assert config["kafka"]["bootstrap_servers"] in done.stdout and "✗" in done.stdout


def test_a_missing_topic(k2i, config):
    config["kafka"]["topic"] = "no-such-topic"
    done = k2i(config).run("validate")
    assert done.returncode == KAFKA, done.stdout
    assert "no-such-topic" in done.stdout


def secured(config: dict, kafka, password: str) -> dict:
    config["kafka"] |= {
        "bootstrap_servers": kafka.sasl_ssl_bootstrap_servers,
        "security": {
            "protocol": "SASL_SSL",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_username": kafka_service.SCRAM_USER,
            "sasl_password": password,
            "ssl_ca_location": str(kafka.ca_path),
        },
    }
    return config


def test_right_credentials(k2i, config, kafka4):
    done = k2i(secured(config, kafka4, kafka_service.SCRAM_PASSWORD)).run("validate")
    assert done.returncode == 0, done.stdout


def test_wrong_credentials_are_told_and_kept_secret(k2i, config, kafka4):
    done = k2i(secured(config, kafka4, "not-the-password")).run("validate")
    assert done.returncode == KAFKA, done.stdout
    assert "uthentication" in done.stdout
    assert "not-the-password" not in done.stdout


def test_no_catalog_at_the_start(k2i, kafka4, rest, topic):
    config = ingest_config(RestWarehouse(rest), kafka4.bootstrap_servers, topic, topic)
    config["iceberg"]["rest_uri"] = f"http://127.0.0.1:{free_port()}"
    for command in ("validate", "ingest"):
        done = k2i(config).run(command, timeout_s=120)
        assert done.returncode == CATALOG, f"{command}: {done.stdout}"
        assert config["iceberg"]["rest_uri"] in done.stdout


def test_a_warehouse_that_cannot_be_written(k2i, config, tmp_path):
    """A file where a folder should be refuses root too, whom permissions do not stop."""
    (tmp_path / "file").write_text("")
    config["iceberg"] |= {"warehouse": str(tmp_path / "file" / "warehouse"), "sql": {"uri": f"sqlite:///{tmp_path}/catalog.db"}}
    done = k2i(config).run("validate")
    assert done.returncode == STORAGE, done.stdout


def test_a_bucket_that_may_only_be_read(k2i, kafka4, rest_s3, topic):
    config = ingest_config(RestWarehouse(rest_s3), kafka4.bootstrap_servers, topic, topic)
    reader = {"AWS_ACCESS_KEY_ID": seaweedfs.READ_ONLY_ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": seaweedfs.READ_ONLY_SECRET_KEY}
    done = k2i(config, reader).run("validate")
    assert done.returncode == STORAGE, done.stdout
    assert seaweedfs.READ_ONLY_SECRET_KEY not in done.stdout


def test_validate_leaves_nothing_behind(k2i, config, sql_warehouse, kafka4, topic):
    topics.produce(kafka4.bootstrap_servers, topic, [{"n": 1}])
    assert k2i(config).run("validate").returncode == 0
    files = [path for path in sql_warehouse.folder.rglob("*") if path.is_file() and not path.name.startswith("catalog.db")]
    assert files == []
    assert not sql_warehouse.pyiceberg().table_exists(("lake", topic))
