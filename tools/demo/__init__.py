# SPDX-License-Identifier: Apache-2.0
"""./dev demo: a million records from Kafka into Iceberg, counted by K2I and by readers that are not ours."""
