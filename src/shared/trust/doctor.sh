#!/bin/sh
# leash: tries each program of this machine through the proxy, with TLS, and says which of them work.
# Asks for nothing but https://leash.internal/, which leash itself answers; changes nothing.
# Run it as the user that the agent runs as, in its environment. --help shows the options.
set -u

# What follows is filled in by the leash that hands this file out.
# <embedded>
PROXY=''
# </embedded>

HOST=leash.internal
LINE='this came through'
DIRECT=''
JSON=0
BAD=0
DONE=0

usage() {
  cat <<'TEXT'
usage: sh doctor.sh [--direct HOST[:PORT]] [--json] [PROGRAM]...

  --direct HOST[:PORT]  try to reach this host without the proxy, too: where that succeeds, a program
                        that ignores the proxy gets past it, and past the record
  --json                one object per program, a line each
  PROGRAM               only these: apt cargo chromium curl deno git go java node npm pip python3
                        requests uv wget

Exit code: 0 all work, 1 some do not or a direct connection is possible, 2 wrong arguments, 3 nothing to try.
TEXT
}

main() {
  only=''
  while [ $# -gt 0 ]; do
    case $1 in
      --direct)
        [ $# -gt 1 ] || fail 2 '--direct takes HOST[:PORT]'
        DIRECT=$2
        shift
        ;;
      --json) JSON=1 ;;
      -h | --help)
        usage
        exit 0
        ;;
      -*)
        usage >&2
        fail 2 "unknown option: $1"
        ;;
      *) only="$only $1 " ;;
    esac
    shift
  done
  TMP=$(mktemp -d) || exit 1
  trap 'rm -rf "$TMP"' EXIT
  trap 'exit 1' HUP INT TERM
  # In a folder with nothing in it: Python takes modules from where it runs, others their settings.
  { cd "$TMP" && TMP=$PWD && mkdir here && cd here; } || exit 1
  NONCE=$$-$(date +%s)
  URL="https://$HOST/probe?$NONCE"
  IS_OPEN=0
  if [ -n "$DIRECT" ] && reaches_directly; then IS_OPEN=1; fi
  head_of_table
  for tool in apt cargo chromium curl deno git go java node npm pip python3 requests uv wget; do
    case "$only" in
      '' | *" $tool "*) "try_$tool" ;;
    esac
  done
  foot_of_table
  [ "$DONE" -gt 0 ] || fail 3 'none of these programs is here'
  [ "$BAD" = 0 ] && [ "$IS_OPEN" = 0 ]
}

head_of_table() {
  [ "$JSON" = 0 ] || return 0
  say "proxy of this shell: $(current_proxy)"
  [ -z "$PROXY" ] || say "proxy of this leash: $PROXY$(answers)"
  say ''
  row PROGRAM VERSION RESULT FIX
}

foot_of_table() {
  [ "$JSON" = 0 ] || return 0
  say ''
  if [ "$IS_OPEN" = 1 ]; then
    say "A direct connection to $DIRECT is possible: what ignores the proxy is not on the record."
    say 'Close it on the network: let this machine reach nothing but the proxy port.'
  elif [ -n "$DIRECT" ]; then
    say "A direct connection to $DIRECT is not possible: what ignores the proxy reaches nothing."
  fi
  say "$((DONE - BAD)) of $DONE work"
}

current_proxy() {
  found=${HTTPS_PROXY-}${https_proxy-}
  [ -n "$found" ] || found='none (HTTPS_PROXY is not set)'
  # It may hold a token.
  printf %s "${HTTPS_PROXY:-${https_proxy:-$found}}" | sed 's#//[^/@]*@#//***@#'
}

answers() {
  if have curl; then
    curl -fsS --noproxy '' -x "$PROXY" --max-time 10 "http://$HOST/probe?$NONCE" >"$TMP/out" 2>&1
  elif have wget; then
    http_proxy=$PROXY wget -q -T 10 -O "$TMP/out" "http://$HOST/probe?$NONCE" 2>/dev/null
  else
    return 0
  fi
  if grep -q "$LINE" "$TMP/out"; then printf ', it answers'; else printf ', IT DOES NOT ANSWER'; fi
}

reaches_directly() {
  host=${DIRECT%:*} port=${DIRECT##*:}
  [ "$host" != "$DIRECT" ] || port=443
  if have python3; then
    run python3 -c 'import socket, sys
socket.create_connection((sys.argv[1], int(sys.argv[2])), 5).close()' "$host" "$port"
  elif have node; then
    run node -e 'const s = require("net").connect(process.argv[2], process.argv[1]);
s.setTimeout(5000, () => process.exit(1)); s.on("error", () => process.exit(1));
s.on("connect", () => process.exit(0));' "$host" "$port"
  elif have curl; then
    run curl -sk --noproxy '*' --connect-timeout 5 --max-time 10 "telnet://$host:$port"
    [ "$CODE" = 0 ] || [ "$CODE" = 28 ] || return 1
  elif have bash; then
    # shellcheck disable=SC2016  # of the shell that is run
    run bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$host" "$port"
  else
    later "whether $DIRECT is reached directly: there is no python3, node, curl or bash to try it with"
    return 1
  fi
  [ "$CODE" = 0 ]
}

try_apt() {
  helper=/usr/lib/apt/apt-helper
  [ -x "$helper" ] || return 0
  run "$helper" -o Acquire::Retries=0 -o Acquire::https::Timeout=20 download-file "$URL" "$TMP/apt"
  [ ! -f "$TMP/apt" ] || cat "$TMP/apt" >>"$TMP/out"
  judge apt "$(apt-get --version | first_number)" "$LINE" \
    'Acquire::https::CaInfo in /etc/apt/apt.conf.d, or the store of the system: trust.sh as root' \
    'Acquire::https::Proxy in /etc/apt/apt.conf.d: trust.sh as root'
}

try_cargo() {
  have cargo || return 0
  export CARGO_NET_RETRY=0
  run_in "$TMP/cargo" env CARGO_HOME="$TMP/cargo" cargo search --index "sparse+https://$HOST/" leash-probe
  unset CARGO_NET_RETRY
  judge cargo "$(cargo --version | first_number)" '404\|not found' 'CARGO_HTTP_CAINFO' 'HTTPS_PROXY'
}

try_chromium() {
  browser=''
  for name in chromium chromium-browser google-chrome; do
    [ -n "$browser" ] || ! have "$name" || browser=$name
  done
  [ -n "$browser" ] || return 0
  sandbox=''
  [ "$(id -u)" != 0 ] || sandbox=--no-sandbox
  # shellcheck disable=SC2086  # no option, or one
  run "$browser" --headless $sandbox --disable-gpu --no-first-run \
    --user-data-dir="$TMP/chromium" --dump-dom "$URL"
  # The rest is about buses and screens that are not there; a page of an error names it.
  grep -o "$LINE\|ERR_[A-Z_]*" "$TMP/out" >"$TMP/said"
  mv "$TMP/said" "$TMP/out"
  judge chromium "$("$browser" --version 2>/dev/null | first_number)" "$LINE" \
    'certutil into ~/.pki/nssdb: trust.sh as this user' '--proxy-server, or HTTPS_PROXY'
}

try_curl() {
  have curl || return 0
  run curl -sS --max-time 20 "$URL"
  judge curl "$(curl --version | first_number)" "$LINE" 'CURL_CA_BUNDLE' 'HTTPS_PROXY'
}

try_deno() {
  have deno || return 0
  run env DENO_DIR="$TMP/deno" NO_COLOR=1 deno eval \
    "console.log(await (await fetch('$URL')).text())"
  judge deno "$(deno --version | first_number)" "$LINE" 'DENO_CERT' 'HTTPS_PROXY'
}

try_git() {
  have git || return 0
  run env GIT_TERMINAL_PROMPT=0 LC_ALL=C git ls-remote "https://$HOST/probe.git"
  judge git "$(git --version | first_number)" 'not found' 'GIT_SSL_CAINFO' 'HTTPS_PROXY'
}

try_go() {
  have go || return 0
  run_in "$TMP/go" env GOPROXY="https://$HOST" GOPRIVATE= GONOPROXY= GOSUMDB=off GOTOOLCHAIN=local \
    GOFLAGS=-modcacherw GOPATH="$TMP/go" GOMODCACHE="$TMP/go/mod" GOCACHE="$TMP/go/cache" \
    go list -m "example.com/$NONCE@latest"
  judge go "$(go version | first_number)" '404' 'SSL_CERT_FILE' 'HTTPS_PROXY'
}

try_java() {
  have java || return 0
  cat >"$TMP/Probe.java" <<'TEXT'
import java.io.InputStream;
import java.net.URL;

public class Probe {
  public static void main(String[] words) throws Exception {
    try (InputStream body = new URL(words[0]).openStream()) {
      System.out.println(new String(body.readAllBytes()));
    }
  }
}
TEXT
  run java "$TMP/Probe.java" "$URL"
  version=$(java -version 2>&1 | grep -v JAVA_TOOL_OPTIONS | first_number)
  if grep -q 'jdk.compiler\|Could not find or load main class' "$TMP/out"; then
    report java "$version" 'not tried' 'only a JDK can be tried; a JRE needs the same as one'
    return
  fi
  judge java "$version" "$LINE" 'the keystore: trust.sh' \
    'JAVA_TOOL_OPTIONS=-Dhttps.proxyHost=... -Dhttps.proxyPort=...: trust.sh'
}

try_node() {
  have node || return 0
  run node -e 'const fail = (error) => { console.error(String(error.cause || error)); process.exit(1); };
if (typeof fetch === "function") fetch(process.argv[1]).then((r) => r.text()).then(console.log, fail);
else require("https").get(process.argv[1], (r) => r.pipe(process.stdout)).on("error", fail);' "$URL"
  judge node "$(node --version)" "$LINE" 'NODE_EXTRA_CA_CERTS' "$(node_fix)"
}

node_fix() {
  if node -e 'process.exit(process.allowedNodeEnvironmentFlags.has("--use-env-proxy") ? 0 : 1)'; then
    echo 'NODE_USE_ENV_PROXY=1 and HTTPS_PROXY'
  else
    echo 'this Node reads no proxy variable: trust.sh loads node-proxy.cjs into it, or take Node 22.21'
  fi
}

try_npm() {
  have npm || return 0
  run_in "$TMP/npm" env NO_UPDATE_NOTIFIER=1 npm_config_cache="$TMP/npm" \
    npm view --fetch-retries=0 --registry="https://$HOST/" leash-probe
  judge npm "$(npm --version 2>/dev/null)" 'E404' 'NODE_EXTRA_CA_CERTS, or cafile in .npmrc' \
    'HTTPS_PROXY, or https-proxy in .npmrc'
}

try_pip() {
  have python3 && python3 -m pip --version >/dev/null 2>&1 || return 0
  run python3 -m pip download -vv --no-deps --no-cache-dir --disable-pip-version-check --retries 0 \
    --timeout 20 -d "$TMP/pip" --index-url "https://$HOST/simple/" leash-probe
  # The rest of what it says is about itself, with words that are looked for below.
  grep 'Could not fetch\|confirming the ssl' "$TMP/out" >"$TMP/said"
  mv "$TMP/said" "$TMP/out"
  judge pip "$(python3 -m pip --version | first_number)" '404 Client Error' 'PIP_CERT' 'HTTPS_PROXY'
}

try_python3() {
  have python3 || return 0
  run python3 -c 'import sys, urllib.request
print(urllib.request.urlopen(sys.argv[1], timeout=20).read().decode())' "$URL"
  judge python3 "$(python3 --version | first_number)" "$LINE" 'SSL_CERT_FILE' 'HTTPS_PROXY'
}

try_requests() {
  have python3 && python3 -c 'import requests' 2>/dev/null || return 0
  run python3 -c 'import sys, requests
print(requests.get(sys.argv[1], timeout=20).text)' "$URL"
  version=$(python3 -c 'import requests; print(requests.__version__)')
  judge requests "$version" "$LINE" 'REQUESTS_CA_BUNDLE' 'HTTPS_PROXY'
}

try_uv() {
  have uv || return 0
  run env UV_HTTP_RETRIES=0 uv pip install --no-cache --dry-run --target "$TMP/uv" \
    --index-url "https://$HOST/simple/" leash-probe
  judge uv "$(uv --version | first_number)" 'not found in the package registry' 'SSL_CERT_FILE' 'HTTPS_PROXY'
}

try_wget() {
  have wget || return 0
  run env LC_ALL=C wget -nv --tries=1 --timeout=20 -O - "$URL"
  judge wget "$(wget --version 2>/dev/null | first_number)" "$LINE" \
    'the store of the system (trust.sh as root), or ca_certificate in ~/.wgetrc' 'https_proxy, in lower case'
}

# run COMMAND...: what it prints is in $TMP/out, its exit code in CODE.
run() {
  if have timeout; then set -- timeout 90 "$@"; fi
  "$@" >"$TMP/out" 2>&1 </dev/null
  CODE=$?
}

# run_in FOLDER COMMAND...: a folder of its own, so that no file of a project has a say.
run_in() {
  mkdir -p "$1"
  where=$PWD
  cd "$1" || return
  shift
  run "$@"
  cd "$where" || return
}

UNTRUSTED='certificate\|certificat_\|self.signed\|unable to verify\|local issuer\|x509:\|PKIX\|UnknownIssuer\|ERR_CERT\|CERT_AUTHORITY'
UNRESOLVED='not resolve\|resolving\|to resolve\|dial tcp: lookup\|name or service\|no such host\|ENOTFOUND\|EAI_AGAIN\|getaddrinfo\|UnknownHost\|lookup address\|dns error\|NAME_NOT_RESOLVED\|name resolution\|failed to lookup'
UNREACHED='ECONNREFUSED\|connection refused\|could not connect\|couldn.t connect\|resolve proxy\|failed to connect\|ERR_PROXY\|cannot connect to proxy\|ProxyError\|tunneling socket'
UNKNOWN='identity_required\|identity_unknown\| 407\|code 407\|=407\|authentication required'

# judge PROGRAM VERSION PATTERN FIX_OF_TRUST FIX_OF_PROXY: PATTERN is in what it prints when it works.
judge() {
  if said "$UNTRUSTED"; then
    report "$1" "$2" 'does not trust the CA' "$4"
  elif said "$UNKNOWN"; then
    report "$1" "$2" 'shows no token' 'name:token@ before the host of the proxy; ask the operator'
  elif said "$UNREACHED"; then
    report "$1" "$2" 'cannot reach the proxy' "its proxy is wrong or down: $(current_proxy)"
  elif said "$UNRESOLVED"; then
    if [ "$IS_OPEN" = 1 ]; then
      report "$1" "$2" 'BYPASSES THE PROXY' "$5"
    else
      report "$1" "$2" 'ignores the proxy' "$5"
    fi
  elif said "$3"; then
    report "$1" "$2" 'works' ''
  else
    report "$1" "$2" 'fails' "it said: $(tail -n 1 "$TMP/out" | tr -cd '[:print:]' | cut -c1-120)"
  fi
}

said() { grep -qi "$1" "$TMP/out"; }

report() {
  [ "$3" = 'not tried' ] || DONE=$((DONE + 1))
  [ "$3" = works ] || [ "$3" = 'not tried' ] || BAD=$((BAD + 1))
  if [ "$JSON" = 1 ]; then
    printf '{"program":"%s","version":"%s","result":"%s","fix":"%s"}\n' \
      "$1" "$(json "$2")" "$3" "$(json "$4")"
  else
    row "$1" "$2" "$3" "$4"
  fi
}

row() { printf '%-10s %-16s %-24s %s\n' "$1" "$2" "$3" "$4" | sed 's/ *$//'; }
json() { printf %s "$1" | sed 's/[\\"]/\\&/g'; }
first_number() { grep -o '[0-9][0-9]*\.[0-9][0-9.]*' | head -n 1; }
have() { command -v "$1" >/dev/null 2>&1; }
say() { printf '%s\n' "$*"; }
later() { printf 'doctor.sh: %s\n' "$*" >&2; }
fail() {
  code=$1
  shift
  printf 'doctor.sh: %s\n' "$*" >&2
  exit "$code"
}

main "$@"
