# shellcheck shell=bash
# `setup.sh install` and `setup.sh uninstall`: their options, and the order of the steps. Each step
# looks first and changes only what is not as it should be, so that a second run changes nothing.
# shellcheck disable=SC2034

readonly DEFAULT_BASE=node:24-trixie-slim

verb_install() {
  IMPORT_CA='' IMPORT_LOG='' SUBNET='' WAY='' RELEASE='' PREVIOUS='' BASE=$DEFAULT_BASE
  local words=$*
  while [ $# -gt 0 ]; do
    case $1 in
      --native) WAY=native ;;
      --containers) WAY=containers ;;
      --base | --base=*)
        take_value "$@"
        BASE=$VALUE
        [[ $1 == *=* ]] || shift
        ;;
      --dry-run) DRY_RUN=yes ;;
      --import-ca | --import-ca=*)
        take_value "$@"
        IMPORT_CA=$VALUE
        [[ $1 == *=* ]] || shift
        ;;
      --import-log | --import-log=*)
        take_value "$@"
        IMPORT_LOG=$VALUE
        [[ $1 == *=* ]] || shift
        ;;
      --route-agents | --route-agents=*)
        take_value "$@"
        SUBNET=$VALUE
        [[ $1 == *=* ]] || shift
        ;;
      *) usage_error "\"install\" does not know \"$1\"" ;;
    esac
    shift
  done
  if [ -n "$SUBNET" ]; then check_subnet "$SUBNET"; fi
  require_root install
  require_supported_system
  open_setup_log "install $words"
  choose_way
  need_packages ca-certificates util-linux
  if [ "$WAY" = containers ]; then install_containers; fi
  # Also where the images could not be built.
  if [ "$WAY" = native ]; then install_native; fi
  summary
}

install_native() {
  make_users
  install_node
  build_release
  install_policy
  install_env
  import_ca
  install_folders
  switch_release
  install_unit
  install_leashctl
  route_agents
  check_policy
  start_or_go_back
  drop_old_releases
}

install_containers() {
  need_podman
  build_images
  if [ "$WAY" != containers ]; then return; fi
  install_policy
  install_env
  install_quadlets
  install_leashctl
  route_agents
  start_containers
  check_policy
}

# take_value OPTION VALUE... or OPTION=VALUE...: into $VALUE.
take_value() {
  if [[ $1 == *=* ]]; then VALUE=${1#*=}; else VALUE=${2-}; fi
  if [ -z "$VALUE" ] || [[ $VALUE == --* ]]; then usage_error "${1%%=*} takes a value"; fi
}

verb_uninstall() {
  local purge=no yes=no words=$*
  while [ $# -gt 0 ]; do
    case $1 in
      --purge) purge=yes ;;
      --yes) yes=yes ;;
      --dry-run) DRY_RUN=yes ;;
      *) usage_error "\"uninstall\" does not know \"$1\"" ;;
    esac
    shift
  done
  require_root uninstall
  if [ $purge = yes ] && [ $yes = no ] && [ "$DRY_RUN" = no ]; then
    confirm "delete the record, the CA and the policy ($LOGS, $STATE, $ETC, $ENV_FILE) for ever?" ||
      fail 'nothing was changed'
  fi
  open_setup_log "uninstall $words"
  drop_route
  drop_containers "$purge"
  drop_unit leash.service
  if has_systemd; then change 'tell systemd of it' systemctl daemon-reload; fi
  remove_leashctl
  if [ -e "$OPT/packages" ]; then
    say "packages that were installed for leash stay: $(sort -u "$OPT/packages" | tr '\n' ' ')"
  fi
  remove "$OPT"
  if [ $purge = yes ]; then
    remove "$ETC" "$ENV_FILE" "$ENV_FILE.new" "$STATE" "$LOGS"
    remove_users
    say 'leash is gone, with all that it had'
  else
    say "leash is gone; its record, CA and policy stay: $LOGS, $STATE, $ETC, $ENV_FILE"
  fi
}
