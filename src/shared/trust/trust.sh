#!/bin/sh
# leash: makes this machine send its programs through the proxy, and trust the proxy's CA.
# Run as root: for everybody. Run as another user: for that user, and it says what it had to leave.
# May be run again at any time: what is right stays, what is old is replaced. --help shows the options.
set -u
umask 022

# What follows is filled in by the leash that hands this file out.
# <embedded>
PROXY=''
NO_PROXY_HOSTS='localhost,127.0.0.1,::1'
PROXY_VARS='HTTP_PROXY'
CA_VARS='NODE_EXTRA_CA_CERTS'
BUNDLE_VARS='SSL_CERT_FILE'
embedded_cas() { :; }
node_proxy() { :; }
# </embedded>

MARK='# leash: made by trust.sh, which removes it: trust.sh --uninstall'
BEGIN='# >>> leash >>>'
END='# <<< leash <<<'
ROOT_DIR=/usr/local/share/leash
DRY=0
UNINSTALL=0
FINGERPRINTS=''
CAS=''
LEFT=''

usage() {
  cat <<'TEXT'
usage: sh trust.sh [--fingerprint SHA256]... [--proxy URL|none] [--dry-run] [--uninstall]

  --fingerprint SHA256  install a CA only if it has this fingerprint; hex, with or without colons
  --proxy URL           how programs reach the proxy: http://host:port, or with name:token@ before
                        the host; none: only trust the CA, set no proxy
  --dry-run             say what would be done, and do nothing
  --uninstall           take away all that this script made

Exit code: 0 done, 1 something could not be done, 2 wrong arguments, 3 the CA is not the one named.
TEXT
}

main() {
  read_arguments "$@"
  TMP=$(mktemp -d) || exit 1
  trap 'rm -rf "$TMP"' EXIT
  trap 'exit 1' HUP INT TERM
  find_places
  if [ "$UNINSTALL" = 1 ]; then
    uninstall
  else
    check_cas
    install
  fi
  [ -z "$LEFT" ] || printf '\nleft for you:%s\n' "$LEFT"
  [ ! -e "$TMP/failed" ] || exit 1
  exit 0
}

read_arguments() {
  while [ $# -gt 0 ]; do
    case $1 in
      --fingerprint)
        [ $# -gt 1 ] || fail 2 '--fingerprint takes a SHA-256'
        FINGERPRINTS="$FINGERPRINTS $(printf %s "$2" | tr -d ': ' | tr 'A-F' 'a-f')"
        shift
        ;;
      --proxy)
        [ $# -gt 1 ] || fail 2 '--proxy takes http://host:port, or none'
        PROXY=$2
        [ "$PROXY" != none ] || PROXY=''
        shift
        ;;
      --dry-run) DRY=1 ;;
      --uninstall) UNINSTALL=1 ;;
      -h | --help)
        usage
        exit 0
        ;;
      *)
        usage >&2
        fail 2 "unknown argument: $1"
        ;;
    esac
    shift
  done
  # It is written into files that shells read.
  case $PROXY in
    '') ;;
    *[!][A-Za-z0-9:/.@_~%+-]*) fail 2 "--proxy takes http://host:port, got: $PROXY" ;;
    http://*:*) ;;
    *) fail 2 "--proxy takes http://host:port, got: $PROXY" ;;
  esac
  for print in $FINGERPRINTS; do
    case $print in
      *[!0-9a-f]*) fail 2 "--fingerprint takes 64 hex digits, got: $print" ;;
    esac
    [ ${#print} -eq 64 ] || fail 2 "--fingerprint takes 64 hex digits, got: $print"
  done
}

find_places() {
  IS_ROOT=0
  if [ "$(id -u)" = 0 ]; then IS_ROOT=1; fi
  HOME=${HOME:-/}
  if [ "$IS_ROOT" = 1 ]; then
    DIR=$ROOT_DIR
  else
    DIR=${XDG_CONFIG_HOME:-$HOME/.config}/leash
  fi
  case $DIR in
    *[!A-Za-z0-9/._@+-]*) fail 1 "the path $DIR cannot be written into a shell's file" ;;
  esac
  # The store of the system: Fedora, SUSE, Arch; then Debian, Ubuntu and Alpine.
  STORE='' STORE_COMMAND=''
  if have update-ca-trust && [ -d /etc/pki/ca-trust/source/anchors ]; then
    STORE=/etc/pki/ca-trust/source/anchors STORE_COMMAND='update-ca-trust'
  elif have update-ca-certificates && [ -d /etc/pki/trust/anchors ]; then
    STORE=/etc/pki/trust/anchors STORE_COMMAND='update-ca-certificates'
  elif have update-ca-trust && [ -d /etc/ca-certificates/trust-source/anchors ]; then
    STORE=/etc/ca-certificates/trust-source/anchors STORE_COMMAND='update-ca-trust'
  elif have update-ca-certificates; then
    STORE=/usr/local/share/ca-certificates STORE_COMMAND='update-ca-certificates'
  fi
  SYSTEM_BUNDLE=''
  for bundle in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt \
    /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem; do
    [ -n "$SYSTEM_BUNDLE" ] || [ ! -s "$bundle" ] || SYSTEM_BUNDLE=$bundle
  done
}

# ca SHA256: the certificate on standard input is one that leash wants to be trusted.
# shellcheck disable=SC2317  # embedded_cas calls it
ca() {
  cat >"$TMP/$1.pem"
  CAS="$CAS $1"
}

check_cas() {
  embedded_cas
  [ -n "$CAS" ] || fail 1 'there is no CA in this file: get it from http://leash.internal/trust.sh'
  wanted=''
  for sha in $CAS; do
    is=$(sha256_of "$TMP/$sha.pem")
    if [ -z "$is" ]; then
      [ -z "$FINGERPRINTS" ] || fail 3 'cannot compute a fingerprint: there is neither sha256sum nor openssl'
    elif [ "$is" != "$sha" ]; then
      fail 3 "this file is damaged: its CA has the fingerprint $is"
    fi
    if [ -z "$FINGERPRINTS" ]; then
      say "CA       SHA-256 $sha (compare it with what the operator says)"
      wanted="$wanted $sha"
    else
      case " $FINGERPRINTS " in
        *" $sha "*) wanted="$wanted $sha" ;;
        *) later "the CA $sha is not installed: --fingerprint does not name it" ;;
      esac
    fi
  done
  [ -n "$wanted" ] || fail 3 "the CA is not the one named: it has the fingerprint$CAS; nothing was changed"
  CAS=$wanted
  for sha in $CAS; do cat "$TMP/$sha.pem"; done >"$TMP/ca.pem"
}

sha256_of() {
  if have base64 && have sha256sum; then
    sed '/^-----/d' "$1" | base64 -d 2>/dev/null | sha256sum | cut -c1-64
  elif have openssl; then
    openssl x509 -in "$1" -noout -fingerprint -sha256 | sed 's/.*=//' | tr -d ':' | tr 'A-F' 'a-f'
  fi
}

install() {
  [ "$IS_ROOT" = 0 ] || install_store
  put "$DIR/ca.pem" <"$TMP/ca.pem"
  install_bundle
  install_node
  install_java
  put_env
  if [ "$IS_ROOT" = 1 ]; then
    install_for_all
  else
    install_for_user
    [ -z "$STORE" ] ||
      later 'the store of the system, and what reads only that: run this as root'
  fi
  install_nss
  notes
}

install_store() {
  if [ -z "$STORE" ]; then
    later 'the store of the system: install the package ca-certificates, then run this again'
    return
  fi
  changed=0
  for old in "$STORE"/leash-????????.crt; do
    [ -e "$old" ] || continue
    case " $CAS" in
      *" $(tag_of "$old")"*) ;;
      *) drop "$old" && changed=1 ;;
    esac
  done
  for sha in $CAS; do
    short=$(printf %s "$sha" | cut -c1-8)
    put "$STORE/leash-$short.crt" <"$TMP/$sha.pem" && changed=1
    in_bundle "$sha" || changed=1
  done
  [ "$changed" = 0 ] || update_store
}

# leash-0123abcd.crt -> 0123abcd
tag_of() { basename "$1" .crt | sed 's/^leash-//'; }

update_store() {
  if [ "$DRY" = 1 ]; then
    say "would run $STORE_COMMAND"
  elif $STORE_COMMAND >"$TMP/log" 2>&1; then
    say "ran      $STORE_COMMAND"
  else
    cat "$TMP/log" >&2
    broken "$STORE_COMMAND failed; what it said stands above"
  fi
  [ -n "$SYSTEM_BUNDLE" ] || [ ! -s /etc/ssl/certs/ca-certificates.crt ] ||
    SYSTEM_BUNDLE=/etc/ssl/certs/ca-certificates.crt
}

# The last line but one of a certificate is of its signature: no other one has it.
in_bundle() {
  [ -n "$SYSTEM_BUNDLE" ] && grep -qF "$(tail -n 2 "$TMP/$1.pem" | head -n 1)" "$SYSTEM_BUNDLE"
}

# One path for all variables: the bundle of the system where leash is in it, else one of our own.
install_bundle() {
  for sha in $CAS; do
    in_bundle "$sha" || {
      [ -n "$SYSTEM_BUNDLE" ] ||
        later 'public CAs: there are none on this machine; install ca-certificates, then run this again'
      {
        [ -z "$SYSTEM_BUNDLE" ] || cat "$SYSTEM_BUNDLE"
        cat "$TMP/ca.pem"
      } | put "$DIR/ca-bundle.pem"
      return 0
    }
  done
  if [ "$(readlink "$DIR/ca-bundle.pem" 2>/dev/null)" = "$SYSTEM_BUNDLE" ]; then
    say "kept     $DIR/ca-bundle.pem"
  elif [ "$DRY" = 1 ]; then
    say "would link $DIR/ca-bundle.pem to $SYSTEM_BUNDLE"
  else
    ln -sf "$SYSTEM_BUNDLE" "$DIR/ca-bundle.pem" && say "linked   $DIR/ca-bundle.pem to $SYSTEM_BUNDLE"
  fi
}

# Node before 22.21 knows no proxy variables: a file that is loaded first does it for them.
install_node() {
  NODE_PRELOAD=''
  if [ -z "$PROXY" ] || ! have node || node_knows_proxies; then
    drop "$DIR/node-proxy.cjs" || :
    return 0
  fi
  NODE_PRELOAD=$DIR/node-proxy.cjs
  node_proxy | put "$NODE_PRELOAD" || :
}

node_knows_proxies() {
  node -e 'process.exit(process.allowedNodeEnvironmentFlags.has("--use-env-proxy") ? 0 : 1)' \
    >/dev/null 2>&1 </dev/null
}

java_homes() {
  {
    [ -z "${JAVA_HOME-}" ] || printf '%s\n' "$JAVA_HOME"
    if have java; then
      real=$(readlink -f "$(command -v java)") && printf '%s\n' "${real%/bin/java}"
    fi
    for home in /usr/lib/jvm/* /opt/java/*; do
      # Debian has links there for the same one.
      [ -L "$home" ] || printf '%s\n' "$home"
    done
  } | sed 's:/jre$::' | sort -u
}

java_stores() {
  java_homes | while read -r home; do
    for store in "$home/lib/security/cacerts" "$home/jre/lib/security/cacerts"; do
      [ ! -f "$store" ] || readlink -f "$store"
    done
  done | sort -u
}

install_java() {
  JAVA_STORE=''
  java_stores >"$TMP/stores"
  [ -s "$TMP/stores" ] || return 0
  if ! have keytool; then
    later 'the keystore of Java: there is no keytool'
    return
  fi
  if [ "$IS_ROOT" = 1 ]; then
    while read -r store; do import_java "$store"; done <"$TMP/stores"
    return
  fi
  JAVA_STORE=$DIR/cacerts
  if [ "$DRY" = 0 ] && [ ! -f "$JAVA_STORE" ]; then
    mkdir -p "$DIR"
    cp "$(head -n 1 "$TMP/stores")" "$JAVA_STORE" && chmod u+w "$JAVA_STORE"
  fi
  import_java "$JAVA_STORE"
}

keys() { keytool -J-Djava.awt.headless=true "$@" -storepass changeit </dev/null; }

aliases_of() {
  keys -list -keystore "$1" 2>/dev/null |
    sed -n 's/^\(leash-[0-9a-f]\{8\}\),.*/\1/p; s/^\(debian:leash-[0-9a-f]\{8\}\.pem\),.*/\1/p'
}

import_java() {
  aliases_of "$1" >"$TMP/aliases"
  for sha in $CAS; do
    name=leash-$(printf %s "$sha" | cut -c1-8)
    if grep -q "$name" "$TMP/aliases"; then
      say "kept     $name in $1"
    elif [ "$DRY" = 1 ]; then
      say "would import $name into $1"
    elif keys -importcert -noprompt -trustcacerts -alias "$name" -file "$TMP/$sha.pem" \
      -keystore "$1" >"$TMP/log" 2>&1; then
      say "imported $name into $1"
    else
      cat "$TMP/log" >&2
      broken "the keystore $1 of Java"
    fi
  done
}

# The variables as lines: env_lines FORMAT, where %s is a name and a value.
env_lines() {
  if [ -n "$PROXY" ]; then
    # shellcheck disable=SC2059  # the format is ours
    for name in $PROXY_VARS; do printf "$1" "$name" "$PROXY"; done
    # shellcheck disable=SC2059
    for name in NO_PROXY no_proxy; do printf "$1" "$name" "$NO_PROXY_HOSTS"; done
    # shellcheck disable=SC2059
    printf "$1" NODE_USE_ENV_PROXY 1
  fi
  # shellcheck disable=SC2059
  for name in $CA_VARS; do printf "$1" "$name" "$DIR/ca.pem"; done
  # shellcheck disable=SC2059
  for name in $BUNDLE_VARS; do printf "$1" "$name" "$DIR/ca-bundle.pem"; done
}

java_options() {
  options=''
  if [ -n "$PROXY" ]; then
    address=${PROXY#http://}
    address=${address##*@}
    address=${address%%/*}
    host=${address%:*}
    host=${host#\[}
    host=${host%\]}
    for scheme in http https; do
      options="$options -D$scheme.proxyHost=$host -D$scheme.proxyPort=${address##*:}"
    done
    options="$options -Dhttp.nonProxyHosts=localhost|127.0.0.1"
  fi
  if [ -n "$JAVA_STORE" ]; then
    options="$options -Djavax.net.ssl.trustStore=$JAVA_STORE -Djavax.net.ssl.trustStorePassword=changeit"
  fi
  printf %s "${options# }"
}

# Sourced by shells; may be sourced twice.
put_env() {
  {
    printf '%s\n' "$MARK"
    env_lines "export %s='%s'\n"
    java=$(java_options)
    if [ -s "$TMP/stores" ] && [ -n "$java" ]; then
      cat <<TEXT
case "\${JAVA_TOOL_OPTIONS-}" in
  *'$java'*) ;;
  *) export JAVA_TOOL_OPTIONS="\${JAVA_TOOL_OPTIONS:+\$JAVA_TOOL_OPTIONS }$java" ;;
esac
TEXT
    fi
    if [ -n "$NODE_PRELOAD" ]; then
      cat <<TEXT
case "\${NODE_OPTIONS-}" in
  *$NODE_PRELOAD*) ;;
  *) [ ! -r $NODE_PRELOAD ] || export NODE_OPTIONS="\${NODE_OPTIONS:+\$NODE_OPTIONS }--require=$NODE_PRELOAD" ;;
esac
TEXT
    fi
  } | put "$DIR/env.sh" || :
}

install_for_all() {
  # Shells of a login; sessions by PAM (ssh, cron, su); what systemd starts for a user.
  printf '%s\n[ ! -r %s ] || . %s\n' "$MARK" "$DIR/env.sh" "$DIR/env.sh" |
    put /etc/profile.d/leash.sh || :
  if [ -d /etc/pam.d ]; then env_lines '%s=%s\n' | put_block /etc/environment; fi
  if [ -d /etc/systemd ]; then
    { printf '%s\n' "$MARK" && env_lines '%s=%s\n'; } | put /etc/environment.d/90-leash.conf || :
  fi
  if [ -d /etc/fish ]; then
    { printf '%s\n' "$MARK" && env_lines "set -gx %s '%s'\n"; } | put /etc/fish/conf.d/leash.fish || :
  fi
  if [ -d /etc/apt ] && [ -n "$PROXY" ]; then
    {
      printf '%s\n' "$MARK" | sed 's:^#://:'
      printf 'Acquire::http::Proxy "%s";\nAcquire::https::Proxy "%s";\n' "$PROXY" "$PROXY"
      [ -n "$STORE" ] || printf 'Acquire::https::CaInfo "%s";\n' "$DIR/ca-bundle.pem"
    } | put /etc/apt/apt.conf.d/95leash || :
  else
    drop /etc/apt/apt.conf.d/95leash || :
  fi
}

install_for_user() {
  printf '[ ! -r %s ] || . %s\n' "$DIR/env.sh" "$DIR/env.sh" >"$TMP/source"
  put_block "$HOME/.profile" <"$TMP/source"
  for file in "$HOME/.bash_profile" "$HOME/.bashrc" "$HOME/.zshrc"; do
    [ ! -f "$file" ] || put_block "$file" <"$TMP/source"
  done
  if [ -d "$HOME/.config/fish" ]; then
    { printf '%s\n' "$MARK" && env_lines "set -gx %s '%s'\n"; } |
      put "$HOME/.config/fish/conf.d/leash.fish" || :
  fi
  # It reads no variable of trust.
  if have wget; then echo "ca_certificate = $DIR/ca-bundle.pem" | put_block "$HOME/.wgetrc"; fi
  if have apt-get; then later 'apt: its configuration belongs to root'; fi
}

# Chromium and what is made of it have a store in the home of each user.
install_nss() {
  have chromium || have chromium-browser || have google-chrome || [ -d "$HOME/.pki/nssdb" ] || return 0
  if ! have certutil; then
    later "the store of Chromium in $HOME/.pki/nssdb: install certutil (libnss3-tools, nss-tools), then run this again"
    return
  fi
  db=sql:$HOME/.pki/nssdb
  if [ ! -e "$HOME/.pki/nssdb/cert9.db" ] && [ "$DRY" = 0 ]; then
    mkdir -p "$HOME/.pki/nssdb" && certutil -d "$db" -N --empty-password
  fi
  for sha in $CAS; do
    name=leash-$(printf %s "$sha" | cut -c1-8)
    if certutil -d "$db" -L -n "$name" >/dev/null 2>&1; then
      say "kept     $name in $HOME/.pki/nssdb"
    elif [ "$DRY" = 1 ]; then
      say "would import $name into $HOME/.pki/nssdb"
    elif certutil -d "$db" -A -n "$name" -t C,, -i "$TMP/$sha.pem" </dev/null; then
      say "imported $name into $HOME/.pki/nssdb"
    else
      broken "the store of Chromium in $HOME/.pki/nssdb"
    fi
  done
  [ "$IS_ROOT" = 0 ] || later 'Chromium of other users: each runs this once, without root'
}

notes() {
  if have docker || have podman; then
    later "containers: they have stores and variables of their own; in their image run this script, or see leashctl ca env --shell docker"
    if [ -S /var/run/docker.sock ] && [ -n "$PROXY" ]; then
      later "the daemon of docker: in /etc/docker/daemon.json \"proxies\": {\"http-proxy\": \"$PROXY\", \"https-proxy\": \"$PROXY\"}, then restart it: it reads the store of the system at its start"
    fi
  fi
  [ -n "$PROXY" ] || later 'the proxy: none was set'
  say ''
  say "new shells have it. This one: . $DIR/env.sh"
  say 'programs that run already: start them again'
}

uninstall() {
  for file in /etc/profile.d/leash.sh /etc/environment.d/90-leash.conf /etc/fish/conf.d/leash.fish \
    /etc/apt/apt.conf.d/95leash; do
    [ "$IS_ROOT" = 0 ] || drop "$file" || :
  done
  [ "$IS_ROOT" = 0 ] || drop_block /etc/environment
  if [ "$IS_ROOT" = 0 ]; then
    drop "$HOME/.config/fish/conf.d/leash.fish" || :
    for file in .profile .bash_profile .bashrc .zshrc .wgetrc; do drop_block "$HOME/$file"; done
  elif [ -n "$STORE" ]; then
    changed=0
    for file in "$STORE"/leash-????????.crt; do
      [ ! -e "$file" ] || { drop "$file" && changed=1; }
    done
    [ "$changed" = 0 ] || update_store
  fi
  uninstall_java
  uninstall_nss
  for name in env.sh ca.pem ca-bundle.pem node-proxy.cjs cacerts; do drop "$DIR/$name" || :; done
  [ "$DRY" = 1 ] || rmdir "$DIR" 2>/dev/null || :
  say ''
  say 'shells and programs that run already keep what they have'
}

uninstall_java() {
  [ "$IS_ROOT" = 1 ] && have keytool || return 0
  java_stores >"$TMP/stores"
  while read -r store; do
    aliases_of "$store" >"$TMP/aliases"
    while read -r name; do
      if [ "$DRY" = 1 ]; then
        say "would remove $name from $store"
      elif keys -delete -alias "$name" -keystore "$store" >/dev/null 2>&1; then
        say "removed  $name from $store"
      else
        broken "$name in the keystore $store"
      fi
    done <"$TMP/aliases"
  done <"$TMP/stores"
}

uninstall_nss() {
  have certutil && [ -d "$HOME/.pki/nssdb" ] || return 0
  certutil -d "sql:$HOME/.pki/nssdb" -L 2>/dev/null | sed -n 's/^\(leash-[0-9a-f]\{8\}\) .*/\1/p' >"$TMP/names"
  while read -r name; do
    if [ "$DRY" = 1 ]; then
      say "would remove $name from $HOME/.pki/nssdb"
    else
      certutil -d "sql:$HOME/.pki/nssdb" -D -n "$name" && say "removed  $name from $HOME/.pki/nssdb"
    fi
  done <"$TMP/names"
}

# put PATH: standard input becomes the file, whole or not at all. Fails where it was so already.
put() {
  cat >"$TMP/new"
  if [ -f "$1" ] && [ ! -L "$1" ] && cmp -s "$TMP/new" "$1"; then
    say "kept     $1"
    return 1
  fi
  if [ "$DRY" = 1 ]; then
    say "would write $1"
  elif mkdir -p "$(dirname "$1")" && cat "$TMP/new" >"$1.leash-new" && mv -f "$1.leash-new" "$1"; then
    say "wrote    $1"
  else
    broken "cannot write $1"
  fi
}

# put_block PATH: standard input becomes the marked lines of a file that others write, too.
put_block() {
  {
    without_block "$1"
    printf '%s\n' "$BEGIN"
    cat
    printf '%s\n' "$END"
  } >"$TMP/block"
  rewrite "$1"
}

drop_block() {
  [ -f "$1" ] && grep -qF "$BEGIN" "$1" || return 0
  without_block "$1" >"$TMP/block"
  rewrite "$1"
}

# Lines between the two marks are ours; a mark that stands alone is not.
without_block() {
  [ -f "$1" ] || return 0
  awk -v begin="$BEGIN" -v end="$END" '
    $0 == begin { printf "%s", held; held = $0 "\n"; inside = 1; next }
    inside && $0 == end { held = ""; inside = 0; next }
    inside { held = held $0 "\n"; next }
    { print }
    END { printf "%s", held }
  ' "$1"
}

# In place: it may be a link, and it has an owner.
rewrite() {
  if [ -f "$1" ] && cmp -s "$TMP/block" "$1"; then
    say "kept     $1"
  elif [ "$DRY" = 1 ]; then
    say "would change $1"
  elif cat "$TMP/block" >"$1"; then
    say "changed  $1"
  else
    broken "cannot change $1"
  fi
}

drop() {
  [ -e "$1" ] || [ -L "$1" ] || return 1
  if [ "$DRY" = 1 ]; then
    say "would remove $1"
  else
    rm -f "$1" && say "removed  $1"
  fi
}

have() { command -v "$1" >/dev/null 2>&1; }
say() { printf '%s\n' "$*"; }
later() { LEFT="$LEFT
  - $*"; }
# As a file: what stands behind a pipe has variables of its own.
broken() {
  printf 'trust.sh: %s\n' "$*" >&2
  : >"$TMP/failed"
}
fail() {
  code=$1
  shift
  printf 'trust.sh: %s\n' "$*" >&2
  exit "$code"
}

main "$@"
