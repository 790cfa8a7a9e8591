# shellcheck shell=bash
# --route-agents SUBNET: rules of nftables that let the agents of a subnet reach the proxy port of this
# machine and nothing else on it or through it (the one for `dnat` is that of a container). No NAT and no forwarding, with or without it.

readonly RULES=$ETC/route-agents.nft
readonly RULES_UNIT=leash-route-agents.service

# Checked before anything is changed.
check_subnet() {
  local four='^([0-9]{1,3}\.){3}[0-9]{1,3}/([0-9]|[12][0-9]|3[0-2])$'
  local six='^[0-9a-fA-F:]*:[0-9a-fA-F:]*/([0-9]{1,2}|1[01][0-9]|12[0-8])$'
  if [[ ! $1 =~ $four ]] && [[ ! $1 =~ $six ]]; then
    usage_error "--route-agents takes a network like 10.20.0.0/16, got \"$1\""
  fi
}

route_rules() {
  local subnet=$1 port family=ip
  port=$(setting LEASH_PROXY_PORT)
  if [[ $subnet == *:* ]]; then family=ip6; fi
  cat <<TEXT
# Agents in $subnet reach the proxy port of this machine, and nothing else on it or through it.
# Made by setup.sh --route-agents; loaded at boot by $RULES_UNIT.
table inet leash_agents
delete table inet leash_agents
table inet leash_agents {
  chain input {
    type filter hook input priority -5; policy accept;
    $family saddr $subnet ct state established,related accept
    $family saddr $subnet tcp dport ${port:-8080} accept
    $family saddr $subnet icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit } accept
    $family saddr $subnet counter reject with icmpx admin-prohibited
  }
  chain forward {
    type filter hook forward priority -5; policy accept;
    $family saddr $subnet ct status dnat ct original proto-dst ${port:-8080} accept
    $family saddr $subnet counter reject with icmpx admin-prohibited
  }
}
TEXT
}

route_agents() {
  if [ -z "$SUBNET" ]; then return; fi
  need_packages nftables
  local text unit
  text=$(mktemp)
  route_rules "$SUBNET" | { if [[ $SUBNET == *:* ]]; then cat; else grep -v icmpv6; fi; } >"$text"
  say "rules for agents in $SUBNET:"
  cat "$text"
  if [[ $SUBNET != *:* ]]; then
    say "they are about IPv4: where agents have IPv6, too (any Linux has, on its own wire), close it on their network"
  fi
  place 644 "$text" "$RULES"
  unit=$ROOT/deploy/systemd/$RULES_UNIT
  place 644 "$unit" "$UNITS/$RULES_UNIT"
  enable_unit "$RULES_UNIT"
  if has_systemd; then change 'load the rules' systemctl restart "$RULES_UNIT"; fi
  name_agents
  rm -f "$text"
}

# The same network may not read the record: where nobody has named any, it is named.
name_agents() {
  local file=$ETC/agents.yaml
  if grep -q '^agent_networks: \[\]$' "$file" 2>/dev/null; then
    change "name $SUBNET in $file" sed -i "s,^agent_networks: \[\]\$,agent_networks: ['$SUBNET']," "$file"
  elif ! grep -qF "$SUBNET" "$file" 2>/dev/null && [ "$DRY_RUN" = no ]; then
    say "$file names other agent_networks: add $SUBNET, so that its agents get no record"
  fi
}

drop_route() {
  drop_unit "$RULES_UNIT"
  if command -v nft >/dev/null && nft list table inet leash_agents >/dev/null 2>&1; then
    change 'remove the rules for agents' nft delete table inet leash_agents
  fi
  remove "$RULES"
}
