# shellcheck shell=bash
# The way of containers: two images built here, started by Quadlet. Taken where podman has Quadlet (4.4)
# and systemd runs; where the images cannot be built, the native way is taken, and said.

readonly IMAGES=(leash leash-viewer)
readonly IMAGE_VIEWER_USER=10002
readonly IMAGE_GROUP=10000
readonly QUADLET_FILES=(leash.container leash-viewer.container leash-state.volume leash-logs.volume
  leash.network)
readonly VOLUMES=(systemd-leash-state systemd-leash-logs)

# What --native or --containers said, what is installed already, or what the machine can.
choose_way() {
  local version installed=''
  if [ -e "$UNITS/leash.service" ]; then installed=native; fi
  if is_in_containers; then installed=containers; fi
  if [ -n "$installed" ]; then
    if [ "${WAY:-$installed}" != "$installed" ]; then
      fail "leash is installed the other way, and keeps its record and CA elsewhere: ./setup.sh uninstall first"
    fi
    WAY=$installed
    return
  fi
  if [ -n "$WAY" ]; then return; fi
  WAY=native
  version=$(podman --version 2>/dev/null) || return 0
  version=${version##* }
  if ! at_least "$version" 4.4; then
    say "podman $version has no Quadlet (4.4 has): leash becomes a service of systemd, without containers"
  elif ! has_systemd; then
    say 'systemd does not run here: leash is installed as a service, without containers'
  elif [ -n "$IMPORT_CA$IMPORT_LOG" ]; then
    say '--import-ca and --import-log are for a service, without containers: leash becomes one'
  else
    WAY=containers
  fi
}

need_podman() {
  local version
  need_packages podman
  if [ "$DRY_RUN" = yes ]; then return; fi
  version=$(podman --version)
  at_least "${version##* }" 4.4 || fail "podman ${version##* } has no Quadlet (4.4 has): give --native"
  has_systemd || fail 'Quadlet takes a systemd that runs: give --native'
  if [ -n "$IMPORT_CA$IMPORT_LOG" ]; then fail '--import-ca and --import-log take --native'; fi
}

# A host that cannot build gets a clear word, and the other way.
build_images() {
  local target name
  if [ "$DRY_RUN" = yes ]; then
    say "would build the images ${IMAGES[*]} from $BASE"
    return
  fi
  for name in "${IMAGES[@]}"; do
    target=proxy
    if [ "$name" = leash-viewer ]; then target=viewer; fi
    say "podman build $name, from $BASE"
    setup_log "podman build $name from $BASE"
    if ! podman build --build-arg "BASE=$BASE" -f "$ROOT/deploy/Containerfile" --format docker \
      --ignorefile "$ROOT/deploy/Containerfile.containerignore" --target "$target" \
      -t "localhost/$name:new" "$ROOT" >>"$SETUP_LOG" 2>&1; then
      tail -n 3 "$SETUP_LOG" >&2
      complain "podman cannot build the image $name here (all it said is in $SETUP_LOG); another base: --base IMAGE"
      if is_in_containers; then fail 'what ran before runs on'; fi
      complain 'leash becomes a service of systemd, without containers'
      WAY=native
      return
    fi
  done
  for name in "${IMAGES[@]}"; do switch_image "$name" new; done
}

# switch_image NAME TAG: that image is the latest, and what was is :previous.
switch_image() {
  local old new
  new=$(podman image inspect -f '{{.Id}}' "localhost/$1:$2") || return
  old=$(podman image inspect -f '{{.Id}}' "localhost/$1:latest" 2>/dev/null) || old=''
  if [ "$new" = "$old" ]; then return; fi
  if [ -n "$old" ]; then podman tag "$old" "localhost/$1:previous"; fi
  podman tag "$new" "localhost/$1:latest"
}

install_quadlets() {
  local file
  change "give the viewer what it needs of $ETC" \
    "$ROOT/deploy/install/own-files.sh" "$IMAGE_VIEWER_USER" "$IMAGE_GROUP"
  for file in "${QUADLET_FILES[@]}"; do
    place 644 "$ROOT/deploy/quadlet/$file" "$QUADLETS/$file"
  done
  change 'tell systemd of them' systemctl daemon-reload
}

start_containers() {
  change 'start leash, and wait until it listens' restart_containers
}

restart_containers() {
  systemctl restart leash.service leash-viewer.service && return
  journalctl -u leash.service -u leash-viewer.service -n 20 --no-pager -o cat || true
  return 1
}

# A unit of that name in /etc/systemd/system goes before what Quadlet makes.
is_in_containers() { [ -e "$QUADLETS/leash.container" ] && [ ! -e "$UNITS/leash.service" ]; }

back_in_containers() {
  local name
  for name in "${IMAGES[@]}"; do
    podman image exists "localhost/$name:previous" || fail "there is no image to go back to: $name:previous"
  done
  for name in "${IMAGES[@]}"; do
    change "put $name:previous in force" switch_image "$name" previous
  done
  start_containers
}

# drop_containers PURGE
drop_containers() {
  local file name
  if ! is_in_containers; then return; fi
  if has_systemd; then change 'stop leash' systemctl stop leash-viewer.service leash.service; fi
  for file in "${QUADLET_FILES[@]}"; do remove "$QUADLETS/$file"; done
  for name in "${IMAGES[@]}"; do
    change "remove the images of $name" remove_images "$name"
  done
  if [ "$1" = yes ]; then
    change "remove the volumes ${VOLUMES[*]}" podman volume rm -f "${VOLUMES[@]}"
  else
    say "record and CA stay in the volumes ${VOLUMES[*]}"
  fi
}

remove_images() {
  podman image rm -f "localhost/$1:latest" "localhost/$1:previous" "localhost/$1:new" || true
}

# node_of_leash WORDS...: Node where leash has its program and its files.
node_of_leash() {
  if is_in_containers; then
    podman exec -i leash-viewer node "$@"
  else
    (cd "$OPT/current" && "$OPT/node/bin/node" "$@")
  fi
}
