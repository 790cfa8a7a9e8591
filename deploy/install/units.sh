# shellcheck shell=bash
# How leash is started: the unit of systemd, enabled at boot, and `leashctl` for people.

install_unit() {
  place 644 "$ROOT/deploy/systemd/leash.service" "$UNITS/leash.service"
  enable_unit leash.service
}

# enable_unit UNIT: also where systemd does not run yet, in an image that is being built.
enable_unit() {
  local link=$UNITS/multi-user.target.wants/$1
  if [ ! -L "$link" ]; then
    change "enable $1 at boot" link_unit "$UNITS/$1" "$link"
  fi
  if has_systemd; then change 'tell systemd of it' systemctl daemon-reload; fi
}

link_unit() {
  mkdir -p "$(dirname "$2")" && ln -sfn "$1" "$2"
}

drop_unit() {
  if has_systemd && [ -e "$UNITS/$1" ]; then change "stop $1" systemctl disable --now "$1"; fi
  remove "$UNITS/multi-user.target.wants/$1" "$UNITS/$1" "$UNITS/$1.d"
}

start_leash() {
  if ! has_systemd; then
    say 'systemd does not run here: leash starts with the next boot; by hand, with what'
    say "$ENV_FILE says in the environment:"
    sed -n 's/^ExecStart=/           /p' "$ROOT/deploy/systemd/leash.service"
    return
  fi
  change 'start leash, and wait until it listens' restart_leash
}

restart_leash() {
  systemctl restart leash.service && return
  journalctl -u leash.service -n 15 --no-pager -o cat || true
  return 1
}

# A start that fails after an upgrade goes back to what ran before.
start_or_go_back() {
  if [ -z "${PREVIOUS-}" ] || [ "$PREVIOUS" = "$RELEASE" ] || [ "$DRY_RUN" = yes ] || ! has_systemd; then
    start_leash
    return
  fi
  say 'start leash, and wait until it listens'
  if restart_leash >>"$SETUP_LOG" 2>&1; then return; fi
  complain "release $RELEASE does not start; going back to $PREVIOUS"
  change "put release $PREVIOUS in force" put_in_force "$PREVIOUS"
  start_leash
  fail "release $RELEASE does not start, $PREVIOUS runs again; why is in $SETUP_LOG"
}

readonly LEASHCTL=/usr/local/bin/leashctl
readonly MAN_PAGE=/usr/local/share/man/man1/leashctl.1
readonly COMPLETIONS=(
  bash:/usr/local/share/bash-completion/completions/leashctl
  zsh:/usr/local/share/zsh/site-functions/_leashctl
  fish:/usr/local/share/fish/vendor_completions.d/leashctl.fish
)

install_leashctl() {
  local text shell
  text=$(mktemp)
  leashctl_wrapper >"$text"
  place 755 "$text" "$LEASHCTL"
  rm -f "$text"
  if [ "$DRY_RUN" = yes ]; then
    say 'would install completions and a man page for leashctl'
    return
  fi
  for shell in "${COMPLETIONS[@]}"; do
    place_output "${shell#*:}" completion "${shell%%:*}"
  done
  place_output "$MAN_PAGE" completion man
}

leashctl_wrapper() {
  local command="$OPT/node/bin/node $OPT/current/dist/viewer/cli/leashctl.js"
  if [ "$WAY" = containers ]; then
    command='podman exec -i leash-viewer node dist/viewer/cli/leashctl.js'
  fi
  printf '%s\n' '#!/bin/sh' '# leashctl of the installed leash; put here by its setup.sh.' \
    "exec $command \"\$@\""
}

# place_output TARGET WORDS...: what leashctl prints for them, where it knows them.
place_output() {
  local target=$1 text
  shift
  text=$(mktemp)
  if "$LEASHCTL" "$@" >"$text" 2>/dev/null && [ -s "$text" ]; then place 644 "$text" "$target"; fi
  rm -f "$text"
}

remove_leashctl() {
  remove "$LEASHCTL" "$MAN_PAGE" "${COMPLETIONS[@]#*:}"
}
