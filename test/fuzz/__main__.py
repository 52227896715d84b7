# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Feeds everything that reads bytes from outside with noise and with damaged packets and files.

    python test/fuzz [--seconds S | --rounds N] [--seed N] [--target NAME]

A failure prints its target and seed, and `--target NAME --seed N --rounds 1` shows it again.
With NUMBA_BOUNDSCHECK=1 an access beyond an array is a failure too.
"""

from __future__ import annotations

import argparse
from collections import Counter
import json
import os
import sys
import time
import traceback

import corpus
import numba
from numba import config
import numpy as np
from targets import TARGETS, quiet

from eventsam_ros.events import ENCODINGS


@numba.njit
def _beyond(array: np.ndarray, index: int) -> int:
    return array[index]


def bounds_are_checked() -> bool:
    """Say whether an access beyond an array is seen."""
    if config.DISABLE_JIT:
        return True
    if not config.BOUNDSCHECK:
        return False
    try:
        _beyond(np.zeros(1, np.int64), 1)
    except IndexError:
        return True
    return False


def main() -> int:
    """Feed, and print what was fed as JSON; return 1 after the first failure."""
    parser = argparse.ArgumentParser(prog='fuzz')
    parser.add_argument('--seconds', type=float, default=60.0)
    parser.add_argument('--rounds', type=int, help='of each target, instead of a time')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--target', choices=TARGETS, action='append')
    options = parser.parse_args()
    quiet()
    if 'NUMBA_BOUNDSCHECK' in os.environ and not bounds_are_checked():
        print('fuzz: the bounds of arrays are not checked', file=sys.stderr)
        return 1
    for encoding in ENCODINGS:
        corpus.check(encoding)
    chosen = options.target or list(TARGETS)
    fed: Counter[str] = Counter()
    end = time.monotonic() + options.seconds
    seed = options.seed
    while seed - options.seed < options.rounds if options.rounds else time.monotonic() < end:
        for name in chosen:
            try:
                fed[name] += TARGETS[name](seed)
            except Exception:  # noqa: PERF203
                traceback.print_exc()
                print(f'fuzz: {name} fails; again with --target "{name}" --seed {seed} '
                      f'--rounds 1', file=sys.stderr)
                return 1
        seed += 1
    print(json.dumps(fed))
    return 0


sys.exit(main())
