# shellcheck shell=bash
# /etc/leash, the policy, and /etc/default/leash, the settings. An edit is never lost: a file that somebody changed stays, and
# what would have replaced it is put beside it as FILE.new. Takes over what the original leash left.

# What was shipped last, to tell an edit from a file that is merely old.
readonly SHIPPED=$OPT/shipped

install_policy() {
  if [ ! -d "$ETC" ]; then change "make $ETC" mkdir -p -m 755 "$ETC"; fi
  migrate_allowlist
  local file
  for file in "${POLICY_FILES[@]}"; do
    keep_or_place "$ROOT/config/policy/$file" "$ETC/$file"
  done
  if [ ! -s "$ETC/mode" ]; then
    change "make $ETC/mode: enforce" write_line enforce "$ETC/mode"
  else
    say "$ETC/mode stays as it is: $(mode_word)"
  fi
}

# The word in `mode`, and no other content: it goes to a terminal, and the file is the viewer's.
mode_word() {
  grep -m 1 -xE 'enforce|audit|blocklist' "$ETC/mode" || printf 'none that leash knows'
}

# keep_or_place SOURCE TARGET [RIGHTS]
keep_or_place() {
  local source=$1 target=$2 rights=${3-644} name
  name=$(basename "$target")
  if [ ! -e "$target" ] && [ ! -L "$target" ]; then
    change "make $target" copy_to "$source" "$target" "$rights"
  elif cmp -s "$source" "$target"; then
    :
  elif [ -e "$SHIPPED/$name" ] && cmp -s "$SHIPPED/$name" "$target"; then
    change "replace $target, which nobody has edited" copy_to "$source" "$target" "$rights"
  elif ! cmp -s "$source" "$SHIPPED/$name"; then
    say "$target stays as it is; this version's own is beside it: $target.new"
    change "make $target.new" copy_to "$source" "$target.new" "$rights"
  fi
  if [ "$DRY_RUN" = no ]; then copy_to "$source" "$SHIPPED/$name" 600; fi
}

# The viewer may write to the folder: under a name that it can guess a link of its own may lie.
copy_to() {
  local temp
  mkdir -p "$(dirname "$2")" && temp=$(mktemp "$2.XXXXXXXX.tmp") &&
    cp "$1" "$temp" && chmod "$3" "$temp" && mv -fT "$temp" "$2"
}

write_line() {
  local temp
  temp=$(mktemp "$2.XXXXXXXX.tmp") && printf '%s\n' "$1" >"$temp" &&
    chmod 644 "$temp" && mv -fT "$temp" "$2"
}

# The original had its list in allowlist.yaml.
migrate_allowlist() {
  local old=$ETC/allowlist.yaml
  if [ ! -e "$old" ] || [ -e "$ETC/enforce.yaml" ]; then return; fi
  change "make $ETC/enforce.yaml of the original's allowlist.yaml" copy_to "$old" "$ETC/enforce.yaml" 644
  change "keep the original's list as $old.migrated" mv -T "$old" "$old.migrated"
}

install_env() {
  local template
  template=$(mktemp)
  env_template >"$template"
  keep_or_place "$template" "$ENV_FILE" 600
  rm -f "$template"
}

env_template() {
  cat <<TEXT
# Settings of leash, KEY=VALUE a line; docs/reference.md names all of them.
# In force after: systemctl restart leash
LEASH_DIR=$ETC
LEASH_STATE_DIR=$STATE
TEXT
  if [ "$WAY" = native ]; then
    printf 'LOG_PATH=%s/egress.jsonl\n' "$LOGS"
    printf 'LEASH_USERS=%s:%s\n' "$WORKER_USER" "$VIEWER_USER"
  else
    # The volume's place in the containers, where each image has a user of its own.
    printf 'LOG_PATH=/logs/egress.jsonl\n'
  fi
}

# The folders, and whose all of it is.
install_folders() {
  local folder
  for folder in "$STATE" "$LOGS"; do
    if [ ! -d "$folder" ]; then change "make $folder" mkdir -p "$folder"; fi
  done
  import_log
  change "give workers and viewer what each of them needs of $ETC, $STATE and $LOGS" \
    "$ROOT/deploy/install/own-files.sh"
}

# A log of the original elsewhere is copied: it becomes segment 0, which leash never writes to. In the
# folder of ours leash finds it by itself.
import_log() {
  local target=$LOGS/egress.jsonl source=$IMPORT_LOG
  if [ -z "$source" ] && [ -f /logs/egress.jsonl ] && [ ! -L /logs/egress.jsonl ]; then
    source=/logs/egress.jsonl
  fi
  if [ -z "$source" ]; then return; fi
  if [ -e "$target" ] || [ -L "$target" ] || compgen -G "$LOGS/egress.*.jsonl*" >/dev/null; then
    [ -z "$IMPORT_LOG" ] || say "$IMPORT_LOG is not imported: $LOGS has a log already"
    return
  fi
  change "import $source as the first segment of the log" copy_to "$source" "$target" 640
}

# A CA that agents trust already, that of mitmproxy for instance: certificate and key in one PEM file.
import_ca() {
  if [ -z "$IMPORT_CA" ]; then return; fi
  [ -r "$IMPORT_CA" ] || fail "cannot read $IMPORT_CA"
  if [ -e "$STATE/private/ca.key" ] || [ -e "$STATE/ca.pem" ]; then
    say "$IMPORT_CA is not imported: leash has a CA already, $STATE/ca.pem"
    return
  fi
  change "import the CA of $IMPORT_CA" "$OPT/node/bin/node" \
    "$ROOT/deploy/install/import-ca.mjs" "$IMPORT_CA" "$STATE"
}

# Says what leash would refuse at its start. As the viewer, whose the files are: root reads no link of its.
check_policy() {
  if [ "$DRY_RUN" = yes ]; then return; fi
  local as=(setpriv --reuid "$VIEWER_USER" --regid "$VIEWER_USER" --clear-groups)
  local check=("${as[@]}" "$OPT/node/bin/node" "$OPT/current/deploy/install/check-policy.mjs")
  if [ "$WAY" = containers ]; then check=(podman exec leash-viewer node deploy/install/check-policy.mjs); fi
  (cd / && "${check[@]}" "$ETC") ||
    say 'the files named above are not in force until they are mended; what they should allow is denied'
}
