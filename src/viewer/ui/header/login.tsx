// Asks for the viewer's token. It goes to the server once, and is kept nowhere in the page.

import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { login } from '../kit/api-client.ts';
import { access } from '../kit/app-state.ts';
import { LogoIcon } from '../kit/icons.tsx';

/** Why the last attempt failed, also one by a link. */
export const loginProblem = signal('');

export function Login() {
  const [token, setToken] = useState('');
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const submit = async (event: Event) => {
    event.preventDefault();
    try {
      await login(token);
      access.value = 'open';
      loginProblem.value = '';
    } catch (reason) {
      loginProblem.value = reason instanceof Error ? reason.message : String(reason);
    }
  };
  return (
    <main class="login">
      <form onSubmit={submit}>
        <h1>
          <LogoIcon /> leash
        </h1>
        <label for="token">Token of this viewer</label>
        <input
          id="token"
          ref={input}
          type="password"
          autocomplete="current-password"
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        <p class="error" role="alert">
          {loginProblem}
        </p>
        <button type="submit" class="primary">
          Log in
        </button>
        <p class="hint">
          On the machine leash runs on, <code>leashctl token</code> prints it. It is also asked for
          while agents.yaml cannot be read: <code>leashctl status</code> says what is wrong.
        </p>
      </form>
    </main>
  );
}
