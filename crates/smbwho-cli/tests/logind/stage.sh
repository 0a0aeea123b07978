#!/bin/sh
# Runs a command where a real systemd-logind keeps a session of alice: on a bus
# of its own, in a mount namespace of its own with an empty /run. As root:
#   unshare --mount stage.sh COMMAND…
set -eu
mount -t tmpfs none /run
for folder in system seats sessions users inhibit; do
    mkdir -p "/run/systemd/$folder"
done
mkdir -p /run/dbus /run/user
cat >/run/bus.conf <<END
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_type="method_call"/>
    <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
  </policy>
</busconfig>
END
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/dbus/system_bus_socket
dbus-daemon --config-file=/run/bus.conf --nofork >/run/log 2>&1 &
bus=$!
tries=0
until [ -S /run/dbus/system_bus_socket ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] || { cat /run/log; exit 99; }
    sleep 0.1
done
/usr/lib/systemd/systemd-logind >>/run/log 2>&1 &
logind=$!
status=0
/usr/bin/python3 "$(dirname "$0")/session.py" "$@" || status=$?
kill "$logind" "$bus"
[ "$status" = 0 ] || cat /run/log
exit "$status"
