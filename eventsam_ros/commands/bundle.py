# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""List the bundles at hand, verify one, or show what is in it."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the three things that can be done with bundles."""
    actions = parser.add_subparsers(dest='action', required=True, metavar='ACTION')
    actions.add_parser('list', help='bundles that ship with the package')
    for name, text in (('verify', 'check files, checksums and graphs'),
                       ('inspect', 'show the manifest')):
        action = actions.add_parser(name, help=text)
        action.add_argument('path', type=Path, nargs='?', help='folder (default: what ships)')


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked and print it."""
    from eventsam_ros.inference.bundle import MANIFEST_NAME, default_bundle_path, load_bundle
    from eventsam_ros.inference.graphs import open_engines
    if arguments.action == 'list':
        folders = sorted(p.parent for p in default_bundle_path().parent.glob(f'*/{MANIFEST_NAME}'))
        for folder in folders:
            manifest = load_bundle(folder).manifest
            print(f'{folder.name}: {manifest.name}, task {manifest.task}, input '
                  f'{manifest.width}x{manifest.height}, licence {manifest.licence}, {folder}')
        if not folders:
            print('no bundle ships with this package')
        return 0
    bundle = load_bundle(arguments.path)
    if arguments.action == 'inspect':
        print((bundle.path / MANIFEST_NAME).read_text('utf-8'), end='')
        return 0
    for engine in open_engines(bundle):
        engine.close()
    print(f'{bundle.path} is whole: files, checksums and graphs check out')
    return 0
