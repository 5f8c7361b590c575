#!/usr/bin/env bash
# Stops what up.sh started; the data stay in out/services until it is deleted.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$ROOT/tools/services/postgres.sh"
. "$ROOT/tools/services/swift.sh"
swift_down
postgres_down
rm -f "$ENV_FILE"
