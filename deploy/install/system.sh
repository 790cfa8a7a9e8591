# shellcheck shell=bash
# The system leash is installed on: which ones it may be, packages of apt, users.

require_supported_system() {
  local id='' version=''
  if [ -r /etc/os-release ]; then
    # shellcheck source=/dev/null
    id=$(. /etc/os-release && printf %s "${ID-}")
    # shellcheck source=/dev/null
    version=$(. /etc/os-release && printf %s "${VERSION_ID-}")
  fi
  case $id:$version in
    debian:12 | debian:13 | ubuntu:22.04 | ubuntu:24.04) ;;
    debian:* | ubuntu:*)
      say "$id $version is not one that leash was tried on (Debian 12, 13, Ubuntu 22.04, 24.04); going on"
      ;;
    *) fail "install knows Debian and Ubuntu, this is \"${id:-unknown}\"; see docs/deployment.md for containers" ;;
  esac
  command -v apt-get >/dev/null || fail 'install needs apt-get, and there is none'
  case $(uname -m) in
    x86_64 | aarch64) ;;
    *) fail "leash runs on x86_64 and aarch64, this is $(uname -m)" ;;
  esac
}

# need_packages PACKAGE...: installs those that are missing.
need_packages() {
  local missing=() package
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  if [ ${#missing[@]} -eq 0 ]; then return; fi
  refresh_apt
  change "apt-get install ${missing[*]}" apt_install "${missing[@]}"
  if [ "$DRY_RUN" = no ]; then
    mkdir -p "$OPT"
    printf '%s\n' "${missing[@]}" >>"$OPT/packages"
  fi
}

is_installed() {
  [ "$(dpkg-query -W -f '${Status}' "$1" 2>/dev/null)" = 'install ok installed' ]
}

APT_IS_FRESH=no
refresh_apt() {
  if [ "$APT_IS_FRESH" = yes ]; then return; fi
  change 'apt-get update' apt-get update -q
  APT_IS_FRESH=yes
}

apt_install() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
    -o Dpkg::Use-Pty=0 "$@"
}

# Packages that only fetch something, and go again afterwards. What they bring is kept in a file
# meanwhile, so that a run that was cut short cleans up in the next one; what people install is theirs.
borrow_packages() {
  mkdir -p "$OPT" || return
  LC_ALL=C apt-get install -s --no-install-recommends "$@" |
    sed -n 's/^Inst \([^ ]*\) (.*/\1/p' >>"$OPT/packages.borrowed" || return
  apt_install "$@"
}

return_packages() {
  [ -e "$OPT/packages.borrowed" ] || return 0
  local borrowed=() package gone
  while read -r package; do
    if is_installed "$package"; then borrowed+=("$package"); fi
  done <"$OPT/packages.borrowed"
  if [ ${#borrowed[@]} -gt 0 ]; then
    gone=$(LC_ALL=C apt-get purge -s "${borrowed[@]}" | sed -n 's/^\(Remv\|Purg\) \([^ ]*\) .*/\2/p') || return
    for package in $gone; do
      [[ " ${borrowed[*]} " == *" $package "* ]] && continue
      printf 'they stay, as %s needs them: %s\n' "$package" "${borrowed[*]}"
      rm -f "$OPT/packages.borrowed"
      return
    done
    DEBIAN_FRONTEND=noninteractive apt-get purge -y -q -o Dpkg::Use-Pty=0 "${borrowed[@]}" || return
  fi
  rm -f "$OPT/packages.borrowed"
}

make_users() {
  local user
  for user in "$WORKER_USER" "$VIEWER_USER"; do
    if getent passwd "$user" >/dev/null; then continue; fi
    change "make user $user" useradd --system --user-group --no-create-home \
      --home-dir /nonexistent --shell /usr/sbin/nologin "$user"
  done
}

remove_users() {
  local user
  for user in "$WORKER_USER" "$VIEWER_USER"; do
    if getent passwd "$user" >/dev/null; then change "remove user $user" userdel "$user"; fi
  done
}
