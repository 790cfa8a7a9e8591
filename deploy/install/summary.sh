# shellcheck shell=bash
# What a person needs to know when it is installed: the CA's fingerprint, where the viewer is, what next.

summary() {
  if [ "$DRY_RUN" = yes ]; then
    say 'nothing was changed'
    return
  fi
  local address port proxy_port token fingerprint
  address=$(hostname -I 2>/dev/null | cut -d' ' -f1) || true
  address=${address:-$(hostname)}
  port=$(setting PORT)
  proxy_port=$(setting LEASH_PROXY_PORT)
  token=$(node_of_leash dist/viewer/cli/leashctl.js token 2>/dev/null) || token=''
  fingerprint=$(ca_fingerprint)
  cat <<TEXT

leash ${RELEASE:-in containers} is installed, mode $(mode_word)

  proxy        http://$address:${proxy_port:-8080}
  viewer       http://$address:${port:-8090}/${token:+#token=$token}
  CA           $STATE/ca.pem
  SHA-256      ${fingerprint:-made at the first start}
  policy       $ETC, settings in $ENV_FILE
  record       $(setting LOG_PATH)$([ "$WAY" = native ] || printf ' in volume %s' systemd-leash-logs)
  what was done is in $SETUP_LOG

Next:
  leashctl status                     is it ready
  leashctl mode audit                 let all pass and see what is asked for, then enforce
  $ETC/agents.yaml              name the agents' networks: they get the CA and no record
  http://leash.internal/trust.sh      what makes an agent's machine trust and use it, through the proxy:
                                      docs/agents.md
  ./setup.sh uninstall                keeps record, CA and policy
TEXT
}

# Of the CA that is in force; '' before the first start.
ca_fingerprint() {
  node_of_leash -e '
    const { X509Certificate } = require("node:crypto");
    const pem = require("node:fs").readFileSync("/var/lib/leash/ca.pem");
    console.log(new X509Certificate(pem).fingerprint256);' 2>/dev/null || true
}
