#!/usr/bin/env bash
# Starts PostgreSQL and an S3-compatible server for tests; installs them from Debian where root may.
#
# All data lies in out/services; what runs already is left running. out/services/env says where they answer:
# the tests read it, and `set -a; . out/services/env` gives it to a shell. `down.sh` stops them.
# up.sh [postgres|s3]...: only those named.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$ROOT/tools/services/postgres.sh"
. "$ROOT/tools/services/swift.sh"

mkdir -p "$SERVICES"
exec 9>"$SERVICES/lock"
flock 9
: >"$ENV_FILE.new"
status=0
for service in ${*:-postgres s3}; do
  case $service in
    postgres) (postgres_up 9>&-) || status=1 ;;
    s3) (swift_up 9>&-) || status=1 ;;
    *) fail "there is no service $service: postgres, s3" ;;
  esac
done
# A service that was not asked for this time keeps what was written of it before.
"$PYTHON" - "$ENV_FILE" <<'PY'
import os, sys
path = sys.argv[1]
lines = {}
for name in (path, path + ".new"):
    if os.path.exists(name):
        with open(name) as file:
            lines.update(line.rstrip("\n").split("=", 1) for line in file if "=" in line)
with open(path + ".whole", "w") as file:
    file.writelines(f"{key}={value}\n" for key, value in lines.items())
os.replace(path + ".whole", path)
os.remove(path + ".new")
PY
cat "$ENV_FILE"
exit $status
