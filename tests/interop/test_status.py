# SPDX-License-Identifier: Apache-2.0
"""`k2i status` and `k2i completions`, as a person at a terminal uses them."""

import json
import subprocess

from harness import topics
from harness.k2i_process import BINARY, ingest_config, total_records
from services.places import free_port


def status(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([str(BINARY), "status", *arguments], capture_output=True, text=True, timeout=30)


def test_status_of_a_running_stream(k2i, kafka4, sql_warehouse, topic):
    topics.produce(kafka4.bootstrap_servers, topic, [{"n": n} for n in range(20)], partitions=2)
    process = k2i(ingest_config(sql_warehouse, kafka4.bootstrap_servers, topic, topic)).start()
    process.wait_until(lambda: total_records(sql_warehouse, "lake", topic) == 20, "20 rows")
    process.wait_until(lambda: process.health()["status"] == "healthy", "health")
    url = f"http://127.0.0.1:{process.health_port}"
    process.wait_until(lambda: process.status()["totals"]["committed_rows"] == 20, "the commit in the status")
    for_people = status("--url", url)
    assert for_people.returncode == 0, for_people.stderr
    assert "healthy" in for_people.stdout and topic in for_people.stdout and "committed 20 rows" in for_people.stdout
    for_programs = status("--url", url, "--json")
    assert json.loads(for_programs.stdout)["status"]["totals"]["committed_rows"] == 20
    assert process.terminate() == 0


def test_nobody_there():
    nobody = status("--url", f"http://127.0.0.1:{free_port()}")
    assert nobody.returncode == 6
    assert "127.0.0.1" in nobody.stderr


def test_bash_takes_its_completions():
    script = subprocess.run([str(BINARY), "completions", "bash"], capture_output=True, text=True, check=True).stdout
    asked = script + '\nCOMP_WORDS=(k2i va) COMP_CWORD=1; _k2i; echo "${COMPREPLY[@]}"'
    assert subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True).stdout.strip() == "validate"
