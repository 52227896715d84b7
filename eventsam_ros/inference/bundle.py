# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A bundle: the folder that training writes and inference runs."""

from __future__ import annotations

from dataclasses import dataclass
import hashlib
from pathlib import Path

from eventsam_ros.errors import BundleError

from .manifest import Manifest, read_manifest

MANIFEST_NAME = 'bundle.yaml'
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Bundle:
    """A bundle whose manifest and files have been checked.

    Attributes:
        path: The folder.
        manifest: What its `bundle.yaml` says.
    """

    path: Path
    manifest: Manifest

    @property
    def encoder_path(self) -> Path:
        """Return the encoder's ONNX file."""
        return self.path / self.manifest.files['encoder'].path

    @property
    def decoder_path(self) -> Path:
        """Return the decoder's ONNX file."""
        return self.path / self.manifest.files['decoder'].path


def default_bundle_path() -> Path:
    """Return the folder of the bundle that ships with the package."""
    return Path(__file__).parent.parent / 'bundles' / 'default'


def with_home(path: Path | str) -> Path:
    """Return a path whose ~ is read as a home folder; as it is where none is known."""
    try:
        return Path(path).expanduser()
    except RuntimeError:   # ~somebody whom the machine does not know
        return Path(path)


def manifest_path(path: Path | str) -> Path:
    """Return the `bundle.yaml` of a folder, or the file itself.

    Raises:
        BundleError: There is none, or it cannot be read.
    """
    folder = with_home(path)
    if folder.name == MANIFEST_NAME:
        folder = folder.parent
    try:
        if not folder.is_dir():
            raise BundleError(f'there is no bundle at {folder}; give the folder that holds '
                              f'{MANIFEST_NAME}')
        if not (folder / MANIFEST_NAME).is_file():
            raise BundleError(f'{folder} is not a bundle: it holds no {MANIFEST_NAME}')
    except OSError as error:   # a folder of somebody else, a name that is too long
        raise BundleError(f'bundle {folder} cannot be read: {error}') from error
    return folder / MANIFEST_NAME


def load_bundle(path: Path | str | None = None) -> Bundle:
    """Read a bundle and check that it is whole.

    The shapes inside the ONNX files are checked where they are opened, in `open_engines`.

    Args:
        path: The folder, or its `bundle.yaml`; None is the default bundle.

    Returns:
        The bundle, every file present and its checksum met.

    Raises:
        BundleError: Something is missing, altered, or made for another release; the sentence
            says what, and what to do.
    """
    file = manifest_path(default_bundle_path() if path is None else path)
    manifest = read_manifest(file)
    for entry in manifest.files.values():
        check_file(file.parent / entry.path, entry.size, entry.sha256)
    return Bundle(file.parent, manifest)


def check_file(path: Path, size: int, sha256: str) -> None:
    """Check that a file of a bundle is there and as it was written.

    Raises:
        BundleError: It is missing, cannot be read, or differs; the sentence says what to do.
    """
    again = 'fetch or export the bundle again'
    try:
        if not path.is_file():
            raise BundleError(f'{path} is missing; {again}')
        actual = path.stat().st_size
        if actual != size:
            raise BundleError(
                f'{path} has {actual} bytes where the manifest says {size}; {again}')
        digest = hashlib.sha256()
        with path.open('rb') as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise BundleError(f'{path} cannot be read: {error}') from error
    if digest.hexdigest() != sha256:
        raise BundleError(f'{path} does not have the checksum in the manifest; {again}')
