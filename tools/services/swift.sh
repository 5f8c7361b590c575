# OpenStack Swift with its s3api, one device, one replica: an S3-compatible server for tests, from Debian.
# shellcheck shell=bash
SWIFT=$SERVICES/swift
SWIFT_SERVERS="account container object"
S3_BUCKET=chiasm-test
S3_KEY=test:tester
S3_SECRET=testing

# Swift keeps the metadata of an object in extended attributes; not every file system has them.
swift_attributes() {
  "$PYTHON" - "$SWIFT" <<'PY' || fail "the file system of $SWIFT has no extended attributes, which Swift needs"
import os, sys
path = os.path.join(sys.argv[1], "attribute-probe")
open(path, "w").close()
os.setxattr(path, "user.swift.metadata", b"x" * 254)
os.remove(path)
PY
}

swift_server_conf() {
  cat >"$SWIFT/$1.conf" <<CONF
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $2
workers = 0
user = $(id -un)
swift_dir = $SWIFT
devices = $SWIFT/devices
mount_check = false
log_level = WARNING
[pipeline:main]
pipeline = $1-server
[app:$1-server]
use = egg:swift#$1
CONF
}

swift_proxy_conf() {
  cat >"$SWIFT/proxy.conf" <<CONF
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $1
workers = 0
user = $(id -un)
swift_dir = $SWIFT
log_level = WARNING
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache listing_formats s3api tempauth slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:$2
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
dns_compliant_bucket_names = true
check_bucket_owner = false
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = $S3_SECRET .admin
[filter:slo]
use = egg:swift#slo
CONF
}

swift_ring() {
  local kind=$1 port=$2
  [ -s "$SWIFT/$kind.ring.gz" ] && [ "$(cat "$SWIFT/$kind.ring.port" 2>/dev/null)" = "$port" ] && return
  rm -f "$SWIFT/$kind.builder" "$SWIFT/$kind.ring.gz"
  (cd "$SWIFT" &&
    swift-ring-builder "$kind.builder" create 4 1 1 &&
    swift-ring-builder "$kind.builder" add "r1z1-127.0.0.1:$port/d1" 1 &&
    swift-ring-builder "$kind.builder" rebalance) >"$SERVICES/rings.log" 2>&1 || fail "no ring; see $SERVICES/rings.log"
  echo "$port" >"$SWIFT/$kind.ring.port"
}

swift_configure() {
  mkdir -p "$SWIFT/devices/d1"
  swift_attributes
  [ -s "$SWIFT/swift.conf" ] || cat >"$SWIFT/swift.conf" <<CONF
[swift-hash]
swift_hash_path_prefix = chiasm
swift_hash_path_suffix = tests
[storage-policy:0]
name = only
default = yes
CONF
  local kind number=58182
  for kind in $SWIFT_SERVERS; do
    swift_server_conf "$kind" "$(port "swift-$kind" $number)"
    swift_ring "$kind" "$(port "swift-$kind" $number)"
    number=$((number + 1))
  done
  swift_proxy_conf "$1" "$2"
}

swift_up() {
  install swift-proxy-server swift-proxy swift-account swift-container swift-object memcached
  install memcached memcached
  local kind port cache
  port=$(port swift-proxy 58180) && cache=$(port memcached 58181)
  mkdir -p "$SWIFT"
  if ! { alive swift-proxy && curl -fs "http://127.0.0.1:$port/healthcheck" >/dev/null; }; then
    swift_configure "$port" "$cache"
    launch memcached memcached -l 127.0.0.1 -p "$cache" -m 64 -u "$(id -un)"
    for kind in $SWIFT_SERVERS; do launch "swift-$kind" "swift-$kind-server" "$SWIFT/$kind.conf"; done
    launch swift-proxy swift-proxy-server "$SWIFT/proxy.conf"
    answers 40 curl -fs "http://127.0.0.1:$port/healthcheck" || fail "Swift did not start; see $SERVICES/swift-*.log"
  fi
  answers 30 "$PYTHON" "$ROOT/tools/services/bucket.py" "http://127.0.0.1:$port" "$S3_BUCKET" "$S3_KEY" "$S3_SECRET" ||
    fail "Swift makes no bucket; see $SERVICES/swift-*.log"
  cat >>"$ENV_FILE.new" <<ENV
CHIASM_TEST_S3=http://127.0.0.1:$port
CHIASM_TEST_S3_BUCKET=$S3_BUCKET
CHIASM_TEST_S3_KEY=$S3_KEY
CHIASM_TEST_S3_SECRET=$S3_SECRET
CHIASM_TEST_S3_REGION=us-east-1
ENV
}

swift_down() {
  local name
  for name in swift-proxy swift-object swift-container swift-account memcached; do halt "$name" & done
  wait
}
