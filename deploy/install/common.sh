# shellcheck shell=bash
# What all parts of the installer share: where things are, how a change is made, said and logged.
# Sourced by setup.sh, which has say, complain and fail. Knows no single step. What `change` runs is
# run as a condition, where bash does not stop at a failure: it ends with && or || return.
# shellcheck disable=SC2034

readonly OPT=/opt/leash
readonly ETC=/etc/leash
readonly STATE=/var/lib/leash
readonly LOGS=/var/log/leash
# Not in $ETC, where the viewer may write: it says what root runs.
readonly ENV_FILE=/etc/default/leash
readonly UNITS=/etc/systemd/system
readonly QUADLETS=/etc/containers/systemd
readonly SETUP_LOG=/var/log/leash-setup.log
readonly WORKER_USER=leash-worker
readonly VIEWER_USER=leash-viewer
readonly POLICY_FILES=(enforce.yaml blocklist.yaml agents.yaml network.yaml)

DRY_RUN=no

# change TEXT COMMAND...: says what is done and does it, or says what would be. What the command
# prints goes to the log; where it fails, its last lines are shown.
change() {
  local text=$1
  shift
  if [ "$DRY_RUN" = yes ]; then
    say "would $text"
    return
  fi
  say "$text"
  setup_log "$text: $*"
  local output
  output=$(mktemp)
  if "$@" >"$output" 2>&1; then
    cat "$output" >>"$SETUP_LOG"
    rm -f "$output"
    return
  fi
  cat "$output" >>"$SETUP_LOG"
  tail -n 15 "$output" >&2
  rm -f "$output"
  fail "cannot $text; all it said is in $SETUP_LOG"
}

setup_log() {
  [ "$DRY_RUN" = no ] || return 0
  printf '%s %s\n' "$(date -u +%FT%TZ)" "$*" >>"$SETUP_LOG"
}

open_setup_log() {
  if [ "$DRY_RUN" = yes ]; then return; fi
  (umask 077 && touch "$SETUP_LOG") || fail "cannot write $SETUP_LOG"
  setup_log "setup.sh ${*:-install}"
}

# place MODE SOURCE TARGET: one of leash's own files, put in place whole where it differs, or where it
# is not root's: whose it is may change it later.
place() {
  local mode=$1 source=$2 target=$3
  if [ -f "$target" ] && [ ! -L "$target" ] && [ "$(stat -c %u "$target")" = 0 ] &&
    cmp -s "$source" "$target"; then return; fi
  change "install $target" place_now "$mode" "$source" "$target"
}

place_now() {
  local new
  mkdir -p "$(dirname "$3")" && new=$(mktemp "$3.XXXXXXXX") &&
    cat "$2" >"$new" && chmod "$1" "$new" && mv -fT "$new" "$3"
}

# remove PATH...: what is there of it.
remove() {
  local path
  for path in "$@"; do
    if [ -e "$path" ] || [ -L "$path" ]; then change "remove $path" rm -rf -- "$path"; fi
  done
}

require_root() {
  if [ "$(id -u)" -eq 0 ] || [ "$DRY_RUN" = yes ]; then return; fi
  fail "\"$1\" changes the system: run it as root, sudo ./setup.sh $1 (--dry-run shows what it would do)"
}

has_systemd() { [ -d /run/systemd/system ]; }

# at_least HAVE WANT: versions of the form 1.2.3.
at_least() {
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

# setting NAME: its value in $ENV_FILE, '' where it is not set.
setting() {
  [ -r "$ENV_FILE" ] || return 0
  sed -n "s/^$1=//p" "$ENV_FILE" | tail -n 1
}

# confirm QUESTION: only a y of a person goes on.
confirm() {
  local answer=''
  [ -t 0 ] || fail "$1 Nobody is there to answer: give --yes"
  read -r -p "setup.sh: $1 [y/N] " answer
  [[ $answer == [yY]* ]]
}
