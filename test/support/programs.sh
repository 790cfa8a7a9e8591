# shellcheck shell=bash
# What the tests run besides Node, and how it gets onto a Debian. Sourced by setup.sh, which has say and fail.

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

install_test_programs() {
  local missing=() entry package
  for entry in "${TEST_PROGRAMS[@]}"; do
    package=${entry#*:}
    if is_there "${entry%%:*}"; then continue; fi
    [[ " ${missing[*]-} " == *" $package "* ]] || missing+=("$package")
  done
  if [ ${#missing[@]} -eq 0 ]; then return; fi

  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    fail "the tests need packages that are missing, install them first: ${missing[*]}"
  fi
  say "apt-get install ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq || fail "\"apt-get update\" failed, so these cannot be installed: ${missing[*]}"
  for package in "${missing[@]}"; do
    apt-get install -qq --no-install-recommends -o Dpkg::Use-Pty=0 "$package" >/dev/null ||
      fail "apt-get cannot install the package \"$package\""
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
