// `leashctl doctor --agent`: doctor.sh on this machine, for agents that run beside leash. On theirs it comes
// from http://leash.internal/doctor.sh, as no leashctl is there.

import { renderTrustFile } from '../../../shared/trust/trust-files.ts';
import { readTrust } from '../../trust-read.ts';
import { type Call, EXIT, optionValue } from '../table/verb.ts';
import { proxyAuthority } from './proxy-address.ts';
import { runScript } from './run-script.ts';

export const AGENT_OPTIONS = [
  { name: '--agent', help: 'try the programs of this machine through the proxy: runs doctor.sh' },
  {
    name: '--direct',
    value: 'HOST[:PORT]',
    help: 'with --agent: whether this host is reached past the proxy, too',
  },
] as const;

/** Exit codes are those of the script. */
export async function runAgentDoctor(call: Call): Promise<number> {
  const { config, json, io } = call;
  const trust = await readTrust(config.stateDir);
  const proxy = proxyAuthority(config, call);
  if (trust === null || 'problem' in proxy) {
    io.err(
      `there is no CA: leash makes it at its first start (LEASH_STATE_DIR is ${config.stateDir})`,
    );
    return EXIT.unreachable;
  }
  const direct = optionValue(call, '--direct');
  return runScript(call, renderTrustFile('doctor.sh', trust, proxy.authority) ?? '', [
    ...(json ? ['--json'] : []),
    ...(direct === undefined ? [] : ['--direct', direct]),
  ]);
}
