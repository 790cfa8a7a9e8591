// `leashctl ca show|env|install|rotate`: the CA that agents have to trust.

import { join } from 'node:path';
import { formatJson } from '../../../shared/audit-line.ts';
import { readAfter } from '../../../shared/trust/ca-rotation.ts';
import { renderTrustFile } from '../../../shared/trust/trust-files.ts';
import { readStatus } from '../../status.ts';
import { readTrust } from '../../trust-read.ts';
import { actorName } from '../actor.ts';
import { type Call, EXIT, optionValue, type Verb } from '../table/verb.ts';
import { askPrimary, readRotation } from '../trust/ask-primary.ts';
import { caRows, caText } from '../trust/ca-text.ts';
import { ENV_SHELLS, type EnvShell, envPairs, envText } from '../trust/env-text.ts';
import { PROXY_OPTION, proxyAuthority, proxyUrl } from '../trust/proxy-address.ts';
import { runScript } from '../trust/run-script.ts';

const NO_CA = { unreachable: 'leash has made no CA yet, or does not run' } as const;

export const CA_SHOW_VERB: Verb = {
  name: 'ca show',
  group: 'setup',
  help: 'the CA that agents have to trust: fingerprint, dates, path',
  exits: NO_CA,
  examples: [{ command: 'leashctl ca show', what: 'what trust.sh --fingerprint wants' }],
  run: runShow,
};

export const CA_ENV_VERB: Verb = {
  name: 'ca env',
  group: 'setup',
  help: 'the variables that make programs use and trust leash',
  options: [
    {
      name: '--shell',
      value: 'KIND',
      words: ENV_SHELLS,
      help: 'lines for what: sh (default), fish, docker, compose, k8s, systemd',
    },
    PROXY_OPTION,
  ],
  exits: NO_CA,
  examples: [
    { command: 'leashctl ca env --shell docker', what: 'lines of a Dockerfile' },
    { command: 'leashctl ca env --shell k8s --proxy leash:8080', what: 'for a pod' },
  ],
  run: runEnv,
};

export const CA_INSTALL_VERB: Verb = {
  name: 'ca install',
  group: 'setup',
  help: 'make this machine trust the CA, for agents that run on it: runs trust.sh',
  details: [
    'Sets no proxy unless --proxy names it. On the machines of agents trust.sh does it: http://leash.internal/trust.sh, through the proxy.',
  ],
  options: [
    { ...PROXY_OPTION, help: 'send the programs of this machine through the proxy, too' },
    { name: '--dry-run', help: 'say what would be done, and do nothing' },
    { name: '--uninstall', help: 'take away all that it made' },
  ],
  exits: NO_CA,
  run: runInstall,
};

export const CA_ROTATE_VERB: Verb = {
  name: 'ca rotate',
  group: 'setup',
  help: 'make a new CA beside the old one, which signs from a date on',
  details: [
    'Until the date agents have to be given both: run trust.sh on them again. From then on the new one signs, without a restart; after the same time again the old one is no longer handed out. Asked again before the date, it moves the dates.',
    'Where the key may be known to others: --after 0s. All agents fail until trust.sh ran on them.',
  ],
  options: [
    { name: '--after', value: 'TIME', help: 'when the new one signs: 14d (default), 12h, 30m, 0s' },
    { name: '--finish', help: 'now: the new one signs, and the old one is no longer handed out' },
  ],
  exits: { unreachable: 'leash does not run, or does not answer' },
  examples: [{ command: 'leashctl ca rotate --after 30d', what: 'a month to reach all agents' }],
  run: runRotate,
};

async function runShow({ config, json, io }: Call): Promise<number> {
  const trust = await readTrust(config.stateDir);
  if (trust === null) return noCa(config.stateDir, io);
  const rows = caRows(trust.cas, await readRotation(config.stateDir));
  const path = join(config.stateDir, 'ca.pem');
  io.out(json ? formatJson({ path, cas: rows }) : caText(path, rows));
  return EXIT.ok;
}

async function runEnv(call: Call): Promise<number> {
  const { config, json, io } = call;
  const proxy = proxyAuthority(config, call);
  if ('problem' in proxy) {
    io.err(`leashctl: ca env ${proxy.problem}`);
    return EXIT.usage;
  }
  if ((await readTrust(config.stateDir)) === null) return noCa(config.stateDir, io);
  const url = proxyUrl(proxy.authority);
  const shell = (optionValue(call, '--shell') ?? 'sh') as EnvShell;
  if (json) io.out(formatJson(Object.fromEntries(envPairs(url))));
  else io.out(envText(shell, url, join(config.stateDir, 'trust')));
  return EXIT.ok;
}

async function runInstall(call: Call): Promise<number> {
  const { config, io, options } = call;
  const proxy = proxyAuthority(config, call);
  if ('problem' in proxy) {
    io.err(`leashctl: ca install ${proxy.problem}`);
    return EXIT.usage;
  }
  const trust = await readTrust(config.stateDir);
  if (trust === null) return noCa(config.stateDir, io);
  const script = renderTrustFile('trust.sh', trust, proxy.authority) ?? '';
  const words = ['--dry-run', '--uninstall'].filter((name) => options.has(name));
  return runScript(call, script, options.has('--proxy') ? words : ['--proxy', 'none', ...words]);
}

async function runRotate(call: Call): Promise<number> {
  const { config, json, io, options } = call;
  const isFinish = options.has('--finish');
  const after = optionValue(call, '--after');
  const afterMs = readAfter(after ?? '14d');
  if (afterMs === null || (isFinish && after !== undefined)) {
    io.err(
      afterMs === null
        ? 'leashctl: ca rotate --after takes a time like 14d, 12h or 0s, a year at most'
        : 'leashctl: ca rotate takes --after or --finish',
    );
    return EXIT.usage;
  }
  const { alive, problems } = await readStatus(config.stateDir);
  if (!alive) {
    io.err(`leash is not reachable: ${problems[0]} (LEASH_STATE_DIR is ${config.stateDir})`);
    return EXIT.unreachable;
  }
  const action = isFinish ? 'finish' : 'rotate';
  const answer = await askPrimary(config.stateDir, { action, afterMs, actor: actorName(io.env) });
  if (answer === null) {
    io.err('leashctl: leash does not answer; nothing was changed');
    return EXIT.unreachable;
  }
  if (answer.problem !== '') {
    io.err(`leashctl: ${answer.problem}`);
    return EXIT.failure;
  }
  const code = await runShow(call);
  if (!json && !isFinish && afterMs > 0) {
    io.out('\nGive agents both now: run trust.sh on them again (http://leash.internal/trust.sh).');
  }
  return code;
}

function noCa(stateDir: string, io: Call['io']): number {
  io.err(`there is no CA: leash makes ${join(stateDir, 'ca.pem')} at its first start`);
  return EXIT.unreachable;
}
