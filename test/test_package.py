# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The package's own files agree with each other."""

from __future__ import annotations

import ast
import json
import os
from pathlib import Path
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest
import yaml

import eventsam_ros
from eventsam_ros.commands import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ET.parse(ROOT / 'package.xml').getroot()


@pytest.fixture(scope='module')
def setup_arguments():
    """Return what setup.py hands to setuptools."""
    code = ('import json, setuptools\n'
            'setuptools.setup = lambda **given: print(json.dumps(given, default=str))\n'
            f'exec(compile(open({str(ROOT / "setup.py")!r}).read(), "setup.py", "exec"))\n')
    done = subprocess.run([sys.executable, '-c', code], cwd=ROOT, check=True,
                          capture_output=True, text=True)
    return json.loads(done.stdout)


def test_versions_and_names_agree(setup_arguments):
    assert setup_arguments['version'] == PACKAGE.findtext('version') == eventsam_ros.__version__
    assert setup_arguments['name'] == PACKAGE.findtext('name') == 'eventsam_ros'
    assert setup_arguments['license'] == PACKAGE.findtext('license') == 'Apache-2.0'
    assert PACKAGE.get('format') == '3'
    assert PACKAGE.findtext('export/build_type') == 'ament_python'


def test_every_file_that_is_to_be_installed_is_there(setup_arguments):
    installed = dict(setup_arguments['data_files'])
    for folder, files in setup_arguments['data_files']:
        assert files, f'nothing for {folder}'
        for file in files:
            assert (ROOT / file).is_file(), file
    assert installed['share/ament_index/resource_index/packages'] == ['resource/eventsam_ros']
    assert installed['share/eventsam_ros/launch'] == [
        'launch/evaluate.launch.py', 'launch/segment.launch.py',
        'launch/two_cameras.launch.py']
    assert 'config/segment.yaml' in installed['share/eventsam_ros/config']
    assert installed['share/eventsam_ros/rviz'] == ['rviz/segment.rviz']


def test_every_subpackage_is_installed(setup_arguments):
    folders = {'.'.join(p.parent.relative_to(ROOT).parts)
               for p in (ROOT / 'eventsam_ros').rglob('__init__.py')}
    assert set(setup_arguments['packages']) == folders


def test_every_command_can_be_run_with_ros2_run(setup_arguments):
    scripts = dict(s.split(' = ') for s in setup_arguments['entry_points']['console_scripts'])
    assert set(scripts) == set(COMMANDS)
    functions = {node.name for node in ast.parse(
        (ROOT / 'eventsam_ros' / '__main__.py').read_text()).body
        if isinstance(node, ast.FunctionDef)}
    assert {target.split(':')[1] for target in scripts.values()} <= functions


def test_every_import_of_the_runtime_is_declared():
    names = {d.text for d in PACKAGE if d.tag in {'depend', 'exec_depend'}}
    modules = {'cv2': 'python3-opencv', 'numpy': 'python3-numpy', 'yaml': 'python3-yaml',
               'tqdm': 'python3-tqdm', 'scipy': 'python3-scipy', 'h5py': 'python3-h5py',
               'jinja2': 'python3-jinja2', 'jsonschema': 'python3-jsonschema',
               'matplotlib': 'python3-matplotlib'}
    # Not among rosdep's system keys, so pip brings them: tools/requirements/runtime.txt.
    by_pip = {'numba', 'onnxruntime', 'rosbags', 'ruamel', 'cv_bridge', 'typing_extensions',
              'hdf5plugin', 'ray'}
    by_pip |= {'onnx', 'openvino'}  # on demand, with a sentence where they are missing
    imported = set()
    for file in (ROOT / 'eventsam_ros').rglob('*.py'):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {a.name.partition('.')[0] for a in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                imported.add((node.module or '').partition('.')[0])
    outside = imported - set(sys.stdlib_module_names) - {'eventsam_ros'} - by_pip
    assert {modules.get(name, name) for name in outside} <= names


def test_pip_installs_what_the_runtime_needs_in_tested_versions():
    lists = (ROOT / 'tools' / 'requirements').glob('*.txt')
    wanted = {re.split(r'[\[=<>]', line)[0].lower() for file in lists
              for line in file.read_text().splitlines() if line and not line.startswith('#')}
    pinned = {line.split('==')[0].lower() for line in
              (ROOT / 'constraints.txt').read_text().splitlines() if '==' in line}
    unpinned = {name for name in wanted - pinned if not name.startswith('ros-')}
    assert unpinned == set()


@pytest.mark.parametrize('file', ['segment', 'rgbt', 'referring', 'panoramic'])
def test_the_parameter_file_holds_the_defaults(file):
    pytest.importorskip('rclpy', reason='no ROS 2 here')
    from eventsam_ros.nodes.documentation import FILES
    from eventsam_ros.nodes.parameters import PARAMETERS
    content = yaml.safe_load((ROOT / 'config' / f'{file}.yaml').read_text())

    def flat(values, prefix=''):
        for name, value in values.items():
            if isinstance(value, dict):
                yield from flat(value, f'{prefix}{name}.')
            else:
                yield f'{prefix}{name}', value
    given = dict(flat(content['/**']['ros__parameters']))
    # These three are arguments of the launch file.
    expected = {p.name: p.default for p in PARAMETERS
                if p.name not in {'autostart', 'bundle', 'engine'}
                and set(p.tasks) & set(FILES[f'{file}.yaml'])}
    assert given == expected


def test_the_message_is_the_drivers_field_by_field():
    lines = (ROOT / 'interfaces/event_camera_msgs/msg/EventPacket.msg').read_text().splitlines()
    fields = [line.split('#')[0].split() for line in lines if line.split('#')[0].strip()]
    assert fields == [
        ['std_msgs/Header', 'header'], ['uint32', 'height'], ['uint32', 'width'],
        ['uint64', 'seq'], ['uint64', 'time_base'], ['string', 'encoding'],
        ['bool', 'is_bigendian'], ['uint8[]', 'events']]


def test_python_files_name_their_licence():
    tracked = subprocess.run(['git', 'ls-files', '*.py', '*.sh'], cwd=ROOT, check=False,
                             capture_output=True, text=True).stdout.split()
    if not tracked:
        pytest.skip('not a git checkout')
    for name in tracked:
        head = (ROOT / name).read_text().splitlines()[:3]
        assert any('SPDX-License-Identifier: Apache-2.0' in line for line in head), name


def test_scripts_can_be_run():
    for name in ('tools/platform.sh', '.ci/run'):
        assert os.access(ROOT / name, os.X_OK), name
        subprocess.run(['bash', '-n', ROOT / name], check=True)
