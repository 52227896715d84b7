# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Start segment_node for two cameras, each in a namespace of its own, and their drivers.

`ros2 launch eventsam_ros two_cameras.launch.py driver:=metavision left_serial:=00001
right_serial:=00002`; masks come on /left/segment_node/mask and /right/segment_node/mask. With
one_process:=true both nodes share a process, which takes less memory and one core less to receive.
All other arguments of segment.launch.py are handed on to both sides.
"""

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import Action, LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    GroupAction,
    IncludeLaunchDescription,
    OpaqueFunction,
    SetEnvironmentVariable,
)
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterFile

ARGUMENTS = (
    ('left', 'left', 'Namespace of the one camera.', None),
    ('right', 'right', 'Namespace of the other one.', None),
    ('left_serial', '', 'Its serial number.', None),
    ('right_serial', '', 'Its serial number.', None),
    ('one_process', 'false', 'Run both nodes in one process.', ['true', 'false']),
    ('params_file', '', 'YAML file with parameters, or the name of one in config/.', None),
    ('use_sim_time', 'false', 'Take the time from /clock.', ['true', 'false']),
    ('log_level', 'info', 'Least severity that is logged.',
     ['debug', 'info', 'warn', 'error', 'fatal']),
    ('autostart', 'true', 'Configure and activate the nodes at once.', ['true', 'false']),
    ('use_respawn', 'false', 'Start a process again when it ends.', ['true', 'false']),
    ('respawn_delay', '2.0', 'Seconds before it is started again.', None),
    ('events_topic', 'event_camera/events', 'Topic of the event packets in each namespace.', None),
    ('image_topic', 'camera/image_raw', 'Topic of the camera in each namespace.', None),
    ('thermal_topic', 'thermal/image_raw', 'Topic of the thermal camera in each namespace.', None),
    ('bundle', '', 'Folder of the bundle; empty takes the one that ships.', None),
    ('engine', 'auto', 'Back end that runs the network.', None),
    ('driver', 'none', 'Driver of the cameras that is started beside the nodes.',
     ['metavision', 'libcaer', 'none']),
    ('device_type', 'davis', 'Device of driver:=libcaer, davis or dvxplorer.', None),
    ('driver_params_file', '', 'YAML file with further parameters of the drivers.', None),
)
OWN = ('left', 'right', 'left_serial', 'right_serial', 'one_process')


def _both(context: LaunchContext) -> list[Action]:
    value = {name: LaunchConfiguration(name).perform(context) for name, *_ in ARGUMENTS}
    together = value['one_process'] == 'true'
    share = Path(get_package_share_directory('eventsam_ros'))
    ours = share / 'config' / value['params_file']
    if not Path(value['params_file']).is_file() and ours.is_file():
        value['params_file'] = str(ours)
    shared = {name: text for name, text in value.items() if name not in OWN}
    one = share / 'launch' / 'segment.launch.py'
    sides: list[Action] = [GroupAction([IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(one)), launch_arguments={
            **shared, 'namespace': value[side], 'serial': value[f'{side}_serial'],
            'frame_id': f'{value[side]}_event_camera', 'segment': str(not together).lower(),
        }.items())]) for side in ('left', 'right')]
    return [*sides, _process(value)] if together else sides


def _process(value: dict[str, str]) -> Action:
    return Node(
        package='eventsam_ros',
        executable='segment_node',
        output='screen',
        respawn=value['use_respawn'] == 'true',
        respawn_delay=float(value['respawn_delay']),
        parameters=[ParameterFile(value['params_file'], allow_substs=True), {
            'use_sim_time': value['use_sim_time'] == 'true',
            'autostart': value['autostart'] == 'true',
            'bundle': value['bundle'], 'engine': value['engine']}],
        arguments=['--namespaces', value['left'], value['right'], '--ros-args', '--log-level',
                   value['log_level']],
        remappings=[('events', value['events_topic']), ('image', value['image_topic']),
                    ('thermal', value['thermal_topic'])],
    )


def generate_launch_description() -> LaunchDescription:
    """Return both sides and the arguments that they can be given."""
    share = Path(get_package_share_directory('eventsam_ros'))
    defaults = {'params_file': str(share / 'config' / 'segment.yaml')}
    declared = [
        DeclareLaunchArgument(name, default_value=defaults.get(name, default),
                              description=description, choices=choices)
        for name, default, description, choices in ARGUMENTS]
    return LaunchDescription([
        SetEnvironmentVariable('RCUTILS_LOGGING_BUFFERED_STREAM', '1'), *declared,
        OpaqueFunction(function=_both)])
