// The HTTP/1.1 half of client.ts: Node's own client on connections that are kept, as agents have it.

import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { fieldsOf } from './call.ts';
import type { Asked, Destination, ProtocolClient, Sent } from './client.ts';
import { openTls } from './open-tls.ts';

export async function openH1(destination: Destination): Promise<ProtocolClient> {
  const agent = new Agent({ keepAlive: true });
  agent.createConnection = (_options, done) => {
    openTls(destination, 'http/1.1').then(
      (socket) => done?.(null, socket),
      (error: Error) => done?.(error, undefined as unknown as Socket),
    );
    return undefined;
  };
  return {
    proto: 'h1',
    request: (method, url, asked = {}) => send({ agent, destination, method, url, asked }),
    close: () => agent.destroy(),
  };
}

type Sending = {
  readonly agent: Agent;
  readonly destination: Destination;
  readonly method: string;
  readonly url: string;
  readonly asked: Asked;
};

function send({ agent, destination, method, url, asked }: Sending): Sent {
  const { name, port } = destination;
  const host = `${name}:${port}`;
  const { headers = {}, trailers } = asked;
  const announced = trailers === undefined ? {} : { te: 'trailers', trailer: 'x-late' };
  const sent = request({ agent, method, path: url, headers: { host, ...announced, ...headers } });
  if (trailers !== undefined) addBeforeEnd(sent, trailers);
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve);
    sent.on('error', reject);
    sent.once('close', () => reject(new Error(`${url} ended before its head`)));
  });
  // A request without a body is whole with its head, which `end` sends.
  if (method !== 'GET') sent.flushHeaders();
  const ending = answered.then(
    (response) =>
      new Promise<IncomingMessage>((resolve) => response.once('close', () => resolve(response))),
  );
  return {
    body: sent,
    answer: answered.then((response) => ({
      status: response.statusCode ?? 0,
      headers: fieldsOf(response.headers),
      body: response.on('error', () => {}),
    })),
    ending: ending.then(
      ({ complete, trailers: late }) => ({ whole: complete, code: 0, trailers: fieldsOf(late) }),
      () => ({ whole: false, code: 0, trailers: {} }),
    ),
    abort: () => void sent.destroy(),
  };
}

/** Node wants them before the end, which is the caller's to say. */
function addBeforeEnd(sent: ClientRequest, trailers: NonNullable<Asked['trailers']>): void {
  const end = sent.end.bind(sent);
  sent.end = ((...args: Parameters<typeof end>) => {
    sent.addTrailers(trailers());
    return end(...args);
  }) as typeof sent.end;
}
