# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""List the bundles at hand, verify one, show what is in it, or compile its engines."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eventsam_ros.inference.opening import AnyBundle


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be done with bundles."""
    actions = parser.add_subparsers(dest='action', required=True, metavar='ACTION')
    actions.add_parser('list', help='bundles that ship with the package')
    for name, text in (('verify', 'check files, checksums and graphs'),
                       ('inspect', 'show the manifest')):
        action = actions.add_parser(name, help=text)
        _add_path(action)
    build = actions.add_parser('build-engine', help='compile its graphs with TensorRT')
    _add_path(build)
    build.add_argument(
        '--capability', nargs='+', default=[], metavar='SM86',
        help='compute capabilities to build for (TensorRT for RTX; default: the GPU of this '
             'machine)')
    build.add_argument('--precision', choices=('fp16', 'fp32'), default='fp16',
                       help='arithmetic; fp16 keeps norms and softmax in fp32 (default: fp16)')
    build.add_argument('--cache', type=Path, help='folder of the engines, as the parameter '
                       'engine_cache of the node (default: ~/.cache/eventsam_ros/engines)')


def _add_path(action: argparse.ArgumentParser) -> None:
    action.add_argument('path', type=Path, nargs='?', help='folder (default: what ships)')


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked and print it."""
    from eventsam_ros.inference.all_graphs import open_all
    from eventsam_ros.inference.bundle import MANIFEST_NAME, default_bundle_path
    from eventsam_ros.inference.opening import load_any, task_of
    from eventsam_ros.inference.referring_bundle import ReferringBundle, checked_words
    if arguments.action == 'list':
        folders = sorted(p.parent for p in default_bundle_path().parent.glob(f'*/{MANIFEST_NAME}'))
        for folder in folders:
            manifest = load_any(folder).manifest
            print(f'{folder.name}: {manifest.name}, task {task_of(folder)}, input '
                  f'{manifest.width}x{manifest.height}, licence {manifest.licence}, {folder}')
        if not folders:
            print('no bundle ships with this package')
        return 0
    bundle = load_any(arguments.path)
    if arguments.action == 'inspect':
        print((bundle.path / MANIFEST_NAME).read_text('utf-8'), end='')
        return 0
    if arguments.action == 'build-engine':
        return _build(bundle, arguments)
    if isinstance(bundle, ReferringBundle):
        checked_words(bundle)
    for engine in open_all(bundle, 'onnxruntime'):
        engine.close()
    print(f'{bundle.path} is whole: files, checksums and graphs check out')
    return 0


def _build(bundle: AnyBundle, arguments: argparse.Namespace) -> int:
    from eventsam_ros.inference.ahead import build_ahead
    from eventsam_ros.inference.bundle import Bundle
    from eventsam_ros.inference.engines import EngineOptions
    options = EngineOptions(arguments.precision, arguments.cache, tell=print)
    for each in build_ahead(bundle, options, arguments.capability):
        print(f'{each.graph} for {each.target}: {"built" if each.built else "was there"}, '
              f'{each.path.stat().st_size / 1e6:.1f} MB, {each.path}')
    if arguments.capability and isinstance(bundle, Bundle):
        print('masks are compared with ONNX Runtime when the engines are first loaded')
    return 0
