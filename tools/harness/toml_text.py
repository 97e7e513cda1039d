# SPDX-License-Identifier: Apache-2.0
"""Writes TOML; Python only reads it."""

import json


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() else json.dumps(name)


def _is_table(value) -> bool:
    return isinstance(value, dict)


def _is_table_array(value) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_table, value))


def _lines(table: dict, path: tuple[str, ...]) -> list[str]:
    lines = [f"{_key(k)} = {json.dumps(v)}" for k, v in table.items() if not _is_table(v) and not _is_table_array(v)]
    for name, value in table.items():
        inner = (*path, _key(name))
        if _is_table(value):
            lines += ["", f"[{'.'.join(inner)}]", *_lines(value, inner)]
        elif _is_table_array(value):
            for element in value:
                lines += ["", f"[[{'.'.join(inner)}]]", *_lines(element, inner)]
    return lines


def to_toml(config: dict) -> str:
    return "\n".join(_lines(config, ())) + "\n"
