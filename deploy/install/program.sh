# shellcheck shell=bash
# The program: built beside the one that runs, in a folder named by what it was built from, and put in
# force by one rename of the link /opt/leash/current. The two before it stay, to go back to.
# shellcheck disable=SC2034

readonly RELEASES=$OPT/releases
readonly SOURCES=(src config deploy docs package.json package-lock.json tsconfig.json
  tsconfig.build.json vite.config.ts LICENSE)
readonly KEPT_RELEASES=3

release_name() {
  local version hash
  version=$(sed -n 's/^  "version": "\([^"]*\)".*/\1/p' "$ROOT/package.json")
  hash=$(cd "$ROOT" && find "${SOURCES[@]}" -type f -print0 | LC_ALL=C sort -z |
    xargs -0 sha256sum | sha256sum | cut -c1-12)
  printf '%s-%s' "$version" "$hash"
}

build_release() {
  RELEASE=$(release_name)
  if [ -e "$RELEASES/$RELEASE/dist/ui/index.html" ]; then
    say "release $RELEASE is built"
    return
  fi
  change "build release $RELEASE" build_release_now "$RELEASES/$RELEASE"
}

build_release_now() {
  local target=$1 build=$1.new
  rm -rf "$build"
  mkdir -p "$build" || return
  (cd "$ROOT" && cp -a --no-preserve=ownership --parents "${SOURCES[@]}" "$build/") || return
  cd "$build" || return
  local npm=("$OPT/node/bin/node" "$OPT/node/bin/npm-cli.js")
  local quiet=(--no-audit --no-fund --loglevel=error --cache "$build/.cache")
  # Scripts of packages and of package.json find the Node that leash will run on.
  local PATH=$OPT/node/bin:$PATH
  export PATH
  "${npm[@]}" ci --include=dev "${quiet[@]}" || return
  "${npm[@]}" run --silent build || return
  "${npm[@]}" prune --omit=dev "${quiet[@]}" || return
  rm -rf src tsconfig.json tsconfig.build.json vite.config.ts .cache
  own_tree "$build" || return
  cd / || return
  rm -rf "$target"
  mv -T "$build" "$target"
}

current_release() { basename "$(readlink "$OPT/current" 2>/dev/null)" 2>/dev/null || true; }

switch_release() {
  PREVIOUS=$(current_release)
  if [ "$PREVIOUS" = "$RELEASE" ]; then return; fi
  change "put release $RELEASE in force${PREVIOUS:+ (before: $PREVIOUS)}" put_in_force "$RELEASE"
}

# put_in_force RELEASE: and remember the one before, for `back`.
put_in_force() {
  local before
  before=$(current_release)
  switch_link "releases/$1" "$OPT/current" || return
  if [ -n "$before" ] && [ "$before" != "$1" ]; then switch_link "releases/$before" "$OPT/previous"; fi
  touch "$RELEASES/$1"
}

drop_old_releases() {
  [ -d "$RELEASES" ] || return 0
  local keep name count=0
  keep=" $(current_release) $(basename "$(readlink "$OPT/previous" 2>/dev/null || printf -)") "
  while read -r name; do
    count=$((count + 1))
    if ((count <= KEPT_RELEASES)) || [[ $keep == *" $name "* ]]; then continue; fi
    remove "$RELEASES/$name"
  done < <(cd "$RELEASES" && find . -mindepth 1 -maxdepth 1 -type d -printf '%T@ %f\n' | sort -rn | cut -d' ' -f2)
}

# `./setup.sh back`: the release before this one, at once. A second `back` undoes the first.
verb_back() {
  case $* in
    '') ;;
    --dry-run) DRY_RUN=yes ;;
    *) usage_error '"back" takes --dry-run and no more' ;;
  esac
  require_root back
  if is_in_containers; then
    open_setup_log back
    back_in_containers
    return
  fi
  local previous
  previous=$(basename "$(readlink "$OPT/previous" 2>/dev/null)" 2>/dev/null) || true
  if [ -z "$previous" ] || [ ! -d "$RELEASES/$previous" ]; then
    fail 'there is no release to go back to'
  fi
  open_setup_log back
  change "put release $previous in force (before: $(current_release))" put_in_force "$previous"
  start_leash
}
