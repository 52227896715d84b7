# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Tables of the documentation, made from the files in benchmarks/results.

`python -m benchmarks.tables` rewrites what stands between two comments such as
`<!-- begin generated: speed -->` and `<!-- end generated: speed -->`; `--check` changes nothing
and fails where a table is not that of the results.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
import json
from pathlib import Path
import sys
from typing import Any, NamedTuple

import jsonschema

from eventsam_ros.benchmark.report import BUSY, schema
from eventsam_ros.errors import EventsamError

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / 'benchmarks' / 'results'
MACHINES = RESULTS / 'machines'
BUSY_MARK = ' \\*'

Lines = Iterator[str]


def machines(folder: Path = MACHINES) -> dict[str, dict[str, Any]]:
    """Return the content of every machine's file by its name, checked.

    Raises:
        EventsamError: A file is not what the schema promises, or only a quick look.
    """
    found = {}
    for path in sorted(folder.glob('*.json')):
        content = json.loads(path.read_text('utf-8'))
        try:
            jsonschema.validate(content, schema())
        except jsonschema.ValidationError as error:
            raise EventsamError(f'{path.name} is no output of benchmark: {error.message}'
                                ) from error
        if content['quick']:
            raise EventsamError(f'{path.name} was measured with --quick; measure it in full')
        found[path.stem] = content
    return found


def speed(files: dict[str, dict[str, Any]]) -> Lines:
    """Yield a row for each back end of each machine."""
    yield ('| machine | back end | encoder | decoder, 1 / 8 / 16 / 32 prompts | automatic masks |'
           ' packets to masks | outside the network | EVT3 to arrays, to tensors | idle node |')
    yield '|---|---|---|---|---|---|---|---|---|'
    busy = False
    for content in files.values():
        m = content['machine']
        name = ', '.join([m['board'] or f'{m["processor"]}, {m["cores"]} cores', *m['gpus']])
        if m['power_mode']:
            name += f' ({m["power_mode"]})'
        if m['load'] > BUSY * m['cores']:
            busy, name = True, name + BUSY_MARK
        rates = ', '.join(
            f'{max(row["mevents_s"] for row in content[key] if row["encoding"] == "evt3"):.0f}'
            for key in ('decode', 'decode_and_tensor')) + ' M events/s'
        idle = content['idle']
        still = f'{idle["cpu_percent"]:.1f} %' if idle['measured'] else 'no ROS'
        for engine in content['engines'].values():
            if engine['available']:
                yield _engine_row(name, engine, rates, still)
    yield ''
    yield ('Median (95th percentile) in ms, 640 × 480, one simulated scene, one step after the '
           'other; "packets to masks" is a window of EVT3 packets to automatic masks.')
    if busy:
        yield f'{BUSY_MARK.strip()} Something else was running on this machine.'


def _engine_row(name: str, engine: dict[str, Any], rates: str, still: str) -> str:
    scene = {key: next(row for row in engine[key] if row['stream'] == 'scene')
             for key in ('automatic', 'pipeline')}
    decoder = ' / '.join(f'{times["p50"]:.1f}' for times in engine['decoder_ms'].values())
    cells = [
        name, engine['description'], _times(engine['encoder_ms']), decoder,
        _times(scene['automatic']['ms']),
        f'{_times(scene["pipeline"]["ms"])}, {scene["pipeline"]["windows_s"]:.0f} windows/s',
        f'{scene["pipeline"]["outside_network"]:.0%}', rates, still]
    return '| ' + ' | '.join(cells) + ' |'


def _times(times: dict[str, float]) -> str:
    return f'{times["p50"]:.1f} ({times["p95"]:.1f})'


def encoders(content: dict[str, Any]) -> Lines:
    """Yield a row for each encoder, the default first."""
    reached = (content['accuracy'] or {'rows': {}})['rows']
    yield ('| encoder | of | parameters | encoder | with decoder | times the default '
           '| mIoU of a click, of a box |')
    yield '|---|---|---|---|---|---|---|'
    for name, row in content['encoders'].items():
        ratio = row['to_ours']
        tasks = ', '.join(f'{v["miou"]:.3f} ± {v["spread"]:.3f}'
                          for task, v in reached.get(name, {}).items() if task != 'automatic')
        yield (f'| `{name}` | {row["whose"]} | {row["mparameters"]:.1f} M '
               f'| {row["encoder_ms"]["p50"]:.0f} ms | {row["both_ms"]["p50"]:.0f} ms '
               f'| {ratio["p50"]:.2f} ({ratio["p10"]:.2f} to {ratio["p90"]:.2f}) '
               f'| {tasks or "not trained"} |')
    yield ''
    yield (f'512 × 512, one click, {content["engine"]}, {content["threads"]} thread'
           f'{"s" * (content["threads"] != 1)}, {content["turns"]} turns over all of them; '
           'medians, and in parentheses the 10th and 90th percentile of the turns. '
           f'{content["machine"]["processor"]}, {content["machine"]["cores"]} cores.')
    if content['accuracy']:
        b = content['accuracy']['budget']
        yield (f'Accuracy: mIoU of {content["accuracy"]["windows"]} held-out windows after a '
               f'budget of {b["steps"]} steps of {b["batch"]} pictures at {b["width"]} × '
               f'{b["height"]}, seed {b["seed"]}, from nothing, the same pictures for all; ± is '
               'the deviation of five groups of windows. So small a budget ranks, and no more: '
               'the expected IoU, by which automatic masks are chosen, takes longer to learn.')


def tuning(content: dict[str, Any]) -> Lines:
    """Yield a row for each setting."""
    yield '| setting | value | time of a window | automatic masks | click | masks in a window |'
    yield '|---|---|---|---|---|---|'
    for rows in (content['settings'], content['lengths']):
        for row in rows:
            scores = [f'{row[task]["miou"]:.3f} ± {row[task]["spread"]:.3f}'
                      for task in ('automatic', 'click')]
            knob = row['knob'] if ' ' in row['knob'] else f'`{row["knob"]}`'
            yield (f'| {knob if row["value"] else row["knob"]} | {row["value"]} '
                   f'| {row["time_to_default"]:.2f} | {scores[0]} | {scores[1]} '
                   f'| {row["masks"]:.1f} |')
    yield ''
    yield (f'mIoU of {content["windows"]} held-out simulated windows; time as a multiple of the '
           'first row of its kind, with one thread where nothing else is said; lengths of windows '
           'on scenes of their own. '
           f'{content["machine"]["processor"]}, {content["machine"]["cores"]} cores.')


def systems(content: dict[str, Any]) -> Lines:
    """Yield a row for each bundle."""
    yield '| task | bundle | size | input | a window or picture | a second |'
    yield '|---|---|---|---|---|---|'
    for row in content['systems']:
        yield (f'| `{row["task"]}` | {row["name"]} | {row["mbytes"]:g} MB | {row["input"]} '
               f'| {row["p50_ms"]:g} ms (p95 {row["p95_ms"]:g}) | {row["hz"]:g} |')
    yield ''
    yield ('`python -m benchmarks.systems default BUNDLE ...`: events and pictures of 640 × 480, '
           f'panoramas of 1024 × 512, two sentences at once; {content["threads"]} threads, '
           f'{content["machine"]["processor"]}, {content["machine"]["cores"]} cores. All but the '
           'first are networks of the studies, whose inputs are small.')


def _result(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((RESULTS / name).read_text('utf-8'))
    return content


class Block(NamedTuple):
    """A generated part of a file.

    Attributes:
        file: Below the repository's root.
        name: In its two comments.
        lines: What stands between them.
    """

    file: str
    name: str
    lines: Callable[[], Lines]


BLOCKS = (
    Block('README.md', 'speed', lambda: speed(machines())),
    Block('README.md', 'encoders', lambda: encoders(_result('encoders.json'))),
    Block('README.md', 'systems', lambda: systems(_result('systems.json'))),
    Block('docs/deployment.md', 'tuning', lambda: tuning(_result('tuning.json'))),
)


def replaced(text: str, name: str, lines: Lines) -> str:
    """Return a text with new lines between the comments of a block.

    Raises:
        EventsamError: The comments are not there once each, in their order.
    """
    begin, end = f'<!-- begin generated: {name} -->', f'<!-- end generated: {name} -->'
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed or begin in after:
        raise EventsamError(f'{begin} and {end} must stand there once, in this order')
    return '\n'.join([before + begin, *lines, end + after])


def main() -> int:
    """Rewrite the tables, or check them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--check', action='store_true', help='change nothing, fail if one is old')
    arguments = parser.parse_args()
    old = []
    for block in BLOCKS:
        path = ROOT / block.file
        text = path.read_text('utf-8')
        wanted = replaced(text, block.name, block.lines())
        if text == wanted:
            continue
        old.append(f'{block.name} in {block.file}')
        if not arguments.check:
            path.write_text(wanted, 'utf-8')
    if old:
        print(f'{"old" if arguments.check else "rewritten"}: {", ".join(old)}')
    return 1 if old and arguments.check else 0


if __name__ == '__main__':
    sys.exit(main())
