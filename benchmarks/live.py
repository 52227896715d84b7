# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The demo as a benchmark: rate, latency and losses of the live path against their limits.

Player, segment_node and recorder are processes of their own on this machine and talk over DDS;
the recording has 640 x 480 pixels and is played at its recorded rate. `make demo` once before,
then `python -m benchmarks.live` in the same environment.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
import subprocess
import sys
import tempfile
from typing import Any

from .results import write_result

LIMITS = (
    # name, path in the report, limit, whether more is better
    ('windows per second', ('windows', 'per_second'), 5.0, True),
    ('pipeline latency p95, ms', ('pipeline_latency_ms', 'p95'), 300.0, False),
    ('packets lost', ('packets', 'lost'), 0.0, False),
    ('share of the processing outside of the network', ('outside_network',), 0.2, False),
)


def _value(report: dict[str, Any], path: tuple[str, ...]) -> float:
    value: Any = report
    for key in path:
        value = value[key]
    return float(value)


def measure(seed: int, film: bool) -> dict[str, Any]:
    """Run the demo on a simulated recording, filmed or not, and return its report."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, '-m', 'eventsam_ros', 'demo', '--seed', str(seed),
             '--output', folder, *([] if film else ['--no-film'])],
            check=True, stdout=subprocess.DEVNULL)
        report: dict[str, Any] = json.loads((Path(folder) / 'report.json').read_text())
    return report


def main() -> int:
    """Print each figure beside its limit; exit code 1 where one is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seeds', type=int, nargs='+', default=[1, 2, 3],
                        help='seeds of the simulated recordings')
    parser.add_argument('--film', action='store_true',
                        help='draw and film the overlay too, on the same cores')
    parser.add_argument('--output', type=Path, help='JSON file to write')
    arguments = parser.parse_args()
    reports = {seed: measure(seed, arguments.film) for seed in arguments.seeds}
    met = True
    for name, path, limit, more in LIMITS:
        values = [_value(report, path) for report in reports.values()]
        good = all(v >= limit if more else v <= limit for v in values)
        met &= good
        shown = ', '.join(f'{v:.3g}' for v in values)
        print(f'{name:48s} {shown}  ({"at least" if more else "at most"} {limit:g}: '
              f'{"met" if good else "missed"})')
    if arguments.output:
        write_result(arguments.output, 'live segmentation at 640 x 480',
                     'python -m benchmarks.live ' + ' '.join(sys.argv[1:]), {'reports': reports})
    return 0 if met else 1


if __name__ == '__main__':
    sys.exit(main())
