// What the page shows while there is nothing to show, and how to make something happen.

import { CopyButton } from '../kit/copy-button.tsx';

export function EmptyState({ filtered, proxyPort }: { filtered: boolean; proxyPort: number }) {
  if (filtered) {
    return (
      <div class="empty">
        <h2>Nothing matches</h2>
        <p>No record so far answers this search and these filters.</p>
      </div>
    );
  }
  const host = location.hostname;
  const example = [
    `curl -o leash-ca.pem ${location.origin}/ca.pem`,
    `curl --proxy http://${host}:${proxyPort} --cacert leash-ca.pem https://example.com/`,
  ].join('\n');
  return (
    <div class="empty">
      <h2>No request yet</h2>
      <p>Send one through leash, and it appears here:</p>
      <pre>{example}</pre>
      <CopyButton text={example} label="Copy both lines" />
    </div>
  );
}
