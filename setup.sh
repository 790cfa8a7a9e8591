#!/usr/bin/env bash
# Takes a checkout to a leash that is installed, that runs, or to tests that ran. Only `install`,
# `uninstall` and `back` change the system (deploy/install has them), and `test` and `bench`, as root on
# Debian, install packages; what the others write stays in this folder.
# Verbs are called by name.
# shellcheck disable=SC2317
set -euo pipefail

ROOT=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
DATA=$ROOT/data
NODE_MIN_MAJOR=20
NODE_MIN_MINOR=19

main() {
  local verb=${1-}
  [ $# -eq 0 ] || shift
  case $verb in
    run | test | build)
      [ $# -eq 0 ] || usage_error "\"$verb\" takes no arguments"
      "verb_$verb"
      ;;
    bench) verb_bench "$@" ;;
    install | uninstall | back) with_installer "$verb" "$@" ;;
    help | -h | --help) help ;;
    '') with_installer install ;;
    -*) with_installer install "$verb" "$@" ;;
    *) usage_error "unknown verb \"$verb\"" ;;
  esac
}

help() {
  cat <<TEXT
Usage: ./setup.sh VERB

  install    install leash on this Debian or Ubuntu, or upgrade it; what no verb does, too
             --native          as a service of systemd (without it, or --containers: in
                               containers where podman has Quadlet and nothing is installed)
             --base IMAGE      what the images are built from: Debian with Node 24 and npm
             --dry-run         say what would be done, change nothing
             --import-ca FILE  certificate and key in PEM that agents trust already
             --import-log FILE an egress.jsonl of the original leash
             --route-agents SUBNET  let agents of a network reach the proxy port only
  back       put the release before this one in force again
  uninstall  remove it; record, CA and policy stay. --purge removes them, too (--yes: unasked)

In this folder, and nowhere else:

  run     install packages, build, start leash on ./data
          proxy on 127.0.0.1:8080, viewer on 127.0.0.1:8090, Ctrl-C stops it;
          data/leashctl is leashctl for it
  test    install what the tests need and run them all; ends with "N passed, N failed"
  build   install packages and build into ./dist
  bench   install Squid, mitmproxy and nginx (as root on Debian, not as services) and
          measure leash beside them; options: --rounds N, --seconds N, --connections N,
          --only NAME, --log DIR
  help    this text

Settings are environment variables, see docs/reference.md. For "run" they go before ./data:
  LEASH_PROXY_PORT=3128 PORT=3190 ./setup.sh run
TEXT
}

# with_installer VERB ARGUMENTS...
with_installer() {
  local verb=$1 part
  shift
  case ${1-} in -h | --help) help && return ;; esac
  umask 022
  for part in common system node program policy units containers route summary install; do
    # shellcheck source=/dev/null
    . "$ROOT/deploy/install/$part.sh"
  done
  "verb_$verb" "$@"
}

verb_run() {
  prepare
  make_folders
  # What the environment says goes first; an empty variable counts as absent.
  export LEASH_DIR="${LEASH_DIR:-$DATA/policy}"
  export LOG_PATH="${LOG_PATH:-$DATA/logs/egress.jsonl}"
  export LEASH_STATE_DIR="${LEASH_STATE_DIR:-$DATA/state}"
  export LEASH_BIND="${LEASH_BIND:-127.0.0.1}"
  export LEASH_VIEWER_BIND="${LEASH_VIEWER_BIND:-127.0.0.1}"
  export LEASH_PROXY_PORT="${LEASH_PROXY_PORT:-8080}" PORT="${PORT:-8090}"
  write_leashctl
  # In the place of this shell, so that signals and the exit code are leash's own.
  exec node "$ROOT/dist/primary/main.js"
}

verb_build() {
  require_node
  install_packages
  build
  say "built in $ROOT/dist"
}

verb_bench() {
  require_node
  # shellcheck source=test/support/programs.sh
  source "$ROOT/test/support/programs.sh"
  install_bench_programs
  install_packages
  cd "$ROOT"
  # The script of package.json builds first.
  exec npm run --silent bench -- "$@"
}

# The last line says how many tests passed, also where the tests could not be run at all: what stops
# the script counts as one failure.
verb_test() {
  passed=0
  failed=1
  summary=$(mktemp)
  trap 'rm -f "$summary"; printf "%s passed, %s failed\n" "$passed" "$failed"' EXIT

  require_node
  # shellcheck source=test/support/programs.sh
  source "$ROOT/test/support/programs.sh"
  install_test_programs
  install_packages
  cd "$ROOT"

  local broken=0
  step 'npm run check' npm run --silent check || broken=1
  step 'npm run build' npm run --silent build
  : >"$summary"
  local ended=0
  step 'vitest run' node_modules/.bin/vitest run || ended=1
  # Empty where vitest ended before its report.
  read -r passed failed <"$summary" || { passed=0 failed=1; }
  # It may also fail with no failed test: an error outside of all of them.
  [ "$failed" -gt 0 ] || failed=$ended
  failed=$((failed + broken))
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

# step NAME COMMAND...: the reporter of vitest writes its numbers to $summary, not to the screen.
step() {
  local name=$1
  shift
  say "$name"
  SUMMARY_FILE=$summary "$@" && return
  complain "\"$name\" failed"
  return 1
}

prepare() {
  require_node
  install_packages
  if is_built; then return; fi
  build
}

require_node() {
  local fix="install Node 22 LTS, see https://nodejs.org/en/download (Debian 12's own is too old)"
  local need="leash needs Node.js $NODE_MIN_MAJOR.$NODE_MIN_MINOR or later"
  command -v node >/dev/null || fail "$need, and there is none: $fix"
  local version major minor
  version=$(node --version) || fail "$need, and \"node --version\" failed: $fix"
  [[ $version =~ ^v([0-9]+)\.([0-9]+)\. ]] || fail "$need, found \"$version\": $fix"
  major=${BASH_REMATCH[1]}
  minor=${BASH_REMATCH[2]}
  if ((major < NODE_MIN_MAJOR || (major == NODE_MIN_MAJOR && minor < NODE_MIN_MINOR))); then
    fail "$need, found $version at $(command -v node): $fix"
  fi
  command -v npm >/dev/null || fail "leash needs npm, which comes with Node.js: $fix"
}

# npm writes this file as the last step of an installation, so one that was cut short has none.
install_packages() {
  local stamp=$ROOT/node_modules/.package-lock.json
  if [ -e "$stamp" ] && [ ! "$stamp" -ot "$ROOT/package-lock.json" ]; then return; fi
  say 'npm ci'
  # --include: NODE_ENV=production would leave the compiler out.
  (cd "$ROOT" && npm ci --include=dev --no-audit --no-fund --loglevel=error) ||
    fail "\"npm ci\" failed; what it said stands above"
  touch "$stamp"
}

# The page is built last, so it is there only where the whole build went through.
is_built() {
  local stamp=$ROOT/dist/ui/index.html
  [ -e "$stamp" ] || return 1
  local newer
  newer=$(cd "$ROOT" && find src package.json package-lock.json tsconfig.json tsconfig.build.json \
    vite.config.ts -newer "$stamp" -print -quit)
  [ -z "$newer" ]
}

build() {
  say 'npm run build'
  (cd "$ROOT" && npm run --silent build) || fail "the build failed; what it said stands above"
}

# Only folders below ./data are made here: one that the environment names is the operator's.
make_folders() {
  mkdir -p "$DATA"
  if [ -z "${LOG_PATH-}" ]; then make_folder logs 750; fi
  if [ -z "${LEASH_STATE_DIR-}" ]; then make_folder state 700; fi
  if [ -n "${LEASH_DIR-}" ]; then return; fi
  make_folder policy 755
  local file
  for file in "$ROOT"/config/policy/*; do
    file=$DATA/policy/$(basename -- "$file")
    if [ -e "$file" ] || [ -L "$file" ]; then return; fi
  done
  # `mode` is last: without it leash enforces, so a copy that was cut short opens nothing.
  cp -- "$ROOT"/config/policy/*.yaml "$DATA/policy/"
  cp -- "$ROOT/config/policy/mode" "$DATA/policy/"
  say "starter policy in $DATA/policy: mode audit, no rule blocks anything and all is recorded;" \
    'without a mode file leash enforces its allowlist'
}

# What leashctl has to know of the leash that runs here, so that it is one word in another terminal.
write_leashctl() {
  local name value
  {
    printf '#!/usr/bin/env bash\n# Written by "./setup.sh run": leashctl for the leash that it started.\nexport'
    for name in LEASH_DIR LOG_PATH LEASH_STATE_DIR LEASH_BIND LEASH_VIEWER_BIND LEASH_PROXY_PORT PORT; do
      value=${!name}
      # It may be called in another folder than this script was.
      if [[ $name == *_DIR || $name == LOG_PATH ]]; then value=$(realpath -sm -- "$value"); fi
      printf ' %s=%q' "$name" "$value"
    done
    printf '\nexec %q %q "$@"\n' "$(command -v node)" "$ROOT/dist/viewer/cli/leashctl.js"
  } >"$DATA/leashctl.new"
  chmod +x "$DATA/leashctl.new"
  mv -f -- "$DATA/leashctl.new" "$DATA/leashctl"
}

make_folder() {
  [ -d "$DATA/$1" ] || mkdir -m "$2" "$DATA/$1"
}

say() { printf 'setup.sh: %s\n' "$*"; }
complain() { printf 'setup.sh: %s\n' "$*" >&2; }

fail() {
  complain "$*"
  exit 1
}

usage_error() {
  complain "$*; verbs: install, uninstall, back, run, test, build, bench, help"
  exit 2
}

# One line, with the exit: bash reads on in a file that an upgrade may have replaced meanwhile.
main "$@"; exit
