# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Start segment_node; `--show-args` after the name of this file lists the arguments."""

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, SetEnvironmentVariable
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode
from launch_ros.parameter_descriptions import ParameterFile, ParameterValue

ARGUMENTS = (
    ('namespace', '', 'Namespace of the node; one for each camera.', None),
    ('params_file', '', 'YAML file with parameters.', None),
    ('use_sim_time', 'false', 'Take the time from /clock.', ['true', 'false']),
    ('log_level', 'info', 'Least severity that is logged.',
     ['debug', 'info', 'warn', 'error', 'fatal']),
    ('autostart', 'true', 'Configure and activate the node at once.', ['true', 'false']),
    ('use_respawn', 'false', 'Start the node again when it ends.', ['true', 'false']),
    ('events_topic', 'event_camera/events', 'Topic of the event packets.', None),
    ('image_topic', 'camera/image_raw', 'Topic of the camera, for window.policy frame.', None),
    ('bundle', '', 'Folder of the bundle; empty takes the one that ships.', None),
    ('engine', 'auto', 'Back end that runs the network.', ['auto', 'onnxruntime']),
)


def generate_launch_description() -> LaunchDescription:
    """Return the node and the arguments that it can be given."""
    share = Path(get_package_share_directory('eventsam_ros'))
    defaults = {'params_file': str(share / 'config' / 'segment.yaml')}
    declared = [
        DeclareLaunchArgument(name, default_value=defaults.get(name, default),
                              description=description, choices=choices)
        for name, default, description, choices in ARGUMENTS]
    value = {name: LaunchConfiguration(name) for name, *_ in ARGUMENTS}
    node = LifecycleNode(
        package='eventsam_ros',
        executable='segment_node',
        name='segment_node',
        namespace=value['namespace'],
        output='screen',
        respawn=value['use_respawn'],
        respawn_delay=2.0,
        parameters=[
            ParameterFile(value['params_file'], allow_substs=True),
            {
                'use_sim_time': ParameterValue(value['use_sim_time'], value_type=bool),
                'autostart': ParameterValue(value['autostart'], value_type=bool),
                'bundle': ParameterValue(value['bundle'], value_type=str),
                'engine': ParameterValue(value['engine'], value_type=str),
            },
        ],
        arguments=['--ros-args', '--log-level', value['log_level']],
        remappings=[('events', value['events_topic']), ('image', value['image_topic'])],
    )
    return LaunchDescription([
        SetEnvironmentVariable('RCUTILS_LOGGING_BUFFERED_STREAM', '1'), *declared, node])
