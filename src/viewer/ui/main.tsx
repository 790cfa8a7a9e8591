// The page: logs in where it must, and shows the view that the address names.

import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import { HardenView } from './harden/harden-view.tsx';
import { ManageDialogs } from './harden/manage-dialog.tsx';
import { Login, loginProblem } from './header/login.tsx';
import { PageHeader } from './header/page-header.tsx';
import { pollMeta } from './header/poll-meta.ts';
import { login } from './kit/api-client.ts';
import { access, followAddress, page } from './kit/app-state.ts';
import { applyTheme } from './kit/apply-theme.ts';
import { fetchEarly } from './list/early-page.ts';
import { LogView } from './list/log-view.tsx';
import { PolicyView } from './policy/policy-view.tsx';
import { UndoToast } from './policy/undo-toast.tsx';
import { StateView } from './state/state-view.tsx';

function App() {
  if (access.value === 'checking') return null;
  if (access.value === 'closed') return <Login />;
  return <Pages />;
}

function Pages() {
  useEffect(pollMeta, []);
  return (
    <div class="page">
      <PageHeader />
      {page.value.view === 'log' && <LogView />}
      {page.value.view === 'harden' && <HardenView />}
      {page.value.view === 'policy' && <PolicyView />}
      {page.value.view === 'state' && <StateView />}
      <ManageDialogs />
      <UndoToast />
    </div>
  );
}

/** A link `#token=…` logs in: the part after # never leaves the browser by itself. */
async function logInByAddress(): Promise<void> {
  const token = /^#token=(.+)$/.exec(location.hash)?.[1];
  if (token === undefined) {
    fetchEarly();
    access.value = 'open';
    return;
  }
  history.replaceState(null, '', location.pathname + location.search);
  await login(token).then(
    () => {
      access.value = 'open';
    },
    (error: Error) => {
      loginProblem.value = error.message;
      access.value = 'closed';
    },
  );
}

const root = document.getElementById('app');
if (root !== null) {
  applyTheme();
  followAddress();
  logInByAddress();
  render(<App />, root);
}
