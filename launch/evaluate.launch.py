# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Evaluate a recording with ground truth, live over DDS or offline, and write the report."""

from launch import Action, LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, EmitEvent, OpaqueFunction, RegisterEventHandler
from launch.event_handlers import OnProcessExit
from launch.events import Shutdown
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

ARGUMENTS = (
    ('recording', None, 'Recording or dataset folder.', None),
    ('output', 'evaluation', 'Folder for metrics.json, frames.csv and report.html.', None),
    ('bundle', '', 'Folder of the bundle; empty takes the one that ships.', None),
    ('ground_truth', '', 'Folder of label pictures, for a recording that has none.', None),
    ('live', 'true', 'Play it into the real node over DDS; false: every frame in turn.',
     ['true', 'false']),
)


def _evaluate(context: LaunchContext) -> list[Action]:
    value = {name: LaunchConfiguration(name).perform(context) for name, *_ in ARGUMENTS}
    arguments = [value['recording'], '--output', value['output']]
    if value['live'] == 'true':
        arguments.append('--live')
    for name in ('bundle', 'ground_truth'):
        if value[name]:
            arguments += [f'--{name.replace("_", "-")}', value[name]]
    process = Node(package='eventsam_ros', executable='evaluate', output='screen',
                   arguments=arguments)
    return [process, RegisterEventHandler(OnProcessExit(
        target_action=process, on_exit=[EmitEvent(event=Shutdown(reason='evaluated'))]))]


def generate_launch_description() -> LaunchDescription:
    """Return the evaluation and the arguments that it can be given."""
    declared = [DeclareLaunchArgument(name, description=description, choices=choices, **(
        {} if default is None else {'default_value': default}))
        for name, default, description, choices in ARGUMENTS]
    return LaunchDescription([*declared, OpaqueFunction(function=_evaluate)])
