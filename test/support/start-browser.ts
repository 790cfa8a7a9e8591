// A real browser for tests of the page. It reaches loopback only: whatever it would ask others for by
// itself is switched off.

import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { clientEnv } from './run-client.ts';

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export type BrowserOptions = {
  /** Absent: it goes to servers by itself. */
  readonly proxy?: {
    readonly server: string;
    readonly username?: string;
    readonly password?: string;
  };
  /** With the store of certificates that it trusts; absent: that of whoever runs the test. */
  readonly home?: string;
};

/** Starts Chromium without a window; throws where there is none. */
export function startBrowser({ proxy, home }: BrowserOptions = {}): Promise<Browser> {
  const executablePath = process.env.LEASH_TEST_CHROMIUM ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) {
    throw new Error(
      `Cannot start Chromium: ${executablePath} is missing; install it or set LEASH_TEST_CHROMIUM`,
    );
  }
  return chromium.launch({
    executablePath,
    headless: true,
    args: ARGS,
    ...(proxy !== undefined && { proxy }),
    ...(home !== undefined && { env: clientEnv({ HOME: home }) }),
  });
}
