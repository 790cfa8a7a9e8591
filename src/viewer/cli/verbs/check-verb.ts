// `leashctl check`: what would happen to a request under the policy of now, and which rule says so.

import { networkInterfaces } from 'node:os';
import { canonicalIp } from '../../../shared/address.ts';
import { compilePolicy } from '../../../shared/policy.ts';
import { joinPolicy } from '../../../shared/policy-join.ts';
import { visibleJson } from '../../../shared/visible-text.ts';
import { placeOf } from '../../policy/policy-options.ts';
import { readPolicy } from '../../policy/policy-reader.ts';
import { etagOf } from '../../policy/policy-write.ts';
import { readStatus } from '../../status.ts';
import { painter, show } from '../paint.ts';
import { type Answer, checkUrl, type Question, readUrl } from '../policy/check-url.ts';
import { tellBroken } from '../policy/edit-policy.ts';
import { type Call, EXIT, optionValue, type Verb } from '../table/verb.ts';

export const CHECK_VERB: Verb = {
  name: 'check',
  group: 'policy',
  help: 'what would happen to a request under the policy of now, and by which rule',
  details: [
    'It goes by the policy files and the code that decides in leash. No name is resolved: whether an address is private is known of addresses only.',
  ],
  positionals: [{ name: 'URL', help: 'a URL, or HOST[:PORT][/path]: then it is https' }],
  options: [
    { name: '--method', value: 'M', help: 'GET where it is absent' },
    { name: '--agent', value: 'A', help: 'as this agent of agents.yaml' },
    { name: '--client', value: 'IP', help: 'from this address: agents.yaml may give it a name' },
  ],
  exits: {
    ok: 'it would pass',
    failure: 'it would be blocked',
    invalid: 'a policy file is invalid, so what is in force is not what stands there',
  },
  examples: [
    { command: 'leashctl check https://api.github.com/repos --agent ci', what: 'may ci do that?' },
    {
      command: 'leashctl check pypi.org --client 10.0.0.7 && echo passes',
      what: 'in a script',
    },
  ],
  run: runCheck,
};

async function runCheck(call: Call): Promise<number> {
  const { args, config, io, json } = call;
  const question = readUrl(args[0] ?? '', optionValue(call, '--method') ?? 'GET');
  if ('problem' in question) {
    io.err(`leashctl: ${show(args[0] ?? '')} is no URL: ${question.problem}`);
    return EXIT.usage;
  }
  const client = canonicalIp(optionValue(call, '--client') ?? '');
  if (client === null && call.options.has('--client')) {
    io.err(
      `leashctl: --client takes an IP address, got ${show(optionValue(call, '--client') ?? '')}`,
    );
    return EXIT.usage;
  }
  const files = await readPolicy(config.policyDir);
  const { source, problems } = joinPolicy(files.texts);
  if (files.problems.length + problems.length > 0) {
    return tellBroken(call, [...files.problems, ...problems]);
  }
  const agent = optionValue(call, '--agent') ?? '';
  const notes = [...agentNotes(agent, source.agents), ...(await forceNotes(call, files.texts))];
  const answer = checkUrl(
    compilePolicy(1, source),
    question,
    { agent, client: client ?? '' },
    {
      nowMs: Date.now(),
      listeners: [
        { address: config.bind, port: config.proxyPort },
        { address: config.viewerBind, port: config.viewerPort },
      ],
      ownAddresses: ownAddresses(),
    },
  );
  const told = { question, answer, mode: source.mode, texts: files.texts, notes };
  if (json) io.out(visibleJson(answerJson(told)));
  else io.out(answerText(call, told));
  return answer.passes ? EXIT.ok : EXIT.failure;
}

type Told = {
  readonly question: Question;
  readonly answer: Answer;
  readonly mode: string;
  readonly texts: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
};

function answerJson({ question, answer, mode, texts, notes }: Told): object {
  const place = placeOf(answer.rule);
  return {
    passes: answer.passes,
    url: question.url,
    method: question.method,
    agent: answer.agent,
    stage: answer.stage,
    reason: answer.reason,
    rule: answer.rule,
    place: place && { file: place.file, line: place.line, text: lineOf(texts, place) },
    mode,
    would_block_in_enforce: answer.wouldBlock,
    uninspected: answer.uninspected,
    address_checked: answer.isAddressChecked,
    notes,
  };
}

function answerText({ io }: Call, { question, answer, mode, texts, notes }: Told): string {
  const paint = painter(io);
  const place = placeOf(answer.rule);
  const rows: [string, string][] = [
    ['request', `${question.method} ${question.url}`],
    ['agent', answer.agent === '' ? 'unknown' : answer.agent],
    ['mode', mode],
    ['reason', `${answer.reason} (${STAGES[answer.stage]})`],
    ['rule', place === null ? 'none' : `${place.file}:${place.line}  ${lineOf(texts, place)}`],
  ];
  if (answer.passes && answer.wouldBlock) rows.push(['enforce', 'enforce mode would block it']);
  if (answer.uninspected !== null) {
    rows.push(['unseen', `relayed as ${answer.uninspected}: the path is not looked at`]);
  }
  return [
    answer.passes ? paint('green', 'PASSES') : paint('red', 'BLOCKED'),
    ...rows.map(([name, value]) => `${name.padEnd(9)} ${show(value)}`),
    ...notes.map((note) => paint('yellow', `note      ${note}`)),
  ].join('\n');
}

const STAGES: Readonly<Record<Answer['stage'], string>> = {
  identity: 'before anything else: who asks',
  connect: 'at CONNECT',
  tunnel: 'at CONNECT, of a tunnel that is not opened',
  request: 'at the request',
  address: 'for the address',
};

function lineOf(
  texts: Told['texts'],
  { file, line }: { readonly file: string; readonly line: number },
): string {
  return (texts[file] ?? '').split('\n')[line - 1]?.trim().slice(0, 200) ?? '';
}

function agentNotes(agent: string, agents: readonly { readonly name: string }[]): string[] {
  if (agent === '' || agents.some(({ name }) => name === agent)) return [];
  return [`agents.yaml knows no agent ${agent}`];
}

/** Whether leash goes by these files: it may not have read them yet, or hold on to older ones. */
async function forceNotes(
  { config }: Call,
  texts: Readonly<Record<string, string>>,
): Promise<string[]> {
  const { status, alive } = await readStatus(config.stateDir).catch(() => ({
    status: null,
    alive: false,
  }));
  const inForce = status?.policy?.files;
  if (!alive || inForce === undefined) return ['leash does not run: this is what the files say'];
  const others = Object.entries(texts).filter(([file, text]) => inForce[file] !== etagOf(text));
  return others.length === 0
    ? []
    : [`${others.map(([file]) => file).join(', ')} is not in force as it stands`];
}

function ownAddresses(): ReadonlySet<string> {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return new Set(all.flatMap(({ address }) => canonicalIp(address) ?? []));
}
