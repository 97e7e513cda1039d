# SPDX-License-Identifier: Apache-2.0
"""The reference REST catalog with its tables in Google Cloud Storage or Azure Storage."""

from pyiceberg.catalog import Catalog
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.typedef import EMPTY_DICT, Properties

from harness.k2i_process import merged
from harness.warehouses import CATALOG, AzureWarehouse, GcsWarehouse
from services import IcebergRest


class FileIoOfAccounts(PyArrowFileIO):
    """For locations that name their account (abfss://container@account.…/path), of which PyIceberg makes a container of
    that name. The account is the configured one."""

    @staticmethod
    def parse_location(location: str, properties: Properties = EMPTY_DICT) -> tuple[str, str, str]:
        scheme, authority, path = PyArrowFileIO.parse_location(location, properties)
        container, at, _ = authority.partition("@")
        return (scheme, container, container + path.removeprefix(authority)) if at else (scheme, authority, path)


class RestCloudWarehouse:
    """`cloud` says how its store is reached; its own catalog is left alone."""

    def __init__(self, rest: IcebergRest, cloud: GcsWarehouse | AzureWarehouse):
        self.rest, self.cloud = rest, cloud

    def k2i_config(self) -> dict:
        iceberg = {"catalog_type": "rest", "rest_uri": self.rest.uri, "warehouse": self.rest.warehouse}
        return {"iceberg": iceberg, "storage": self.cloud.k2i_config()["storage"]}

    def environment(self) -> dict[str, str]:
        return {}

    def pyiceberg(self) -> Catalog:
        io = self.cloud.pyiceberg_io() | {"py-io-impl": f"{__name__}.{FileIoOfAccounts.__name__}"}
        return RestCatalog(CATALOG, uri=self.rest.uri, warehouse=self.rest.warehouse, **io)

    def fetch(self, location: str) -> bytes:
        return self.cloud.fetch(location)


class VendedCloudWarehouse(RestCloudWarehouse):
    """K2I knows a catalog at `uri`, and of the store not even where it is."""

    def __init__(self, rest: IcebergRest, cloud: GcsWarehouse | AzureWarehouse, uri: str):
        super().__init__(rest, cloud)
        self.uri = uri

    def k2i_config(self) -> dict:
        known = super().k2i_config()
        storage = {name: value for name, value in known["storage"].items() if name in ("type", "bucket")}
        return {"iceberg": merged(known["iceberg"], {"rest_uri": self.uri}), "storage": storage}
