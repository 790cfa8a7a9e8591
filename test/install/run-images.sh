#!/usr/bin/env bash
# Runs the two images $PROXY and $VIEWER side by side with volumes below $WORK, as podman would: their own
# users, read-only, without capabilities. For machines where podman builds and may not run. In mount,
# process and network namespaces of its own, which end with it.
# shellcheck disable=SC2153,SC2016
set -eu
ip link set lo up

# As podman fills volumes: with what the image has there.
proxy_root=$(podman image mount "$PROXY")
viewer_root=$(podman image mount "$VIEWER")
for place in etc/leash var/lib/leash logs; do
  mkdir -p "$WORK/$(dirname "$place")"
  cp -a "$proxy_root/$place" "$WORK/$place"
done

# enter ROOT IMAGE COMMAND...
enter() {
  local root=$1 image=$2 user
  shift 2
  user=$(podman image inspect -f '{{.Config.User}}' "$image")
  mapfile -t variables < <(podman image inspect -f '{{range .Config.Env}}{{println .}}{{end}}' "$image" | sed '/=/!d')
  # shellcheck disable=SC2016
  unshare -m --propagation private bash -c '
    root=$1 work=$2 user=$3; shift 3
    mount --bind "$root" "$root" && mount -o remount,bind,ro "$root"
    mount -t proc proc "$root/proc"; mount --rbind /dev "$root/dev"; mount -t tmpfs tmpfs "$root/tmp"
    for place in etc/leash var/lib/leash logs; do mount --bind "$work/$place" "$root/$place"; done
    [ "${user%%:*}" = 10001 ] || mount -o remount,bind,ro "$root/logs"
    exec chroot "$root" setpriv --reuid "${user%%:*}" --regid "${user#*:}" --clear-groups \
      --bounding-set=-all --inh-caps=-all --no-new-privs env -i -C /opt/leash "$@"' \
    enter "$root" "$WORK" "$user" "${variables[@]}" "$@"
}
in_proxy() { enter "$proxy_root" "$PROXY" "$@"; }
in_viewer() { enter "$viewer_root" "$VIEWER" "$@"; }
command_of() { podman image inspect -f '{{join .Config.Entrypoint " "}} {{join .Config.Cmd " "}}' "$1"; }
wait_for() {
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    if "$@" 2>/dev/null; then return; fi
    sleep 0.1
  done
}

read -ra proxy_words <<<"$(command_of "$PROXY")"
read -ra viewer_words <<<"$(command_of "$VIEWER")"
in_proxy "${proxy_words[@]}" &
wait_for in_proxy node dist/viewer/cli/ready.js
in_viewer "${viewer_words[@]}" &
wait_for in_viewer node dist/viewer/cli/ready.js --viewer

code=0
in_proxy node dist/viewer/cli/ready.js || code=$?
echo "health of the proxy: $code"
code=0
in_viewer node dist/viewer/cli/ready.js --viewer || code=$?
echo "health of the viewer: $code"
in_viewer node dist/viewer/cli/leashctl.js status
in_viewer node dist/viewer/cli/leashctl.js mode audit
in_viewer node -e '
  const tries = [
    () => fs.readFileSync("/var/lib/leash/private/ca.key"),
    () => fs.writeFileSync("/var/lib/leash/x", ""),
    () => fs.writeFileSync("/logs/x", ""),
    () => fs.writeFileSync("/opt/leash/x", ""),
  ];
  const codes = tries.map((attempt) => { try { attempt(); return "MAY"; } catch (error) { return error.code; } });
  console.log(`viewer ${process.getuid()}: ${codes.join(" ")}`);'
