#!/usr/bin/env bash
# Starts leash by the very lines of its unit, with the settings, the capabilities and the groups that
# the unit names, waits as systemd does, runs "$@", and stops leash. For where no systemd runs.
set -eu
unit=/etc/systemd/system/leash.service
cd /

line_of() { sed -n "s/^$1=+\{0,1\}//p" "$unit"; }

set -a
# shellcheck source=/dev/null
. "$(line_of EnvironmentFile)"
set +a
# Paths without blanks, split as systemd does.
read -ra before <<<"$(line_of ExecStartPre)"
read -ra start <<<"$(line_of ExecStart)"
"${before[@]}"
kept=$(line_of CapabilityBoundingSet | tr '[:upper:]' '[:lower:]' | sed 's/cap_/+/g; s/ /,/g')
setpriv --bounding-set="-all,$kept" --inh-caps=-all --no-new-privs \
  --groups "$(id -g "$(line_of SupplementaryGroups)")" "${start[@]}" >/tmp/leash.out 2>&1 &
MAINPID=$!
after=$(line_of ExecStartPost)
# shellcheck disable=SC2016
read -ra after <<<"${after//'${MAINPID}'/$MAINPID}"
if ! "${after[@]}"; then
  cat /tmp/leash.out >&2
  exit 1
fi
code=0
"$@" || code=$?
kill "$MAINPID"
wait "$MAINPID"
exit "$code"
