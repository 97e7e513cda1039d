# SPDX-License-Identifier: Apache-2.0
"""./dev chaos [--warehouse PLACE] [--kills N] [--minutes M] [--seed S] [--only TEXT] [--short] [--keep]

Runs every scenario, proves the table after each, and prints what it took. Ends with 1 when anything was lost or doubled.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

from chaos import places, scenarios
from chaos.figures import Figures, spread
from chaos.scenarios import Scenario
from chaos.world import World


def shares(kills: int, chosen: list[Scenario]) -> list[int]:
    """Kills for each scenario, by its share; they add up."""
    whole = sum(each.share for each in chosen)
    counts = [int(kills * each.share / whole) for each in chosen]
    for index in range(kills - sum(counts)):
        counts[index % len(counts)] += 1
    return counts


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev chaos", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--warehouse", choices=places.NAMES, help="every scenario with its tables there; unless given, each where it is at home")
    parser.add_argument("--kills", type=int, default=100, help="kill -9, over all scenarios")
    parser.add_argument("--minutes", type=float, help="no further scenario begins after that")
    parser.add_argument("--seed", type=int, default=None, help="of the dice; the machine's timing is not seeded")
    parser.add_argument("--only", default="", help="scenarios whose name contains this")
    parser.add_argument("--short", action="store_true", help="15 kills in three scenarios, a minute or two")
    parser.add_argument("--keep", action="store_true", help="keep the folder with all logs and tables, as after a failure")
    return parser.parse_args()


def run(given: argparse.Namespace, folder: Path, seed: int) -> tuple[Figures, int]:
    chosen = [each for each in (scenarios.at(given.warehouse) if given.warehouse else scenarios.ALL) if given.only in each.name]
    kills = given.kills
    if given.short:
        chosen, kills = [each for each in chosen if each.is_short], 15
    total, failures, began = Figures(), 0, time.monotonic()
    with World(folder, random.Random(seed)) as world:
        for scenario, count in zip(chosen, shares(kills, chosen)):
            name = f"{scenario.name}, {world.place(scenario.place).label}"
            if given.minutes and time.monotonic() - began > given.minutes * 60:
                print(f"{name:48} left out: the time is up", flush=True)
                continue
            started = time.monotonic()
            try:
                figures = scenario.run(world, count, scenario.place)
            except Exception:
                failures += 1
                print(f"{name:48} FAILED\n{traceback.format_exc()}", flush=True)
                world.calm()
                continue
            if not name.startswith("kills"):
                figures.after_kill, figures.after_start = [], []  # they would tell how long the outages were
            total.add(figures)
            failures += bool(figures.lost or figures.doubled)
            print(
                f"{name:48} {figures.kills:3} kills {figures.records:7,} records  lost {figures.lost}  doubled {figures.doubled}"
                f"  conflicts {figures.conflicts}  {time.monotonic() - started:.0f} s",
                flush=True,
            )
        lost_replies = sum(proxy.lost_replies for proxy in world.proxies)
        cut = sum(proxy.cut_connections for proxy in world.proxies)
    print(f"replies lost {lost_replies}, connections cut {cut}, {time.monotonic() - began:.0f} s in all")
    return total, failures


def main() -> int:
    given = arguments()
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(1 << 32)
    folder = Path(tempfile.mkdtemp(prefix="k2i-chaos-"))
    print(f"seed {seed}, folder {folder}", flush=True)
    total, failures = run(given, folder, seed)
    if failures:
        print(f"all logs and tables: {folder}")
    elif not given.keep:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"records      {total.records:,}")
    print(f"kills        {total.kills}")
    print(f"lost         {total.lost}")
    print(f"doubled      {total.doubled}")
    print(f"conflicts    {total.conflicts} (members that were killed not counted), commits tried again {total.retries}")
    print("Where only processes died (session timeout 3 s, flush interval 1 s):")
    print(f"kill -9 to the next committed row of the victim's partitions    {spread(total.after_kill)}")
    print(f"process start to its first committed row                       {spread(total.after_start)}")
    print("FAILED" if failures else "every record is there once")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
