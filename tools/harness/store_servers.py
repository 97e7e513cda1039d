# SPDX-License-Identifier: Apache-2.0
"""Where the C++ tests and benchmarks of stores find the servers, as environment variables."""

from services import S3, Azure, Gcs, azurite, seaweedfs


def store_environment(s3: S3, gcs: Gcs, azure: Azure) -> dict[str, str]:
    secure = {"K2I_TEST_S3_TLS_ENDPOINT": s3.tls_endpoint, "K2I_TEST_S3_CA": str(s3.ca)} if s3.tls else {}
    return secure | {
        "K2I_TEST_S3_ENDPOINT": s3.endpoint,
        "K2I_TEST_S3_BUCKET": s3.bucket,
        "K2I_TEST_S3_KEY": seaweedfs.ACCESS_KEY,
        "K2I_TEST_S3_SECRET": seaweedfs.SECRET_KEY,
        "K2I_TEST_GCS_ENDPOINT": gcs.endpoint,
        "K2I_TEST_GCS_BUCKET": gcs.bucket,
        "K2I_TEST_AZURE_ENDPOINT": azure.endpoint,
        "K2I_TEST_AZURE_CONTAINER": azure.container,
        "K2I_TEST_AZURE_ACCOUNT": azurite.ACCOUNT,
        "K2I_TEST_AZURE_KEY": azurite.ACCOUNT_KEY,
    }
