# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""List the bundles at hand, verify one, show what is in it, or compile its engines."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eventsam_ros.inference.bundle import Bundle


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be done with bundles."""
    actions = parser.add_subparsers(dest='action', required=True, metavar='ACTION')
    actions.add_parser('list', help='bundles that ship with the package')
    for name, text in (('verify', 'check files, checksums and graphs'),
                       ('inspect', 'show the manifest')):
        action = actions.add_parser(name, help=text)
        _add_path(action)
    build = actions.add_parser('build-engine', help='compile both graphs with TensorRT')
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
    from eventsam_ros.errors import BundleError
    from eventsam_ros.inference.bundle import (
        MANIFEST_NAME,
        Bundle,
        default_bundle_path,
        load_bundle,
    )
    from eventsam_ros.inference.class_maps import open_graph
    from eventsam_ros.inference.graphs import open_engines
    from eventsam_ros.inference.opening import load_any
    from eventsam_ros.inference.referring_bundle import (
        ReferringBundle,
        checked_words,
        open_referring,
    )
    if arguments.action == 'list':
        folders = sorted(p.parent for p in default_bundle_path().parent.glob(f'*/{MANIFEST_NAME}'))
        for folder in folders:
            manifest = load_bundle(folder).manifest
            print(f'{folder.name}: {manifest.name}, task {manifest.task}, input '
                  f'{manifest.width}x{manifest.height}, licence {manifest.licence}, {folder}')
        if not folders:
            print('no bundle ships with this package')
        return 0
    bundle = load_any(arguments.path)
    if arguments.action == 'inspect':
        print((bundle.path / MANIFEST_NAME).read_text('utf-8'), end='')
        return 0
    if isinstance(bundle, Bundle):
        if arguments.action == 'build-engine':
            return _build(bundle, arguments)
        for engine in open_engines(bundle, 'onnxruntime'):
            engine.close()
    elif isinstance(bundle, ReferringBundle) and arguments.action == 'verify':
        checked_words(bundle)
        for engine in open_referring(bundle, 'onnxruntime'):
            engine.close()
    elif arguments.action == 'build-engine':
        raise BundleError(f'{bundle.path} is no bundle of masks, by which engines are compared; '
                          'its engine is built when it is first run on a GPU')
    elif not isinstance(bundle, ReferringBundle):
        open_graph(bundle.network_path, *bundle.manifest.graph_shapes(), 'onnxruntime').close()
    print(f'{bundle.path} is whole: files, checksums and graphs check out')
    return 0


def _build(bundle: Bundle, arguments: argparse.Namespace) -> int:
    from eventsam_ros.inference.ahead import build_ahead
    from eventsam_ros.inference.engines import EngineOptions
    options = EngineOptions(arguments.precision, arguments.cache, tell=print)
    for each in build_ahead(bundle, options, arguments.capability):
        print(f'{each.graph} for {each.target}: {"built" if each.built else "was there"}, '
              f'{each.path.stat().st_size / 1e6:.1f} MB, {each.path}')
    if arguments.capability:
        print('masks are compared with ONNX Runtime when the engines are first loaded')
    return 0
