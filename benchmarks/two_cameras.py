# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Ten minutes with two event cameras in two namespaces, from one description.

Two replay_nodes loop a simulated 640 x 480 recording each into /left and /right; two
segment_nodes segment them, in a process of their own each or, with `--one-process`, both in one.
Where launch_ros is installed they come from launch/two_cameras.launch.py, else from the same
command lines. Rates, latencies, memory and losses of both sides are measured, and every packet,
window and event must be accounted for.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
import importlib.util
import json
import os
from pathlib import Path
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
import numpy as np
import rclpy
from rclpy.executors import SingleThreadedExecutor
from std_msgs.msg import Float64

from .live_node import own_graph, process
from .overload import accounts
from .results import write_result
from .soak_listener import resident_mb

SIDES = ('left', 'right')
RECORDING_S = 10.0
SETTLE_S = 5.0
MEMORY_MB = 20.0
LAUNCH = Path(__file__).resolve().parents[1] / 'launch' / 'two_cameras.launch.py'
_SERVICE = """
import sys
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
service = LaunchService()
arguments = [tuple(a.split(':=')) for a in sys.argv[2:]]
service.include_launch_description(LaunchDescription([IncludeLaunchDescription(
    PythonLaunchDescriptionSource(sys.argv[1]), launch_arguments=arguments)]))
sys.exit(service.run())
"""


class Side:
    """What one camera's node says.

    Attributes:
        latencies_ms: Pipeline latencies by the second in which they were published.
        values: Its newest diagnostics.
    """

    def __init__(self, node: Any, name: str) -> None:
        """Listen to a namespace."""
        self.latencies_ms: list[float] = []
        self.values: dict[str, str] = {}
        self._name = f'/{name}/segment_node: segmentation'
        node.create_subscription(
            Float64, f'/{name}/segment_node/debug/pipeline_latency_ms',
            lambda message: self.latencies_ms.append(message.data), 100)
        node.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, 50)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name == self._name:
                self.values = {pair.key: pair.value for pair in status.values}

    def numbers(self) -> dict[str, int]:
        """Return what is counted, drops without their prefix."""
        return {k.removeprefix('dropped.'): int(v) for k, v in self.values.items()
                if v.isdecimal()}


@contextmanager
def _launched(one_process: bool) -> Iterator[None]:
    """Run the launch file while the block lasts."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, 'AMENT_PREFIX_PATH': _prefix(Path(folder))}
        started = subprocess.Popen(
            [sys.executable, '-c', _SERVICE, str(LAUNCH), 'engine:=auto',
             f'params_file:={_parameters(Path(folder))}',
             f'one_process:={str(one_process).lower()}', 'log_level:=error'],
            env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
        try:
            yield
        finally:
            started.send_signal(signal.SIGINT)
            try:
                started.wait(40)
            except subprocess.TimeoutExpired:
                os.killpg(started.pid, signal.SIGKILL)
                started.wait()


def _parameters(folder: Path) -> Path:
    path = folder / 'parameters.yaml'
    path.write_text('/**:\n  ros__parameters:\n    lazy: false\n', 'utf-8')
    return path


def _prefix(folder: Path) -> str:
    """Return AMENT_PREFIX_PATH with this package, whether it is installed or not."""
    share = folder / 'share' / 'eventsam_ros'
    index = folder / 'share' / 'ament_index' / 'resource_index' / 'packages'
    program = folder / 'lib' / 'eventsam_ros' / 'segment_node'
    for each in (share, index, program.parent):
        each.mkdir(parents=True)
    (index / 'eventsam_ros').write_text('')
    (share / 'launch').symlink_to(LAUNCH.parent)
    (share / 'config').symlink_to(LAUNCH.parents[1] / 'config')
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{LAUNCH.parents[1]}:$PYTHONPATH" '
                       f'exec {sys.executable} -m eventsam_ros segment_node "$@"\n')
    program.chmod(0o755)
    return os.pathsep.join((str(folder), os.environ.get('AMENT_PREFIX_PATH', sys.prefix)))


def _commands(one_process: bool) -> list[list[str]]:
    """Return the command lines that the launch file runs."""
    ros = ['--ros-args', '-p', 'autostart:=true', '-p', 'lazy:=false', '-r',
           'events:=event_camera/events', '--log-level', 'error']
    base = ['-m', 'eventsam_ros', 'segment_node']
    if one_process:
        return [[*base, '--namespaces', *SIDES, *ros]]
    return [[*base, *ros, '-r', f'__ns:=/{side}'] for side in SIDES]


def _nodes() -> list[int]:
    """Return the processes of segment_node on this graph's domain (Linux)."""
    return [int(folder.name) for folder in Path('/proc').iterdir()
            if folder.name.isdecimal() and _is_node(folder)]


def _is_node(folder: Path) -> bool:
    try:
        words = (folder / 'cmdline').read_bytes().split(b'\0')
        settings = (folder / 'environ').read_bytes().split(b'\0')
    except OSError:  # it has ended, or is another user's
        return False
    domain = f'ROS_DOMAIN_ID={os.environ["ROS_DOMAIN_ID"]}'.encode()
    return b'eventsam_ros' in words and b'segment_node' in words and domain in settings


def _simulate(folder: Path, seed: int) -> Path:
    path = folder / f'recording_{seed}'
    subprocess.run(
        [sys.executable, '-m', 'eventsam_ros', 'simulate', '--output', str(path), '--seed',
         str(seed), '--duration', str(RECORDING_S), '--width', '640', '--height', '480'],
        check=True, stdout=subprocess.DEVNULL)
    return path


def _player(recording: Path, side: str, rounds: int, summary: Path) -> list[str]:
    return ['-m', 'eventsam_ros', 'replay_node', str(recording), '--ros-args', '-p', 'stamps:=now',
            '-p', f'times:={rounds}', '-p', 'wait_s:=120.0', '-p', f'summary:={summary}',
            '-r', f'__ns:=/{side}', '-r', f'/event_camera/events:=/{side}/event_camera/events']


def run(minutes: float, one_process: bool, launched: bool) -> dict[str, Any]:
    """Play into both nodes and return the figures."""
    own_graph()
    rounds = max(1, round(minutes * 60 / RECORDING_S))
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        recordings = [_simulate(folder, seed) for seed in (1, 2)]
        rclpy.init(args=[])
        stack.callback(rclpy.try_shutdown)
        node = rclpy.create_node('two_cameras_listener')
        sides = {side: Side(node, side) for side in SIDES}
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        if launched:
            stack.enter_context(_launched(one_process))
        else:
            for command in _commands(one_process):
                stack.enter_context(process(command))
        players = [stack.enter_context(process(_player(
            recording, side, rounds, folder / f'{side}.json')))
            for recording, side in zip(recordings, SIDES, strict=True)]
        memory: list[float] = []
        first_s = end_s = 0.0
        while not end_s or time.monotonic() < end_s:
            until = time.monotonic() + 1
            while (left := until - time.monotonic()) > 0:
                executor.spin_once(left)
            if not first_s and all(s.latencies_ms for s in sides.values()):
                first_s = time.monotonic()
            if first_s and time.monotonic() > first_s + min(60.0, 15 * minutes):
                memory.append(sum(map(resident_mb, _nodes())))
            if not end_s and all(p.poll() is not None for p in players):
                end_s = time.monotonic() + SETTLE_S
        seconds = time.monotonic() - SETTLE_S - first_s
        processes = len(_nodes())
        executor.shutdown()
        node.destroy_node()
        played = {side: json.loads((folder / f'{side}.json').read_text()) for side in SIDES}
    return judge(sides, played, memory, seconds, processes)


def judge(
    sides: dict[str, Side], played: dict[str, Any], memory: Sequence[float], seconds: float,
    processes: int,
) -> dict[str, Any]:
    """Return the figures of both sides and whether everything is accounted for."""
    rows: dict[str, dict[str, Any]] = {}
    for name, side in sides.items():
        counted = side.numbers()
        rows[name] = {
            'masks_per_s': counted['masks_published'] / seconds,
            'm_events_per_s': counted['events'] / seconds / 1e6,
            'latency_ms': {f'p{p}': float(np.percentile(side.latencies_ms, p))
                           for p in (50, 95, 99)},
            'accounts': accounts(counted, played[name])}
    swing = (max(memory) - min(memory)) / 2
    return {
        'seconds': seconds, 'processes': processes, 'sides': rows,
        'memory_mb': {'least': min(memory), 'greatest': max(memory), 'swing': round(swing, 1)},
        'met': {'accounts': all(book['unexplained'] == 0 for row in rows.values()
                                for book in row['accounts'].values()),
                'losses': all(row['accounts']['packets']['packets_lost'] == 0
                              for row in rows.values()),
                'memory': swing <= MEMORY_MB}}


def main() -> int:
    """Print the figures; exit code 1 where something is lost or not accounted for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--minutes', type=float, default=10.0, help='length, default 10')
    parser.add_argument('--one-process', action='store_true', help='both nodes in one process')
    parser.add_argument('--output', type=Path, help='JSON file to write')
    arguments = parser.parse_args()
    launched = importlib.util.find_spec('launch_ros') is not None
    figures = run(arguments.minutes, arguments.one_process, launched)
    print(f'{figures["seconds"]:.0f} s, {figures["processes"]} processes of segment_node'
          f'{", launched" if launched else ""}; memory {figures["memory_mb"]["greatest"]:.0f} MB, '
          f'+-{figures["memory_mb"]["swing"]:g} MB')
    for name, row in figures['sides'].items():
        print(f'{name}: {row["m_events_per_s"]:.2f} M events/s, {row["masks_per_s"]:.1f} masks/s, '
              'latency ' + ', '.join(f'{k} {v:.0f} ms' for k, v in row['latency_ms'].items()))
        for what, book in row['accounts'].items():
            print(f'  {what}: ' + ', '.join(f'{v} {k}' for k, v in book.items() if v))
    if arguments.output:
        write_result(arguments.output, 'two event cameras in two namespaces, 640 x 480',
                     'python -m benchmarks.two_cameras ' + ' '.join(sys.argv[1:]),
                     {'launched': launched, 'one_process': arguments.one_process, **figures})
    return 0 if all(figures['met'].values()) else 1


if __name__ == '__main__':
    sys.exit(main())
