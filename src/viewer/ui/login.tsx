// Asks for the viewer's token. It goes to the server once, and is kept nowhere in the page.

import { useEffect, useRef, useState } from 'preact/hooks';
import { login } from './api-client.ts';
import { LogoIcon } from './icons.tsx';

export function Login({ onDone, problem }: { onDone: () => void; problem: string }) {
  const [token, setToken] = useState('');
  const [error, setError] = useState(problem);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const submit = async (event: Event) => {
    event.preventDefault();
    try {
      await login(token);
      onDone();
    } catch (reason) {
      setError(reason instanceof Error ? reason.message : String(reason));
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
          {error}
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

/** A link `#token=…` logs in: the part after # never leaves the browser by itself. */
export function takeTokenFromAddress(): string | null {
  const token = /^#token=(.+)$/.exec(location.hash)?.[1];
  if (token === undefined) return null;
  history.replaceState(null, '', location.pathname + location.search);
  return token;
}
