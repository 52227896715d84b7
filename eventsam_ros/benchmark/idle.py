# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What segment_node takes from a machine on which nothing happens: processor and memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import os
from pathlib import Path
import random
import selectors
import signal
import subprocess
import sys
import time
from typing import Any

READY_S = 180.0
"""Longest start: the first one of all compiles the event kernels."""
SETTLE_S = 3.0
"""From the node's last word to the measurement."""
STOP_S = 15.0
_ACTIVE = 'active'
"""Last word of the line that the node logs when it has subscribed."""
_FAILED = 'cannot configure: '
"""In the line that it logs when it cannot; it lives on, to be configured again."""

_Node = subprocess.Popen[bytes]


def measure_idle(bundle: Path, seconds: float) -> dict[str, Any]:
    """Return processor share and memory of an active node that nobody sends anything to.

    Args:
        bundle: Folder of the bundle that it loads.
        seconds: How long it is watched.

    Returns:
        cpu_percent is of one core; where no node runs, the reason.
    """
    with _node(bundle) as node:
        reason = _wait_active(node)
        if reason:
            return {'measured': False, 'reason': reason}
        time.sleep(SETTLE_S)
        spent, begun = _cpu_s(node.pid), time.monotonic()
        time.sleep(seconds)
        spent, passed = _cpu_s(node.pid) - spent, time.monotonic() - begun
        return {'measured': True, 'seconds': round(passed, 2),
                'cpu_percent': round(100 * spent / passed, 2),
                'memory_mib': round(_memory_mib(node.pid), 1)}


@contextmanager
def _node(bundle: Path) -> Iterator[_Node]:
    """Run a node on a DDS domain where it meets no others."""
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(p for p in (root, os.environ.get('PYTHONPATH')) if p)
    environment = {
        **os.environ, 'PYTHONPATH': path, 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
        'ROS_DOMAIN_ID': str(random.randint(51, 100)),
        # the name that Humble reads
        **({'ROS_LOCALHOST_ONLY': '1'} if os.environ.get('ROS_DISTRO') == 'humble' else {})}
    # A session of its own: Ctrl-C reaches this process only, which then stops the node.
    process = subprocess.Popen(
        [sys.executable, '-m', 'eventsam_ros', 'segment_node', '--ros-args', '-p',
         'autostart:=true', '-p', f'bundle:={bundle.resolve()}'],
        env=environment, start_new_session=True, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stderr is not None
        process.stderr.close()


def _wait_active(node: _Node) -> str:
    """Wait until the node listens; return why it does not, '' where it does."""
    assert node.stderr is not None
    said = b''
    end = time.monotonic() + READY_S
    with selectors.DefaultSelector() as selector:
        selector.register(node.stderr, selectors.EVENT_READ)
        while time.monotonic() < end:
            if selector.select(0.2):
                # not readline(): what it keeps back, select() does not see
                said += os.read(node.stderr.fileno(), 1 << 16)
            lines = said.decode('utf-8', 'replace').splitlines()
            if any(line.split()[-1:] == [_ACTIVE] for line in lines):
                return ''
            failed = [line.partition(_FAILED)[2] for line in lines if _FAILED in line]
            if failed:
                return failed[0]
            if node.poll() is not None:
                return lines[-1].strip() if lines else 'segment_node ended without a word'
    return f'segment_node was not active within {READY_S:.0f} s'


def _cpu_s(pid: int) -> float:
    """Return the processor time that a process has taken, s."""
    # the name in parentheses may hold spaces; what follows does not
    fields = Path(f'/proc/{pid}/stat').read_text('utf-8').rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def _memory_mib(pid: int) -> float:
    """Return the resident memory of a process, MiB."""
    pages = int(Path(f'/proc/{pid}/statm').read_text('utf-8').split()[1])
    return pages * os.sysconf('SC_PAGE_SIZE') / 2 ** 20
