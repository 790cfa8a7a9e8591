// The HTTP/2 half of client.ts: one session, all requests as its streams.

import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2';
import { breakOff } from './break-off.ts';
import { fieldsOf } from './call.ts';
import type { Answer, Asked, Destination, Ending, ProtocolClient, Sent } from './client.ts';
import { openTls } from './open-tls.ts';

/** So much of a body may be on its way, of one stream and of all of them together. */
export const STREAM_WINDOW = 1024 * 1024;
const SESSION_WINDOW = 8 * STREAM_WINDOW;

export async function openH2(destination: Destination): Promise<ProtocolClient> {
  const socket = await openTls(destination, 'h2');
  const session = connect(`https://${destination.name}:${destination.port}`, {
    createConnection: () => socket,
    settings: { initialWindowSize: STREAM_WINDOW, enablePush: false },
  });
  session.on('error', () => {});
  await new Promise<void>((resolve, reject) => {
    // The other side's, and not before: it says how many streams there may be.
    session.once('remoteSettings', () => resolve());
    session.once('close', () => reject(new Error('The HTTP/2 session ended at its beginning')));
  });
  session.setLocalWindowSize(SESSION_WINDOW);
  return {
    proto: 'h2',
    request: (method, url, asked = {}) => send(session, method, url, asked),
    close: () => session.destroy(),
  };
}

function send(session: ClientHttp2Session, method: string, url: string, asked: Asked): Sent {
  const { headers = {}, trailers } = asked;
  const announced = trailers === undefined ? {} : { te: 'trailers' };
  const stream = session.request(
    { ':method': method, ':path': url, ...announced, ...headers },
    { endStream: method === 'GET', waitForTrailers: trailers !== undefined },
  );
  stream.on('error', () => {});
  if (trailers !== undefined) stream.once('wantTrailers', () => stream.sendTrailers(trailers()));
  const answer = answerOf(stream, url);
  // Whoever waits for the end only learns it there.
  answer.catch(() => {});
  return {
    body: stream,
    answer,
    ending: endingOf(stream),
    abort: () => breakOff(stream, constants.NGHTTP2_CANCEL),
  };
}

function answerOf(stream: ClientHttp2Stream, url: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    stream.once('response', (headers) => {
      const status = headers[':status'] ?? 0;
      resolve({ status, headers: fieldsOf(headers), body: stream });
    });
    stream.once('close', () => reject(new Error(`${url} ended before its head`)));
  });
}

function endingOf(stream: ClientHttp2Stream): Promise<Ending> {
  let trailers = {};
  stream.on('trailers', (fields: IncomingHttpHeaders) => {
    trailers = fieldsOf(fields);
  });
  return new Promise((resolve) => {
    stream.once('close', () => {
      const code = stream.rstCode ?? constants.NGHTTP2_NO_ERROR;
      // A session that is lost ends its streams, too, and some of them without a code.
      const whole = code === constants.NGHTTP2_NO_ERROR && stream.readableEnded && !stream.aborted;
      resolve({ whole, code, trailers });
    });
  });
}
