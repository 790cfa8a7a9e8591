# shellcheck shell=bash
# What the tests and the benchmark run besides Node, and how it gets onto a Debian. Sourced by setup.sh,
# which has say, complain and fail.

# Programs that the tests run, each with the Debian package that has it. A path is for what the PATH
# does not say: a program that another one may hide, or a file that is none.
TEST_PROGRAMS=(
  curl:curl
  wget:wget
  git:git
  openssl:openssl
  python3:python3
  chromium:chromium
  ps:procps
  ip:iproute2
  flock:util-linux
  jq:jq
  shellcheck:shellcheck
  busybox:busybox
  zsh:zsh
  fish:fish
  man:man-db
  script:bsdutils
  setpriv:util-linux
  strace:strace
  prlimit:util-linux
  go:golang-go
  certutil:libnss3-tools
  /usr/bin/python3:python3
  /usr/bin/pip3:python3-pip
  /usr/lib/python3/dist-packages/requests:python3-requests
  /etc/ssl/certs/ca-certificates.crt:ca-certificates
)

# What leash is measured beside, and openssl, which makes certificates. One that is not there is left out.
BENCH_PROGRAMS=(
  openssl:openssl
  nginx:nginx
  /usr/lib/squid/security_file_certgen:squid-openssl
  mitmdump:mitmproxy
)

install_test_programs() {
  local missing
  mapfile -t missing < <(missing_packages "${TEST_PROGRAMS[@]}")
  if [ ${#missing[@]} -eq 0 ]; then return; fi
  if ! can_install; then
    fail "the tests need packages that are missing, install them first: ${missing[*]}"
  fi
  apt_install "${missing[@]}"
}

install_bench_programs() {
  local missing
  mapfile -t missing < <(missing_packages "${BENCH_PROGRAMS[@]}")
  if [ ${#missing[@]} -eq 0 ]; then return; fi
  if ! can_install; then
    say "measured without packages that are missing (as root on Debian, this installs them):" \
      "${missing[*]}"
    return
  fi
  # A shell of its own, so that its trap is, too.
  (without_services apt_install "${missing[@]}") ||
    complain "measured without what could not be installed of: ${missing[*]}"
}

# missing_packages PROGRAM:PACKAGE...: each once, one a line.
missing_packages() {
  local entry
  for entry; do
    is_there "${entry%%:*}" || printf '%s\n' "${entry#*:}"
  done | awk '!seen[$0]++'
}

can_install() {
  [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null
}

apt_install() {
  local package
  say "apt-get install $*"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq || fail "\"apt-get update\" failed, so these cannot be installed: $*"
  for package; do
    apt-get install -qq --no-install-recommends -o Dpkg::Use-Pty=0 "$package" >/dev/null ||
      fail "apt-get cannot install the package \"$package\""
  done
}

# without_services COMMAND...: what it installs is not started, neither now nor when the machine starts.
without_services() {
  local policy=/usr/sbin/policy-rc.d unit
  if [ ! -e "$policy" ]; then
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  "$@"
  [ -d /run/systemd/system ] || return 0
  for unit in nginx squid; do
    if [[ " $* " == *" $unit"* ]]; then systemctl disable --quiet "$unit" || true; fi
  done
}

is_there() {
  if [[ $1 == /* ]]; then
    [ -e "$1" ]
  else
    # util-linux and iproute2 have programs outside the PATH of some users.
    PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null
  fi
}
