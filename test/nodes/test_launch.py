# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The launch files under real launch_ros: nodes, drivers, two cameras, respawn.

launch_ros is not on PyPI; these tests are skipped where it is missing. Where ROS 2 is not
installed, its packages launch and launch_ros of ros2/launch and ros2/launch_ros, osrf_pycommon and
composition_interfaces on PYTHONPATH are enough. The cameras' drivers need hardware: a program
of their name stands in for each, which publishes what they publish where they publish it.
"""

from __future__ import annotations

import os
from pathlib import Path
import re
import shutil
import signal
import subprocess
import sys
import threading

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = ('segment', 'two_cameras', 'evaluate')

LAUNCH = """
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

# As both drivers of the ros-event-camera stack: parameters declared from what is given,
# best-effort packets on ~/events.
DRIVER = """#!{python}
import os, sys, time
domain = os.environ['ROS_DOMAIN_ID']
sys.path[:0] = {path!r}
from cameras import Camera
os.environ['ROS_DOMAIN_ID'] = domain
import rclpy
from event_camera_msgs.msg import EventPacket
from eventsam_ros.nodes import qos
rclpy.init()
node = rclpy.create_node('driver', automatically_declare_parameters_from_overrides=True)
given = {{k: v.value for k, v in sorted(node.get_parameters_by_prefix('').items())}}
print('DRIVER {package}', node.get_fully_qualified_name(), given, flush=True)
events = node.create_publisher(EventPacket, '~/events', qos.events())
camera = Camera()
while rclpy.ok():
    packet = camera.packet()
    packet.header.stamp = node.get_clock().now().to_msg()
    events.publish(packet)
    time.sleep(0.01)
"""

# Waits for masks on the topics given, says so, and stays.
LISTENER = """
import sys, time
import rclpy
from sensor_msgs.msg import Image
rclpy.init()
node = rclpy.create_node('listener')
seen = {}
for topic in sys.argv[1:]:
    node.create_subscription(Image, topic, lambda m, t=topic: seen.setdefault(t, m), 10)
end = time.monotonic() + 90
while len(seen) < len(sys.argv) - 1 and time.monotonic() < end:
    rclpy.spin_once(node, timeout_sec=0.2)
print(sorted((t, m.header.frame_id) for t, m in seen.items()))
"""


@pytest.mark.parametrize('name', FILES)
def test_a_launch_file_compiles(name):
    path = ROOT / 'launch' / f'{name}.launch.py'
    compile(path.read_text(), str(path), 'exec')


def install(prefix, package, executable, text):
    """Put a package with one executable where ament looks for it."""
    index = prefix / 'share' / 'ament_index' / 'resource_index' / 'packages'
    path = prefix / 'lib' / package / executable
    for folder in (prefix / 'share' / package, index, path.parent):
        folder.mkdir(parents=True, exist_ok=True)
    (index / package).write_text('')
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def prefix(tmp_path):
    """Return an ament prefix with this package, as colcon installs it."""
    pytest.importorskip('launch_ros', reason='launch_ros is not installed')
    install(tmp_path, 'eventsam_ros', 'segment_node',
            f'#!/bin/sh\nPYTHONPATH="{ROOT}:$PYTHONPATH" exec {sys.executable} '
            '-m eventsam_ros segment_node "$@"\n')
    share = tmp_path / 'share' / 'eventsam_ros'
    for folder in ('config', 'launch'):
        shutil.copytree(ROOT / folder, share / folder)
    # Whatever is on the tiny bundle's small sensor is an object.
    parameters = share / 'config' / 'segment.yaml'
    text = parameters.read_text('utf-8')
    for name in ('min_events', 'min_window_events', 'min_area'):
        text = re.sub(rf'(\n +{name}): \d+', r'\1: 10', text)
    parameters.write_text(text, 'utf-8')
    return tmp_path


@pytest.fixture
def drivers(prefix, tmp_path_factory):
    """Install both drivers' stand-ins."""
    folder = tmp_path_factory.mktemp('cameras')
    (folder / 'cameras.py').symlink_to(Path(__file__).with_name('conftest.py'))
    for package in ('metavision_driver', 'libcaer_driver'):
        install(prefix, package, 'driver_node', DRIVER.format(
            python=sys.executable, package=package,
            path=[str(folder), str(ROOT), str(ROOT / 'test' / 'support')]))


class Launched:
    """A launch that runs, and what it has said."""

    def __init__(self, prefix, name, *arguments):
        self._environment = {
            **os.environ, 'PYTHONUNBUFFERED': '1', 'AMENT_PREFIX_PATH': os.pathsep.join(
                (str(prefix), os.environ.get('AMENT_PREFIX_PATH', sys.prefix)))}
        path = prefix / 'share' / 'eventsam_ros' / 'launch' / f'{name}.launch.py'
        self._process = subprocess.Popen(
            [sys.executable, '-c', LAUNCH, str(path), *arguments], env=self._environment,
            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        self._guard = threading.Timer(120, self._kill)
        self._guard.start()
        self.text = ''

    def _kill(self):
        os.killpg(self._process.pid, signal.SIGKILL)

    def until(self, pattern, times=1):
        """Read on until something was said so often."""
        for line in self._process.stdout:
            self.text += line
            if len(re.findall(pattern, self.text)) >= times:
                return
            if re.search(r'cannot (configure|activate)|Caught exception', line):
                break
        raise AssertionError(self.text)

    def masks(self, *topics):
        """Wait for masks; return the topics and frames of those that came."""
        return subprocess.run(
            [sys.executable, '-c', LISTENER, *topics], env=self._environment, text=True,
            stdout=subprocess.PIPE, timeout=110, check=True).stdout

    def end(self):
        """End it by Ctrl-C and read the rest."""
        self._process.send_signal(signal.SIGINT)
        self.text += self._process.stdout.read()
        self._process.wait()
        self._guard.cancel()
        return self._process.returncode


@pytest.fixture
def launch(prefix):
    """Return a function that launches a file with arguments."""
    started = []

    def start(name, *arguments):
        started.append(Launched(prefix, name, *arguments))
        return started[-1]
    yield start
    for each in started:
        if each._process.poll() is None:
            each._kill()
        each._process.wait()
        each._guard.cancel()


def test_it_starts_an_active_node_that_ends_cleanly(launch, tiny_bundle):
    run = launch('segment', f'bundle:={tiny_bundle}', 'namespace:=front')
    run.until(r'\[front.segment_node\]: active')
    assert run.end() == 0
    assert 'process has finished cleanly' in run.text, run.text


@pytest.mark.parametrize(('task', 'file'), [
    ('rgbt_semantic', 'rgbt.yaml'), ('referring', 'referring.yaml'),
    ('panoramic', 'panoramic.yaml')])
def test_other_tasks_start_by_bundle_and_parameters(launch, tiny_bundles, task, file):
    run = launch('segment', f'bundle:={tiny_bundles(task)}', f'params_file:={file}')
    run.until(r'\[segment_node\]: active')
    assert run.end() == 0
    assert 'process has finished cleanly' in run.text, run.text


@pytest.mark.parametrize(('driver', 'package'), [
    ('metavision', 'metavision_driver'), ('libcaer', 'libcaer_driver')])
def test_a_driver_that_is_not_installed_is_told_in_one_sentence(
        launch, tiny_bundle, driver, package):
    run = launch('segment', f'bundle:={tiny_bundle}', f'driver:={driver}')
    run.until('active')  # the node starts all the same
    run.end()
    (told,) = [line for line in run.text.splitlines() if package in line]
    assert f'driver:={driver} needs the package {package}, which is not installed' in told
    assert f'install ros-$ROS_DISTRO-{package.replace("_", "-")}' in told
    assert 'Traceback' not in run.text


@pytest.mark.usefixtures('drivers')
@pytest.mark.parametrize(('driver', 'frame', 'others'), [
    ('metavision', 'frame_id', ()),
    ('libcaer', 'camera_frame_id', ("'device_type': 'dvxplorer'",))])
def test_a_driver_is_started_beside_the_node(launch, tiny_bundle, driver, frame, others):
    run = launch('segment', f'bundle:={tiny_bundle}', f'driver:={driver}', 'namespace:=front',
                 'serial:=00042', 'frame_id:=bumper', 'device_type:=dvxplorer')
    run.until('active')
    assert 'front/segment_node/mask' in run.masks('/front/segment_node/mask')
    assert run.end() == 0
    (told,) = re.findall(r'DRIVER (.*)', run.text)
    assert told.startswith(f'{driver}_driver /front/event_camera ')
    for text in (f"'{frame}': 'bumper'", "'serial': '00042'",
                 "'event_message_time_threshold': 0.001", *others):
        assert text in told


@pytest.mark.usefixtures('drivers')
@pytest.mark.parametrize('together', ['false', 'true'])
def test_two_cameras_from_one_file(launch, tiny_bundle, together):
    run = launch('two_cameras', f'bundle:={tiny_bundle}', 'driver:=metavision',
                 'left_serial:=1', 'right_serial:=2', f'one_process:={together}')
    run.until(r'segment_node\]: active', 2)
    topics = [f'/{side}/segment_node/mask' for side in ('left', 'right')]
    seen = run.masks(*topics)
    assert all(topic in seen for topic in topics)
    assert run.end() == 0
    told = sorted(re.findall(r'DRIVER metavision_driver (\S+) (.*)', run.text))
    assert [name for name, _ in told] == ['/left/event_camera', '/right/event_camera']
    for (_, given), side, serial in zip(told, ('left', 'right'), '12', strict=True):
        assert f"'frame_id': '{side}_event_camera'" in given
        assert f"'serial': '{serial}'" in given
    processes = set(re.findall(r'\[(segment_node-\d+)\]: process started', run.text))
    assert len(processes) == (1 if together == 'true' else 2)


@pytest.mark.parametrize('together', ['false', 'true'])
def test_two_cameras_take_what_one_takes(launch, tiny_bundle, together):
    run = launch('two_cameras', f'bundle:={tiny_bundle}', 'params_file:=rgbt.yaml',
                 'thermal_topic:=heat/image', f'one_process:={together}')
    run.until(r'segment_node\]: active', 2)
    for pid in re.findall(r'process started with pid \[(\d+)\]', run.text):
        words = Path(f'/proc/{pid}/cmdline').read_text().split('\0')
        assert 'thermal:=heat/image' in words
    assert run.end() == 0


def test_a_node_that_is_killed_is_started_again(launch, tiny_bundle):
    run = launch('segment', f'bundle:={tiny_bundle}', 'use_respawn:=true', 'respawn_delay:=0.1')
    run.until(r'\[segment_node\]: active')
    (pid,) = re.findall(r'process started with pid \[(\d+)\]', run.text)
    os.kill(int(pid), signal.SIGKILL)
    run.until(r'\[segment_node\]: active', 2)
    run.end()
    assert len(re.findall(r'process started with pid', run.text)) == 2
