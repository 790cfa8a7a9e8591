#!/usr/bin/env bash
# Whose the files of an installed leash are. The primary is root without root's powers, workers have
# nothing, the viewer reads the log and replaces policy files. Run by setup.sh and at each start.
#
# The policy's folder is root's and sticky: the viewer, which decodes hostile bytes, replaces the
# policy's files, which are its own, and makes none that root would take for its own.
#
# own-files.sh [VIEWER GROUP]: given for containers, whose users are numbers, and whose other files are in
# volumes.
set -eu

viewer=${1-leash-viewer}
group=${2-leash-viewer}

if [ -d /etc/leash ]; then
  chown root:"$group" /etc/leash
  chmod 1770 /etc/leash
  # The viewer writes here and may run, and root must not be led astray: root gives away what is not
  # the viewer's yet, which it cannot replace, and the rest is done as the viewer.
  policy=(-maxdepth 1 -type f -links 1 '(' -name '*.yaml' -o -name mode ')')
  find /etc/leash "${policy[@]}" ! -user "$viewer" -exec chown -h "$viewer:$group" {} +
  as_viewer=(setpriv --reuid "$viewer" --regid "$group" --clear-groups)
  find /etc/leash "${policy[@]}" -user "$viewer" ! -group "$group" \
    -exec "${as_viewer[@]}" chgrp "$group" {} +
  find /etc/leash "${policy[@]}" -user "$viewer" ! -perm 640 -exec "${as_viewer[@]}" chmod 640 {} +
fi
if [ $# -gt 0 ]; then exit; fi
if [ -d /var/lib/leash ]; then
  chown root:root /var/lib/leash
  chmod 755 /var/lib/leash
fi
if [ -d /var/log/leash ]; then
  # The group of the folder goes to each new segment.
  chown root:"$group" /var/log/leash
  chmod 2750 /var/log/leash
  find /var/log/leash -maxdepth 1 -type f -links 1 -name 'egress*' \
    -exec chown -h root:"$group" {} + -exec chmod 640 {} +
fi
