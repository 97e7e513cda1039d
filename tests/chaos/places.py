# SPDX-License-Identifier: Apache-2.0
"""Where the tables of a run lie: a catalog and a store, with a proxy before each of them."""

import random
from collections.abc import Callable
from pathlib import Path

from chaos.proxy import Proxy
from harness.k2i_process import merged
from harness.warehouses import GlueWarehouse, HiveWarehouse, RestWarehouse, SqlWarehouse, Warehouse
from services import S3, HiveMetastore, IcebergRest, Moto, Postgres
from services.places import LOOPBACK
from services.server import Server


class Proxied:
    """K2I reaches catalog and store through proxies; whoever checks goes straight to them."""

    def __init__(self, direct: Warehouse, through: dict):
        self.direct, self.through = direct, through

    def k2i_config(self) -> dict:
        return merged(self.direct.k2i_config(), self.through)

    def __getattr__(self, name: str):
        return getattr(self.direct, name)


class LocalPlace:
    """SQLite and files, of each round its own."""

    label = "SQLite"
    servers: list[Server] = []
    proxies: list[Proxy] = []

    def warehouse(self, folder: Path) -> Warehouse:
        return SqlWarehouse(folder)


class ServedPlace:
    """`catalog` stands on the servers `below`. `reach` says how K2I is to find it at an address of another's."""

    def __init__(
        self, label: str, catalog: Server, store: S3, warehouse: Callable[[], Warehouse], reach: Callable[[str], dict], dice: random.Random, below: list[Server] | None = None
    ):
        self.label, self.catalog, self.store = label, catalog, store
        self.servers = [store, *(below or []), catalog]
        self.catalog_proxy = Proxy(lambda: catalog.port, dice.random())
        self.store_proxy = Proxy(lambda: store.ports["s3"], dice.random())
        self.proxies = [self.catalog_proxy, self.store_proxy]
        self._warehouse, self.reach = warehouse, reach

    def warehouse(self, folder: Path) -> Warehouse:
        store = {"storage": {"endpoint": f"http://{LOOPBACK}:{self.store_proxy.port}"}}
        return Proxied(self._warehouse(), merged({"iceberg": self.reach(f"{LOOPBACK}:{self.catalog_proxy.port}")}, store))


def rest_place(folder: Path, s3: S3, dice: random.Random) -> ServedPlace:
    rest = IcebergRest(folder / "rest", s3=s3)
    return ServedPlace("REST + S3", rest, s3, lambda: RestWarehouse(rest), lambda address: {"rest_uri": f"http://{address}"}, dice)


# Those who die leave locks behind, which the metastore drops after so long: it alone, and only with this switched on.
SOON_WITHOUT_LOCKS_OF_THE_DEAD = {
    "metastore.txn.timeout": "5s",
    "metastore.housekeeping.threads.on": "true",
    "metastore.task.threads.remote": "org.apache.hadoop.hive.metastore.txn.service.AcidHouseKeeperService",
    "metastore.acid.housekeeper.interval": "1s",
}


def hive_place(folder: Path, s3: S3, dice: random.Random) -> ServedPlace:
    """Commits go under the metastore's locks."""
    postgres = Postgres(folder / "postgres")
    hive = HiveMetastore(folder / "hive", postgres=postgres, s3=s3, properties=SOON_WITHOUT_LOCKS_OF_THE_DEAD)
    return ServedPlace("Hive + S3", hive, s3, lambda: HiveWarehouse(hive), lambda address: {"hive_metastore_uri": f"thrift://{address}"}, dice, [postgres])


def unlocked_hive_place(folder: Path, s3: S3, dice: random.Random) -> ServedPlace:
    """Commits go by the metastore's check of expected parameters."""
    place = hive_place(folder / "unlocked", s3, dice)
    reach = place.reach
    place.label = "Hive without locks + S3"
    place.reach = lambda address: reach(address) | {"hive": {"lock_enabled": False}}
    return place


def glue_place(folder: Path, s3: S3, dice: random.Random) -> ServedPlace:
    glue = Moto(folder / "glue")
    return ServedPlace("Glue + S3", glue, s3, lambda: GlueWarehouse(glue, s3), lambda address: {"glue": {"endpoint": f"http://{address}"}}, dice)


# By the names that --warehouse takes.
SERVED = {"rest+s3": rest_place, "hive+s3": hive_place, "hive-unlocked+s3": unlocked_hive_place, "glue+s3": glue_place}
NAMES = ("sql", *SERVED)
Place = LocalPlace | ServedPlace
