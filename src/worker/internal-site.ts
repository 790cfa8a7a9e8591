// What the proxy port answers itself, at http://leash.internal/ and inside of CONNECT leash.internal:443:
// leash's CA and the scripts that make a client trust it. Fixed files, public, for whoever reaches the
// port; the texts come from the primary. Nothing is dialled, and nothing of a request is in an answer.

import {
  renderTrustFile,
  TRUST_FILES,
  type TrustMaterial,
  trustFileKey,
  trustIndex,
} from '../shared/trust/trust-files.ts';
import {
  type Allowed,
  type Exchange,
  goneReason,
  recordedHeaders,
  roundMs,
} from './exchange-state.ts';

type Answer = { readonly status: number; readonly type: string; readonly body: Buffer };

const TEXT = 'text/plain; charset=utf-8';
/** Addresses of this host that texts are kept for; each is made again in a millisecond. */
const MAX_AUTHORITIES = 8;

/** The answers, made once per address of the proxy: however many wait for one, it is in memory once. */
export class InternalSite {
  readonly #material: () => TrustMaterial;
  #madeOf: TrustMaterial | null = null;
  readonly #made = new Map<string, Answer>();

  constructor(material: () => TrustMaterial) {
    this.#material = material;
  }

  /** `authority`: `host:port` by which this client reached the proxy. */
  answer(method: string, path: string, authority: string): Answer {
    if (method !== 'GET' && method !== 'HEAD')
      return text(405, 'only GET and HEAD are answered here');
    const name = path.split('?')[0]?.slice(1) ?? '';
    if (name === 'probe') return text(200, 'this came through');
    const file = TRUST_FILES.find((known) => known.name === name);
    if (name !== '' && file === undefined) return text(404, 'there is no such file here');
    const material = this.#material();
    if (material !== this.#madeOf) this.#made.clear();
    this.#madeOf = material;
    const key = trustFileKey(name, authority);
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    // What is for everybody stays: readers that stand still would hold many of it.
    if (this.#made.size >= MAX_AUTHORITIES * (TRUST_FILES.length + 1)) {
      for (const old of this.#made.keys()) if (old.includes(' ')) this.#made.delete(old);
    }
    const words =
      file === undefined
        ? trustIndex(material, authority)
        : (renderTrustFile(name, material, authority) ?? '');
    const made = { status: 200, type: file?.type ?? TEXT, body: Buffer.from(words) };
    this.#made.set(key, made);
    return made;
  }
}

/** Answers one request, whose intent is on the record; resolves when it has its last record. */
export function serveInternal(exchange: Exchange, allowed: Allowed): Promise<void> {
  const { deps, stream, flow, local } = exchange;
  const { head, decision, policy } = allowed;
  const { method } = stream.line;
  const { status, type, body } = deps.internalSite.answer(method, head.path, local);
  return new Promise((resolve) => {
    const end = (problem: string) => {
      stream.offGone(onGone);
      deps.live.delete(live);
      flow.end(problem === '' ? 'allowed' : 'error', {
        status,
        bytes: method === 'HEAD' ? 0 : body.length,
        ...(problem === '' ? {} : { reason: problem }),
        req_headers: recordedHeaders(exchange),
        proto: stream.proto,
        rule: decision.rule,
        policy: policy.version,
        mode: policy.mode ?? '',
        duration_ms: roundMs(deps.now() - exchange.startedMs),
      });
      resolve();
    };
    const onGone = () => end(stream.isFinished ? '' : goneReason(exchange));
    const live = {
      rejudge() {},
      cutOff() {
        end('record: cannot be written');
        stream.abort();
      },
    };
    deps.live.add(live);
    if (stream.isGone) {
      onGone();
      return;
    }
    stream.onGone(onGone);
    stream.onFinished(() => end(''));
    stream.refuse({
      status,
      headers: headersOf({ status, type, body }),
      body: method === 'HEAD' ? '' : body,
      mayKeep: !deps.draining(),
    });
  });
}

function headersOf({ status, type, body }: Answer): string[] {
  return [
    ...['Content-Type', type, 'Content-Length', String(body.length)],
    ...['Cache-Control', 'no-store', 'X-Content-Type-Options', 'nosniff', 'x-leash', 'internal'],
    ...(status === 405 ? ['Allow', 'GET, HEAD'] : []),
  ];
}

function text(status: number, words: string): Answer {
  return { status, type: TEXT, body: Buffer.from(`leash: ${words}\n`) };
}
