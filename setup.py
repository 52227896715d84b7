# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Build rules of the ament_python package."""

from pathlib import Path

from setuptools import find_packages, setup

PACKAGE = 'eventsam_ros'


def shared(folder: str, pattern: str, *more: str) -> tuple[str, list[str]]:
    """Return where the files of a folder are installed, and the files."""
    files = [*(str(path) for path in Path(folder).glob(pattern)), *more]
    return f'share/{PACKAGE}/{folder}', sorted(files)


setup(
    name=PACKAGE,
    version='0.1.0',
    packages=find_packages(include=[PACKAGE, f'{PACKAGE}.*']),
    package_data={PACKAGE: [
        'bundles/*/*', 'nodes/fastdds.xml', 'evaluation/report/*.j2', 'evaluation/report/*.json',
        'benchmark/*.json']},
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{PACKAGE}']),
        (f'share/{PACKAGE}', ['package.xml']),
        shared('launch', '*.launch.py'),
        shared('config', '*.yaml', f'{PACKAGE}/nodes/fastdds.xml'),
        shared('rviz', '*.rviz'),
        shared('deploy', '*'),
    ],
    install_requires=['setuptools'],
    zip_safe=False,  # numba caches beside its sources, and bundles are read as files
    maintainer='The eventsam_ros authors',
    maintainer_email='eventsam_ros@users.noreply.github.com',
    description='Segmentation masks from event cameras on a live ROS 2 graph.',
    license='Apache-2.0',
    extras_require={'test': ['pytest', 'hypothesis'], 'aedat4': ['aedat']},
    entry_points={
        'console_scripts': [
            'segment_node = eventsam_ros.__main__:segment_node',
            'replay_node = eventsam_ros.__main__:replay_node',
            'demo = eventsam_ros.__main__:demo',
            'evaluate = eventsam_ros.__main__:evaluate',
            'simulate = eventsam_ros.__main__:simulate',
            'benchmark = eventsam_ros.__main__:benchmark',
            'bundle = eventsam_ros.__main__:bundle',
        ],
    },
)
