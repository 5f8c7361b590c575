#!/usr/bin/env bash
# Compiles the lock files anew, with hashes, for Python 3.11 on Linux: requirements/README.md says which.
# Names of registries are left out, so that the files serve behind any mirror.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --quiet --disable-pip-version-check install -r requirements/lock.in

compile() {
  "$folder/venv/bin/uv" pip compile --quiet --generate-hashes --no-header --no-annotate \
    --python-version 3.11 --python-platform linux --output-file "$@"
}
compile requirements/run.lock pyproject.toml
compile requirements/dev.lock pyproject.toml --extra dev requirements/build.in
compile requirements/tables.lock requirements/tables.in
