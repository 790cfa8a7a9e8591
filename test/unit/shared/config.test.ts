import { describe, expect, it } from 'vitest';
import { parseConfig, SETTINGS } from '../../../src/shared/config.ts';
import { good } from '../../support/good.ts';

const defaults = { workers: 3 };

const parsed = (env: Record<string, string | undefined>) => good(parseConfig(env, defaults));

function problemOf(env: Record<string, string | undefined>): string {
  const config = parseConfig(env, defaults);
  return 'problem' in config ? config.problem : '';
}

describe('parseConfig()', () => {
  it('parseConfig() gives every setting its default, in bytes and milliseconds', () => {
    expect(parsed({})).toEqual({
      policyDir: '/etc/leash',
      logPath: '/logs/egress.jsonl',
      stateDir: '/var/lib/leash',
      captureLimitBytes: 1024 * 1024,
      capture: 'text',
      audit: 'accepted',
      secrets: 'plain',
      rotateBytes: 128 * 1024 * 1024,
      retainBytes: 0,
      retainMs: 0,
      checkpointCommand: '',
      workers: 3,
      users: 'same',
      proxyPort: 8080,
      bind: '::',
      proxyAddress: '',
      viewer: true,
      viewerPort: 8090,
      viewerBind: '::',
      viewerHosts: [],
      viewerToken: '',
      trustedProxies: [],
      identityHost: '',
      maxTunnels: 16_384,
      clientTunnels: 4096,
      clientMintsPerSecond: 50,
      clientLogBytesPerMinute: 0,
      idleMs: 120_000,
      exchangeIdleMs: 900_000,
      dnsServers: [],
      upstreamProxy: 'none',
      upstreamCaFile: '',
      diagnosticsDir: '',
    });
  });

  it('parseConfig() takes an empty variable for an absent one', () => {
    expect(parsed({ LEASH_WORKERS: '', LEASH_AUDIT: '', PORT: undefined })).toEqual(parsed({}));
  });

  it('parseConfig() refuses a log that may be no larger than its live segment', () => {
    const MIB = 1024 * 1024;
    expect(problemOf({ LEASH_RETAIN_MB: '100' })).toMatch(/LEASH_RETAIN_MB .*256/);
    expect(parsed({ LEASH_RETAIN_MB: '256' }).retainBytes).toBe(256 * MIB);
    const small = { LEASH_RETAIN_MB: '2', LEASH_ROTATE_MB: '1', LEASH_RETAIN_DAYS: '30' };
    expect(parsed(small)).toMatchObject({ retainBytes: 2 * MIB, retainMs: 30 * 86_400_000 });
  });

  it('parseConfig() refuses a share of the log where nobody waits for the log', () => {
    const relaxed = { LEASH_CLIENT_LOG_MB_MIN: '5', LEASH_AUDIT: 'relaxed' };
    expect(problemOf(relaxed)).toMatch(/LEASH_CLIENT_LOG_MB_MIN is "5", .*relaxed/);
    expect(parsed({ LEASH_CLIENT_LOG_MB_MIN: '5' }).clientLogBytesPerMinute).toBe(5 * 1024 * 1024);
  });

  it('parseConfig() reads what the environment says', () => {
    const config = parsed({
      LEASH_DIR: '/p',
      BODY_LIMIT_KB: '0',
      LEASH_WORKERS: '256',
      LEASH_VIEWER: 'off',
      PORT: '1',
      LEASH_IDLE_S: '1',
      LEASH_ROTATE_MB: '1',
      LEASH_VIEWER_HOSTS: 'Log.test',
    });
    expect(config).toMatchObject({
      policyDir: '/p',
      captureLimitBytes: 0,
      workers: 256,
      viewer: false,
      viewerPort: 1,
      idleMs: 1000,
      rotateBytes: 1_048_576,
      viewerHosts: ['log.test'],
    });
  });

  it.each([
    ['LEASH_WORKERS', '0', 'LEASH_WORKERS is "0", allowed: a whole number 1-256'],
    ['LEASH_AUDIT', 'Durable', 'LEASH_AUDIT is "Durable", allowed: relaxed, accepted, durable'],
    ['LEASH_VIEWER', 'false', 'LEASH_VIEWER is "false", allowed: on, off'],
    ['PORT', '65536', 'PORT is "65536", allowed: a whole number 1-65535'],
  ])('parseConfig() says for %s=%s what is allowed', (name, text, message) => {
    expect(problemOf({ [name]: text })).toBe(`Cannot start: ${message}`);
  });

  it('parseConfig() never repeats the viewer token', () => {
    const message = problemOf({ LEASH_VIEWER_TOKEN: 'se cret' });
    expect(message).toContain('LEASH_VIEWER_TOKEN');
    expect(message).not.toContain('cret');
  });

  it('parseConfig() says how an upstream proxy is written, and never repeats its password', () => {
    const message = problemOf({ LEASH_UPSTREAM_PROXY: 'https://ci:pa55@proxy.test:3128' });
    expect(message).toMatch(
      /^Cannot start: LEASH_UPSTREAM_PROXY has .*, allowed: http:\/\/host:port or http:\/\/user:pass@host:port/,
    );
    expect(message).not.toMatch(/pa55|proxy\.test/);
  });

  it('parseConfig() refuses a misspelt setting, because its default may be the laxer one', () => {
    expect(problemOf({ LEASH_AUDTI: 'durable' })).toBe(
      'Cannot start: LEASH_AUDTI is not a setting, did you mean LEASH_AUDIT?',
    );
    expect(problemOf({ LEASH_QUITE_ELSE: '1' })).toContain('is not a setting, allowed: LEASH_DIR');
    expect(problemOf({ LEASH_Z: '1', LEASH_A: '1' })).toContain('LEASH_A is not');
    expect(problemOf({ LEASH_AUDTI: '' })).toContain('LEASH_AUDTI');
    expect(problemOf({ 'LEASH_\n': '1' })).toContain(String.raw`"LEASH_\n"`);
  });

  it('parseConfig() passes over variables of others, and those of a service named leash', () => {
    const env = {
      HOME: '/root',
      LEASH_SERVICE_HOST: '10.0.0.1',
      LEASH_SERVICE_PORT_PROXY: '8080',
      LEASH_PORT: 'tcp://10.0.0.1:8080',
      LEASH_PORT_8080_TCP_ADDR: '10.0.0.1',
    };
    expect(parsed(env)).toEqual(parsed({}));
  });

  it.each([
    [{ NODE_TLS_REJECT_UNAUTHORIZED: '0' }, 'NODE_TLS_REJECT_UNAUTHORIZED'],
    [{ NODE_OPTIONS: '--x --insecure_http_parser' }, '--insecure-http-parser'],
  ])('parseConfig() refuses %j, which would undo what leash promises', (env, named) => {
    expect(problemOf(env)).toContain(named);
  });

  it('parseConfig() lets other options of Node pass', () => {
    const env = { NODE_TLS_REJECT_UNAUTHORIZED: '1', NODE_OPTIONS: '--max-old-space-size=64' };
    expect(parsed(env)).toEqual(parsed({}));
  });
});

describe('SETTINGS', () => {
  it.each(Object.values(SETTINGS).map((setting) => [setting.name, setting] as const))(
    'the row of %s has a reason, and a default that it allows itself',
    (name, setting) => {
      expect(setting.why).not.toBe('');
      if (name !== 'LEASH_WORKERS') expect(setting.read(setting.fallback)).not.toBeNull();
    },
  );

  it('no two rows read the same variable', () => {
    const names = Object.values(SETTINGS).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
