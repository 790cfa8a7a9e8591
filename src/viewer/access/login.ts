// `POST /api/login`: the token once, and a session cookie for it.

import { Hono } from 'hono';
import { deleteCookie, setCookie } from 'hono/cookie';
import type { ViewerEnv } from '../viewer-env.ts';
import { LOGIN_PATH } from './access.ts';
import { COOKIE, type GuardDeps } from './guard.ts';
import { createSession, isEqual, SESSION_MS } from './session.ts';

export function createLogin(deps: GuardDeps) {
  return new Hono<ViewerEnv>().post(LOGIN_PATH, async (c) => {
    const client = c.get('client');
    if (deps.limit.isExhausted(client, deps.now())) {
      return c.json({ error: 'too many wrong tokens: wait a minute' }, 429, {
        'retry-after': '60',
      });
    }
    const body: unknown = await c.req.json().catch(() => null);
    const given = isLogin(body) ? body.token.trim() : '';
    const token = await deps.token();
    if (token === null) {
      return c.json({ error: 'there is no token: see the log of the viewer' }, 403);
    }
    if (!isEqual(given, token)) {
      deps.limit.recordWrong(client, deps.now());
      deleteCookie(c, COOKIE, { path: '/' });
      return c.json({ error: 'wrong token' }, 401);
    }
    deps.cookieLimit.forget(client);
    setCookie(c, COOKIE, createSession(token, deps.now()), {
      path: '/',
      httpOnly: true,
      sameSite: 'Strict',
      maxAge: SESSION_MS / 1000,
    });
    return c.json({ ok: true as const });
  });
}

function isLogin(body: unknown): body is { token: string } {
  return (
    typeof body === 'object' && body !== null && 'token' in body && typeof body.token === 'string'
  );
}
