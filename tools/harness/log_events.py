# SPDX-License-Identifier: Apache-2.0
"""When a K2I process did what, from its JSON log."""

import datetime
import json
from pathlib import Path


def events(log_path: Path) -> list[tuple[float, dict]]:
    """(wall clock, line); what a kill cut in the middle is left out."""
    found = []
    for text in log_path.read_text(errors="replace").splitlines():
        try:
            line = json.loads(text)
            found.append((datetime.datetime.fromisoformat(line["time"]).timestamp(), line))
        except (ValueError, KeyError, TypeError):
            continue
    return found


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
