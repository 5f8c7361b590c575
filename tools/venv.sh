#!/usr/bin/env bash
# Makes a virtual environment and installs a lock file into it: tools/venv.sh FOLDER LOCKFILE.
# Works with or without Debian's python3-venv: where ensurepip is missing, the system's pip serves.
set -euo pipefail
folder=$1 lock=$2

python=
for candidate in "${PYTHON:-}" python3.11 python3 python3.12 python3.13; do
  [ -n "$candidate" ] && command -v "$candidate" >/dev/null || continue
  if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$candidate
    break
  fi
done
if [ -z "$python" ]; then
  echo "Python 3.11 or newer is needed: apt install python3 python3-venv python3-pip" >&2
  exit 1
fi

if ! "$folder/bin/python" -c '' 2>/dev/null; then
  if "$python" -c 'import ensurepip' 2>/dev/null; then
    "$python" -m venv "$folder"
  elif ! "$python" -m venv --without-pip "$folder"; then
    echo "Python cannot make virtual environments here: apt install python3-venv" >&2
    exit 1
  fi
fi

options=(--quiet --disable-pip-version-check)
if "$folder/bin/python" -c 'import pip' 2>/dev/null; then
  pip=("$folder/bin/python" -m pip "${options[@]}" install)
elif "$python" -c 'import pip' 2>/dev/null; then
  pip=("$python" -m pip "${options[@]}" --python "$folder/bin/python" install)
else
  echo "There is no pip: apt install python3-venv python3-pip" >&2
  exit 1
fi

"${pip[@]}" --require-hashes -r "$lock"
shift 2
[ $# -eq 0 ] || "${pip[@]}" "$@"
