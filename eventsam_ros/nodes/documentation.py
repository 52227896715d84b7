# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Writes docs/interface.md and config/segment.yaml from the code that they describe.

`python -m eventsam_ros.nodes.documentation` in the repository; a test compares both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
import sys
import textwrap

from eventsam_ros.inference.manifest import TASKS

from . import replay_parameters, topics
from .keys import explained_keys
from .parameter import ANY_TIME, UNCONFIGURED, Parameter
from .parameters import PARAMETERS
from .tasks import DROPS

INTERFACE, CONFIG = Path('docs/interface.md'), Path('config')
FILES: dict[str, tuple[str, ...]] = {
    'segment.yaml': topics.EVENT_TASKS, 'rgbt.yaml': ('rgbt_semantic',),
    'referring.yaml': ('referring',), 'panoramic.yaml': ('panoramic',)}
"""Parameter files in CONFIG, and the tasks of the bundles that they are for."""
BY_LAUNCH = {'autostart', 'bundle', 'engine'}
"""Arguments of the launch file, which would hide what the parameter file says."""
_HEAD = """\
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
# Parameters of segment_node with their defaults, for bundles of task {tasks}.
# Unless it says otherwise, a parameter may change while the node is unconfigured; `ros2 param
# describe` shows the ranges. Written by `python -m eventsam_ros.nodes.documentation`.
/**:
  ros__parameters:
"""


def interface(text: str) -> str:
    """Return docs/interface.md with the tables that the code makes in the places of its own.

    Args:
        text: The file as it is; a table is between `<!-- begin NAME -->` and `<!-- end NAME -->`.

    Raises:
        ValueError: The place of a table is not marked exactly once.
    """
    tables = {
        'topics': _topics(), 'parameters': _parameters(PARAMETERS),
        'replay parameters': _parameters(replay_parameters.PARAMETERS, tasks=False),
        'services': _table(('name', 'type and effect'), (
            (f'`{name}`', note) for name, note in topics.SERVICES.items())),
        'keys': _table(('key', 'meaning'), (
            (f'`{key}`', meaning) for key, meaning in explained_keys(DROPS).items())),
    }
    for name, table in tables.items():
        begin, end = f'<!-- begin {name} -->\n', f'\n<!-- end {name} -->'
        pieces = text.split(begin)
        if len(pieces) != 2 or pieces[1].count(end) != 1:
            raise ValueError(f'{INTERFACE} must have one place for the table {name}')
        text = f'{pieces[0]}{begin}{table}{end}{pieces[1].split(end)[1]}'
    return text


def config(name: str) -> str:
    """Return a parameter file: what has a meaning with the bundles that it is for.

    Args:
        name: One of FILES.
    """
    tasks = FILES[name]
    told = [p for p in PARAMETERS if set(tasks) & set(p.tasks)]
    lines: list[str] = []
    group = ''
    plain = [p for p in told if '.' not in p.name and p.name not in BY_LAUNCH]
    grouped = [p for p in told if '.' in p.name]
    for parameter in (*plain, *grouped):
        head, _, tail = parameter.name.rpartition('.')
        if head != group:
            lines += ['', f'    {head}:']
            group = head
        indent = '      ' if head else '    '
        lines += textwrap.wrap(
            _comment(parameter), 92, initial_indent=f'{indent}# ',
            subsequent_indent=f'{indent}# ')
        lines.append(f'{indent}{tail}: {_yaml(parameter.default)}')
    return _HEAD.format(tasks=' and '.join(tasks)) + '\n'.join(lines) + '\n'


def _topics() -> str:
    rows = [('in', topic) for topic in topics.INPUTS] + [('out', t) for t in topics.OUTPUTS]
    return _table(('', 'name', 'type', 'quality of service', 'bundles', 'notes'), (
        (way, f'`{topic.name}`', topic.type, _qos(topic), _tasks(topic.tasks), topic.note)
        for way, topic in rows))


def _tasks(tasks: tuple[str, ...]) -> str:
    return 'all' if tasks == TASKS else ', '.join(tasks)


def _qos(topic: topics.Topic) -> str:
    profile = topic.qos()
    durability = '' if profile.durability.name == 'VOLATILE' else ', transient local'
    reliability = profile.reliability.name.lower().replace('_', ' ')
    return f'{reliability}, keep last {profile.depth}{durability}'


def _parameters(parameters: Iterable[Parameter], tasks: bool = True) -> str:
    columns: dict[str, Callable[[Parameter], str]] = {
        'name': lambda p: f'`{p.name}`', 'default': lambda p: f'`{_yaml(p.default)}`',
        'range': _range, 'changes': _when, 'bundles': lambda p: _tasks(p.tasks),
        'meaning': lambda p: p.description}
    if not tasks:
        del columns['bundles']
    return _table(columns, ([column(p) for column in columns.values()] for p in parameters))


def _when(parameter: Parameter) -> str:
    if parameter.when == ANY_TIME:
        return 'any time'
    return 'unconfigured' if parameter.when == UNCONFIGURED else 'at start'


def _range(parameter: Parameter) -> str:
    unit = f' {parameter.unit}' if parameter.unit else ''
    if parameter.choices:
        return ', '.join(parameter.choices)
    if parameter.low is None or parameter.high is None:
        return ''
    return f'{parameter.low:.8g} to {parameter.high:.8g}{unit}'


def _comment(parameter: Parameter) -> str:
    text = parameter.description
    if parameter.choices:
        text += f' One of {", ".join(parameter.choices)}.'
    elif parameter.low is not None:
        text += f' Unit: {parameter.unit}.' if parameter.unit else ''
        text += f' Range: {parameter.low:.8g} to {parameter.high:.8g}.'
    if parameter.when != UNCONFIGURED:
        text += f' {parameter.when[0].upper()}{parameter.when[1:]}.'
    return text


def _yaml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value) or "''"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    def lines() -> Iterator[str]:
        names = list(head)
        yield f'| {" | ".join(names)} |'
        yield '|' + '---|' * len(names)
        for row in rows:
            yield f'| {" | ".join(row)} |'
    return '\n'.join(lines())


def main() -> int:
    """Write the files; return the exit code."""
    INTERFACE.write_text(interface(INTERFACE.read_text('utf-8')), 'utf-8')
    for name in FILES:
        (CONFIG / name).write_text(config(name), 'utf-8')
    print(f'{INTERFACE} and {", ".join(FILES)} in {CONFIG} are written')
    return 0


if __name__ == '__main__':
    sys.exit(main())
