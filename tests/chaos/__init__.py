# SPDX-License-Identifier: Apache-2.0
"""Chaos on real servers: processes die, servers go, connections lie, disks fail; every record is in the table once."""
