# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Start segment_node, and the camera's driver where one is asked for.

`--show-args` after the name of this file lists the arguments. One camera of Prophesee's:
`ros2 launch eventsam_ros segment.launch.py driver:=metavision`. Two cameras:
two_cameras.launch.py. Other tasks by their bundle and the parameters for it:
`bundle:=runs/rgbt params_file:=rgbt.yaml`, and likewise referring.yaml and panoramic.yaml.
"""

from pathlib import Path

from ament_index_python.packages import PackageNotFoundError, get_package_share_directory
from launch import Action, LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable
from launch.conditions import IfCondition
from launch.logging import get_logger
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode, Node
from launch_ros.parameter_descriptions import ParameterFile, ParameterValue

ARGUMENTS = (
    ('namespace', '', 'Namespace of the nodes; one for each camera.', None),
    ('params_file', '', 'YAML file with parameters, or the name of one in config/.', None),
    ('use_sim_time', 'false', 'Take the time from /clock.', ['true', 'false']),
    ('log_level', 'info', 'Least severity that is logged.',
     ['debug', 'info', 'warn', 'error', 'fatal']),
    ('autostart', 'true', 'Configure and activate the node at once.', ['true', 'false']),
    ('use_respawn', 'false', 'Start a process again when it ends.', ['true', 'false']),
    ('respawn_delay', '2.0', 'Seconds before it is started again.', None),
    ('events_topic', 'event_camera/events', 'Topic of the event packets.', None),
    ('image_topic', 'camera/image_raw', 'Topic of the colour camera.', None),
    ('thermal_topic', 'thermal/image_raw', 'Topic of the thermal camera.', None),
    ('bundle', '', 'Folder of the bundle; empty takes the one that ships.', None),
    ('engine', 'auto', 'Back end that runs the network.', None),
    ('segment', 'true', 'Start segment_node; false for the driver alone.', ['true', 'false']),
    ('driver', 'none', 'Driver of the camera that is started beside the node.',
     ['metavision', 'libcaer', 'none']),
    ('serial', '', 'Serial number of the camera; empty takes the one that is there.', None),
    ('frame_id', 'event_camera', 'Frame of the sensor.', None),
    ('device_type', 'davis', 'Device of driver:=libcaer, davis or dvxplorer.', None),
    ('driver_params_file', '', 'YAML file with further parameters of the driver.', None),
)

# Package, and its parameters with the arguments of this file that set them. Both packages have
# an executable driver_node that publishes ~/events, a packet a millisecond.
DRIVERS = {
    'metavision': ('metavision_driver', {'frame_id': 'frame_id'}),
    'libcaer': ('libcaer_driver', {'camera_frame_id': 'frame_id', 'device_type': 'device_type'}),
}


def _driver(context: LaunchContext) -> list[Action]:
    value = {name: LaunchConfiguration(name).perform(context) for name, *_ in ARGUMENTS}
    if value['driver'] == 'none':
        return []
    package, parameters = DRIVERS[value['driver']]
    try:
        get_package_share_directory(package)
    except PackageNotFoundError:
        get_logger('segment.launch').error(
            f'driver:={value["driver"]} needs the package {package}, which is not installed; '
            f'install ros-$ROS_DISTRO-{package.replace("_", "-")}, or start the camera yourself '
            f'with its events on {value["events_topic"]}')
        return []
    shared = {'event_message_time_threshold': 1.0e-3,
              'serial': ParameterValue(value['serial'], value_type=str)}
    further = [value['driver_params_file']] if value['driver_params_file'] else []
    return [Node(
        package=package,
        executable='driver_node',
        name='event_camera',
        namespace=value['namespace'],
        output='screen',
        respawn=value['use_respawn'] == 'true',
        respawn_delay=float(value['respawn_delay']),
        parameters=[{**shared, **{k: value[name] for k, name in parameters.items()}}, *further],
        remappings=[('~/events', value['events_topic'])],
    )]


def _params_file(context: LaunchContext) -> str:
    """Return the file itself, or that of its name among those that come along."""
    given = LaunchConfiguration('params_file').perform(context)
    ours = Path(get_package_share_directory('eventsam_ros')) / 'config' / given
    return str(ours) if not Path(given).is_file() and ours.is_file() else given


def _node(context: LaunchContext) -> list[Action]:
    value = {name: LaunchConfiguration(name) for name, *_ in ARGUMENTS}
    return [LifecycleNode(
        package='eventsam_ros',
        executable='segment_node',
        name='segment_node',
        namespace=value['namespace'],
        output='screen',
        respawn=value['use_respawn'],
        respawn_delay=float(value['respawn_delay'].perform(context)),
        parameters=[
            ParameterFile(_params_file(context), allow_substs=True),
            {
                'use_sim_time': ParameterValue(value['use_sim_time'], value_type=bool),
                'autostart': ParameterValue(value['autostart'], value_type=bool),
                'bundle': ParameterValue(value['bundle'], value_type=str),
                'engine': ParameterValue(value['engine'], value_type=str),
            },
        ],
        arguments=['--ros-args', '--log-level', value['log_level']],
        remappings=[('events', value['events_topic']), ('image', value['image_topic']),
                    ('thermal', value['thermal_topic'])],
    )]


def generate_launch_description() -> LaunchDescription:
    """Return the nodes and the arguments that they can be given."""
    share = Path(get_package_share_directory('eventsam_ros'))
    defaults = {'params_file': str(share / 'config' / 'segment.yaml')}
    declared = [
        DeclareLaunchArgument(name, default_value=defaults.get(name, default),
                              description=description, choices=choices)
        for name, default, description, choices in ARGUMENTS]
    return LaunchDescription([
        SetEnvironmentVariable('RCUTILS_LOGGING_BUFFERED_STREAM', '1'), *declared,
        OpaqueFunction(function=_driver),
        OpaqueFunction(function=_node, condition=IfCondition(LaunchConfiguration('segment')))])
