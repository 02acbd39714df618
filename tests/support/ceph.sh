#!/usr/bin/env bash
# A throw-away Ceph RADOS Gateway (a real S3 store) for tests: everything in one folder and in memory, on loopback only.
#
#   ceph.sh start | stop | status | wipe               the whole store
#   ceph.sh gw-kill | gw-start                         the gateway dies and comes back; data survives
#   ceph.sh gw-pause | gw-resume                       the gateway accepts connections and never answers
#
# S3_DIR       folder of its own, required         S3_PORT      port of the S3 endpoint, required
# S3_MON_PORT  port of the monitor, required for start; the OSD takes free ones of the 100 after it
# S3_ACCESS_KEY, S3_SECRET_KEY, S3_USER_KEY, S3_USER_SECRET   two users without rights on each other's buckets
#
# Debian: apt-get install -y --no-install-recommends radosgw ceph-mon ceph-osd
set -euo pipefail
unset CEPH_ARGS

: "${S3_DIR:?S3_DIR must name a folder}"
: "${S3_PORT:?S3_PORT must be a free port}"
ACCESS_KEY=${S3_ACCESS_KEY:-testadmin}
SECRET_KEY=${S3_SECRET_KEY:-testadminsecret}
USER_KEY=${S3_USER_KEY:-testuser}
USER_SECRET=${S3_USER_SECRET:-testusersecret}
URL="http://127.0.0.1:$S3_PORT"
STARTUP_LOG="$S3_DIR/log/startup.log"
export CEPH_CONF="$S3_DIR/ceph.conf"

fail() {
  echo "ceph.sh: $*" >&2
  exit 1
}

# The pid of one of our daemons, if it runs. Its command line must name our pid file: a pid alone may be reused.
pid_of() {
  local file="$S3_DIR/run/$1.pid" pid
  pid=$(cat "$file" 2>/dev/null) || return 1
  [ -n "$pid" ] && tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF -- "$file" && echo "$pid"
}

kill_daemon() {
  local pid
  pid=$(pid_of "$1") || return 0
  kill -CONT "$pid" 2>/dev/null || true
  kill -KILL "$pid" 2>/dev/null || true
  for _ in $(seq 200); do
    pid_of "$1" >/dev/null || break
    sleep 0.02
  done
  rm -f "$S3_DIR/run/$1.pid"
}

answers() {
  pid_of radosgw >/dev/null && curl -fsS -m 2 -o /dev/null "$URL/" 2>/dev/null
}

run() {
  "$@" >>"$STARTUP_LOG" 2>&1 || fail "$1 failed, see $STARTUP_LOG"
}

write_config() {
  local fsid=$1 mon_port=$2
  # Auth is off, so messages must not be signed either (ms mon client mode), or the first client waits for ever.
  cat >"$CEPH_CONF" <<CONF
[global]
fsid = $fsid
mon initial members = a
mon host = [v2:127.0.0.1:$mon_port/0]
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
ms bind ipv4 = true
ms bind ipv6 = false
ms bind msgr1 = false
ms bind port min = $((mon_port + 1))
ms bind port max = $((mon_port + 100))
run dir = $S3_DIR/run
pid file = $S3_DIR/run/\$name.pid
admin socket = $S3_DIR/run/\$name.asok
log file = $S3_DIR/log/\$name.log
crash dir = $S3_DIR/log
log to syslog = false
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon max pg per osd = 1000

[mon]
mon data = $S3_DIR/mon
mon cluster log file = $S3_DIR/log/cluster.log
mon data avail warn = 2
mon data avail crit = 1
mon pg warn max object skew = 0
paxos propose interval = 0.05

[osd]
osd data = $S3_DIR/osd
public addr = 127.0.0.1
cluster addr = 127.0.0.1
osd objectstore = memstore
memstore device bytes = ${S3_MEMSTORE_BYTES:-4294967296}
memstore page set = true
memstore page size = 4096
osd class load list = *
osd class default list = *
osd max object name len = 2048
osd op num shards = 2

[client]
rgw data = $S3_DIR/rgw
rgw frontends = beast endpoint=127.0.0.1:$S3_PORT
rgw dns name = localhost
rgw crypt require ssl = false
rgw enable usage log = false
rgw enable ops log = false
rgw num rados handles = 1
rgw thread pool size = 32
rgw gc obj min wait = 5
rgw gc processor period = 5
rgw gc processor max time = 5
debug rgw = 0/0
CONF
}

start() {
  if answers; then
    echo "up $URL"
    return
  fi
  : "${S3_MON_PORT:?S3_MON_PORT must be a free port}"
  stop
  wipe_folder
  mkdir -p "$S3_DIR"/{run,log,mon,osd,rgw}
  local fsid osd
  fsid=$(cat /proc/sys/kernel/random/uuid)
  osd=$(cat /proc/sys/kernel/random/uuid)
  write_config "$fsid" "$S3_MON_PORT"
  run monmaptool --create --clobber --fsid "$fsid" --addv a "[v2:127.0.0.1:$S3_MON_PORT/0]" "$S3_DIR/monmap"
  run ceph-mon -i a --mkfs --monmap "$S3_DIR/monmap"
  run ceph-mon -i a --pid-file "$S3_DIR/run/mon.pid"
  run ceph --connect-timeout 30 osd new "$osd"
  run ceph-osd -i 0 --mkfs --osd-uuid "$osd"
  run ceph-osd -i 0 --pid-file "$S3_DIR/run/osd.pid"
  # Waits for the OSD, and makes pools and zone at its first use.
  run timeout 120 radosgw-admin user create --uid=first --display-name=first \
    --access-key="$ACCESS_KEY" --secret-key="$SECRET_KEY"
  run timeout 120 radosgw-admin user create --uid=second --display-name=second \
    --access-key="$USER_KEY" --secret-key="$USER_SECRET"
  start_gateway
  echo "up $URL"
}

start_gateway() {
  pid_of radosgw >/dev/null || run radosgw -n client.rgw --pid-file "$S3_DIR/run/radosgw.pid"
  # A second on an idle machine; on a busy one, with other tests beside, more than twenty.
  for _ in $(seq 1200); do
    answers && return
    sleep 0.05
  done
  fail "the gateway did not come up, see $S3_DIR/log"
}

# Nothing is worth flushing: the store lives in memory.
stop() {
  kill_daemon radosgw
  kill_daemon osd
  kill_daemon mon
}

# Deletes only a folder that this script has made.
wipe_folder() {
  [ -e "$S3_DIR" ] || return 0
  [ -e "$CEPH_CONF" ] || [ -z "$(ls -A "$S3_DIR")" ] || fail "$S3_DIR holds something else; it is not deleted"
  rm -rf -- "$S3_DIR"
}

signal_gateway() {
  local pid
  pid=$(pid_of radosgw) || fail 'the gateway does not run'
  kill "-$1" "$pid"
}

case ${1:-} in
  start) start ;;
  stop) stop ;;
  status) if answers; then echo "up $URL"; else echo down; exit 3; fi ;;
  wipe) stop; wipe_folder ;;
  gw-kill) kill_daemon radosgw ;;
  gw-start) start_gateway ;;
  gw-pause) signal_gateway STOP ;;
  gw-resume) signal_gateway CONT ;;
  *) fail 'usage: ceph.sh start|stop|status|wipe|gw-kill|gw-start|gw-pause|gw-resume' ;;
esac
