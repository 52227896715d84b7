# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""All measurements in turn, as the content of one file, and as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone
import json
from pathlib import Path
import resource
from typing import Any

from eventsam_ros.inference.bundle import Bundle
from eventsam_ros.inference.engines import ENGINES

from .decoding import measure_decode, measure_tensor
from .idle import measure_idle
from .machine import describe, versions
from .networks import PROMPTS, measure_engine
from .packets import ENCODERS
from .spread import FULL, QUICK
from .streams import HEIGHT, WIDTH, dense, scene

VERSION = 1
SCHEMA = Path(__file__).with_name('benchmark.schema.json')
SEED = 13
"""Of the scene: the one that `demo` shows."""
DENSE_ENCODING = 'evt3'
"""The encoding that packs neighbours; the dense stream is measured in it."""
AUTO = 'auto'
_IDLE_S = {False: 15.0, True: 2.0}
_WINDOWS = {False: 6, True: 2}
_STREAMS = 2


def schema() -> dict[str, Any]:
    """Return the JSON schema of the file."""
    content: dict[str, Any] = json.loads(SCHEMA.read_text('utf-8'))
    return content


def measure(
    bundle: Bundle, engines: Sequence[str], threads: int | None, quick: bool, command: str,
    progress: Callable[[float], None],
) -> dict[str, Any]:
    """Measure everything and return what the schema describes.

    Args:
        bundle: What the back ends run.
        engines: Back ends; empty for all that there are.
        threads: Threads of one operator; None leaves it to the back end.
        quick: A short look with wide spreads, to see whether all works.
        command: Command line, to record.
        progress: Called with the share done, 0 to 1.
    """
    names = list(engines) or [name for name in ENGINES if name != AUTO]
    effort = QUICK if quick else FULL
    steps = len(ENCODERS) + 3 + len(names) * (1 + len(PROMPTS) + 2 * _STREAMS) + 2
    done = 0

    def tell() -> None:
        nonlocal done
        done += 1
        progress(done / steps)

    def told(rows: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
        found = []
        for row in rows:
            found.append(row)
            tell()
        return found

    before = describe()
    shown = scene(SEED, _WINDOWS[quick], round(bundle.manifest.window_ms * 1e6))
    streams = [shown, dense(shown)]
    tell()
    result: dict[str, Any] = {
        'version': VERSION, 'time': datetime.now(timezone.utc).isoformat(timespec='seconds'),
        'command': command, 'quick': quick, 'seed': SEED, 'threads': threads, 'machine': before,
        'versions': versions(), 'bundle': _bundle(bundle),
        'sensor': {'width': WIDTH, 'height': HEIGHT,
                   'streams': [{'name': each.name, 'events': each.events,
                                'mevents_s': round(each.rate, 2)} for each in streams]},
        'decode': told(
            measure_decode(encoding, stream, effort) for encoding, stream in
            [*((e, shown) for e in ENCODERS), (DENSE_ENCODING, streams[1])]),
        'decode_and_tensor': told(
            measure_tensor(DENSE_ENCODING, stream, bundle, effort) for stream in streams),
        'engines': {}}
    for name in names:
        result['engines'][name] = measure_engine(bundle, name, threads, streams, effort, tell)
    result['idle'] = measure_idle(bundle.path, _IDLE_S[quick])
    result['peak_memory_mib'] = round(
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
    progress(1.0)
    return result


def _bundle(bundle: Bundle) -> dict[str, Any]:
    m = bundle.manifest
    return {'name': m.name, 'width': m.width, 'height': m.height,
            'encoder_sha256': m.files['encoder'].sha256,
            'decoder_sha256': m.files['decoder'].sha256}


def table(result: dict[str, Any]) -> Iterator[str]:
    """Yield the lines that are printed."""
    m = result['machine']
    yield f'{m["board"] or m["processor"]}, {m["cores"]} cores' + ''.join(
        f', {gpu}' for gpu in m['gpus'])
    yield (f'bundle {result["bundle"]["name"]}, {result["bundle"]["width"]} x '
           f'{result["bundle"]["height"]}; times are median and 95th percentile in ms')
    for key, title in (('decode', 'decode'), ('decode_and_tensor', 'decode + tensor')):
        for row in result[key]:
            what = f'{title}, {row["encoding"]}, {row["stream"]}'
            yield _line(what, f'{row["mevents_s"]:.1f} M events/s')
    for name, engine in result['engines'].items():
        if not engine['available']:
            yield _line(name, engine['reason'])
            continue
        yield _line(name, engine['description'])
        yield _line('  encoder', _times(engine['encoder_ms']))
        for count, times in engine['decoder_ms'].items():
            yield _line(f'  decoder, {count} prompts', _times(times))
        for row in engine['automatic']:
            yield _line(f'  automatic masks, {row["stream"]}', _times(row['ms']))
        for row in engine['pipeline']:
            yield _line(
                f'  packets to masks, {row["stream"]}', f'{_times(row["ms"])}, '
                f'{row["outside_network"]:.0%} of it outside of the network')
    idle = result['idle']
    yield _line('idle node', f'{idle["cpu_percent"]:.1f} % of a core, {idle["memory_mib"]:.0f} MiB'
                if idle['measured'] else idle['reason'])
    if m['load'] > BUSY * m['cores']:
        yield f'This machine was busy (load {m["load"]}): measure again when it is not.'


BUSY = 0.2
"""Load of a core from which figures are not to be trusted."""


def _line(what: str, value: str) -> str:
    return f'{what:34s} {value}'


def _times(figures: dict[str, float]) -> str:
    return f'{figures["p50"]:8.2f} {figures["p95"]:8.2f}'
