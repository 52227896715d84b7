# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The processes of a demo: player, segment_node and recorder, on a DDS domain of their own."""

from __future__ import annotations

from contextlib import ExitStack
import os
from pathlib import Path
import random
import selectors
import signal
import subprocess
import sys
import time

from eventsam_ros.errors import EventsamError

from .demo_plan import Plan
from .progress import Progress

READY_S = 120.0
"""Longest start: the first one of all compiles the event kernels."""
STOP_S = 15.0
REPORT_S = 0.5
"""Period of the node's diagnostics, so that the last one holds the whole run."""
READY = 'recorder ready'


def play(plan: Plan) -> None:
    """Run the processes until the recording has been played.

    Results are recorder.json, player.json, overlay.mp4 and contact_sheet.png in the output
    folder.

    Raises:
        EventsamError: A process ended early or did not become ready.
        KeyboardInterrupt: After everything was stopped.
    """
    environment = _environment()
    with ExitStack() as stack:
        recorder = _start('recorder', _recorder(plan), environment, stack)
        node = _start('segment_node', _node(plan), environment, stack)
        _wait_ready(recorder, node)
        player = _start('player', _player(plan), environment, stack)
        _wait_played(player, node, recorder, plan)
        time.sleep(3 * REPORT_S)
        for process in (recorder, node):
            _stop(process)
    for name, process in (('player', player), ('segment_node', node), ('recorder', recorder)):
        if process.returncode:
            raise EventsamError(f'the {name} ended with exit code {process.returncode}')


def _environment() -> dict[str, str]:
    """Return an environment in which these processes meet no others."""
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(p for p in (root, os.environ.get('PYTHONPATH')) if p)
    profiles = str(Path(__file__).resolve().parents[1] / 'nodes' / 'fastdds.xml')
    return {
        # The names that ROS 2 reads today, and those of Humble.
        'FASTDDS_DEFAULT_PROFILES_FILE': profiles, **os.environ,
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
        **({'FASTRTPS_DEFAULT_PROFILES_FILE': profiles, 'ROS_LOCALHOST_ONLY': '1'}
           if os.environ.get('ROS_DISTRO') == 'humble' else {}),
        'ROS_DOMAIN_ID': str(random.randint(1, 50)),
        'PYTHONPATH': path, 'PYTHONUNBUFFERED': '1',
    }


def _node(plan: Plan) -> list[str]:
    arguments = [
        '-m', 'eventsam_ros', 'segment_node', '--ros-args', '-p', 'autostart:=true',
        '-p', f'bundle:={plan.bundle.path.resolve()}', '-p', f'diagnostics.period_s:={REPORT_S}',
        '-r', f'events:={plan.events}', '--log-level', 'warn']
    if plan.image:
        arguments += ['-p', 'window.policy:=frame', '-r', f'image:={plan.image}']
    if plan.window_ms:
        arguments += ['-p', f'window.duration_ms:={float(plan.window_ms)}']
    return arguments


def _recorder(plan: Plan) -> list[str]:
    if plan.keep_masks:
        return ['-m', 'eventsam_ros.nodes.mask_recorder_node', '--ros-args',
                '-p', f'output:={plan.output.resolve()}', '-r', 'mask:=segment_node/mask',
                '-r', 'pipeline_latency_ms:=segment_node/debug/pipeline_latency_ms']
    outputs = {name: f'segment_node/{name}' for name in ('mask', 'overlay')}
    outputs |= {name: f'segment_node/debug/{name}'
                for name in ('processing_time_ms', 'pipeline_latency_ms')}
    if plan.truth:
        outputs['ground_truth'] = plan.truth
    remaps = [f'{name}:={topic}' for name, topic in outputs.items()]
    return ['-m', 'eventsam_ros.nodes.recorder_node', '--ros-args',
            '-p', f'output:={plan.output.resolve()}', '-p', f'film:={str(plan.film).lower()}',
            *(word for remap in remaps for word in ('-r', remap))]


def _player(plan: Plan) -> list[str]:
    return ['-m', 'eventsam_ros', 'replay_node', str(plan.recording.resolve()), '--ros-args',
            '-p', 'stamps:=now', '-p', f'times:={plan.rounds}', '-p', 'wait_s:=30.0',
            '-p', f'summary:={plan.output.resolve() / "player.json"}']


Process = subprocess.Popen[str]


def _start(
    name: str, arguments: list[str], environment: dict[str, str], stack: ExitStack,
) -> Process:
    # A session of its own: Ctrl-C reaches this process only, which then stops the others in turn.
    process = subprocess.Popen(
        [sys.executable, *arguments], env=environment, text=True, start_new_session=True,
        stdout=subprocess.PIPE if name == 'recorder' else subprocess.DEVNULL)
    stack.callback(_stop, process)
    return process


def _stop(process: Process) -> None:
    """End a process by Ctrl-C, and by force when it does not listen."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _wait_ready(recorder: Process, node: Process) -> None:
    assert recorder.stdout is not None
    end = time.monotonic() + READY_S
    with selectors.DefaultSelector() as selector:
        selector.register(recorder.stdout, selectors.EVENT_READ)
        while time.monotonic() < end:
            _check_running(('segment_node', node), ('recorder', recorder))
            if selector.select(0.2) and READY in recorder.stdout.readline():
                return
    raise EventsamError(f'segment_node was not ready within {READY_S:.0f} s')


def _wait_played(player: Process, node: Process, recorder: Process, plan: Plan) -> None:
    seconds = plan.seconds * plan.rounds
    with Progress(f'playing {seconds:.1f} s of events') as progress:
        begun = time.monotonic()
        while player.poll() is None:
            _check_running(('segment_node', node), ('recorder', recorder))
            progress.show((time.monotonic() - begun) / (seconds + 1))
            time.sleep(0.1)
        progress.show(1)
    if player.returncode:
        raise EventsamError(f'the player ended with exit code {player.returncode}')


def _check_running(*named: tuple[str, Process]) -> None:
    for name, process in named:
        if process.poll() is not None:
            raise EventsamError(f'the {name} ended early with exit code {process.returncode}')
