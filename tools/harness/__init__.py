# SPDX-License-Identifier: Apache-2.0
"""K2I as a process under test, and the world around it: topics to fill, warehouses, other people's readers."""
