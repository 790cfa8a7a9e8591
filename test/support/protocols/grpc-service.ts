// A gRPC service whose messages are bytes as they are, so that it needs no .proto: one method of each
// kind, and some that fail.

import {
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';

export type GrpcServer = {
  readonly port: number;
  /** Calls that were given up by the client while they ran, by path. */
  readonly cancelled: string[];
  close(): void;
};

type Certificate = { readonly key: string; readonly cert: string };

export const asIs = (bytes: Buffer) => bytes;

/** Path of a method, as it stands in `:path`. */
export const methodPath = (name: string) => `/leash.Test/${name}`;

/** Each answer has what the client said of itself in the metadata, as a header and as a trailer. */
const METADATA = 'x-tag';

export async function startGrpcServer({ key, cert }: Certificate): Promise<GrpcServer> {
  const cancelled: string[] = [];
  const server = new Server();
  const method = (name: string, streams: { request: boolean; response: boolean }) => ({
    path: methodPath(name),
    requestStream: streams.request,
    responseStream: streams.response,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  });
  const never: handleUnaryCall<Buffer, Buffer> = (call) => {
    call.on('cancelled', () => cancelled.push(call.getPath()));
  };
  server.addService(
    {
      Unary: method('Unary', { request: false, response: false }),
      Many: method('Many', { request: false, response: true }),
      Sum: method('Sum', { request: true, response: false }),
      Echo: method('Echo', { request: true, response: true }),
      Fails: method('Fails', { request: false, response: false }),
      Never: method('Never', { request: false, response: false }),
    },
    { Unary: unary, Many: many, Sum: sum, Echo: echo, Fails: fails, Never: never },
  );
  const credentials = ServerCredentials.createSsl(null, [
    { private_key: Buffer.from(key), cert_chain: Buffer.from(cert) },
  ]);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { port, cancelled, close: () => server.forceShutdown() };
}

/** The tag that the client sent, to be sent back. */
function tagOf(metadata: Metadata): Metadata {
  const answer = new Metadata();
  for (const value of metadata.get(METADATA)) answer.set(METADATA, value);
  return answer;
}

const unary: handleUnaryCall<Buffer, Buffer> = (call, done) => {
  call.sendMetadata(tagOf(call.metadata));
  done(null, Buffer.concat([Buffer.from('re: '), call.request]), tagOf(call.metadata));
};

/** As many messages as the request says, each of its number. */
function many(call: ServerWritableStream<Buffer, Buffer>): void {
  for (let n = 1; n <= Number(call.request); n += 1) call.write(Buffer.from(String(n)));
  call.end(tagOf(call.metadata));
}

/** How many bytes all messages have. */
function sum(call: ServerReadableStream<Buffer, Buffer>, done: sendUnaryData<Buffer>): void {
  let bytes = 0;
  call.on('data', (message: Buffer) => {
    bytes += message.length;
  });
  call.on('end', () => done(null, Buffer.from(String(bytes)), tagOf(call.metadata)));
}

function echo(call: ServerDuplexStream<Buffer, Buffer>): void {
  call.on('data', (message: Buffer) => void call.write(message));
  call.on('end', () => call.end(tagOf(call.metadata)));
}

/** Without a message before it: the status comes in the head of the answer, which ends it. */
const fails: handleUnaryCall<Buffer, Buffer> = (call, done) => {
  const metadata = tagOf(call.metadata);
  done({ code: status.NOT_FOUND, details: 'no such thing', metadata });
};
