// Copies a text. Plain HTTP pages have no clipboard API, so there is the older way too.

import { useState } from 'preact/hooks';

export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [said, setSaid] = useState('');
  const copy = async () => {
    setSaid((await copyText(text)) ? 'Copied' : 'Select and copy by hand');
    setTimeout(() => setSaid(''), 1500);
  };
  return (
    <button type="button" class="small" onClick={copy}>
      {said || label}
    </button>
  );
}

async function copyText(text: string): Promise<boolean> {
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  }
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  return done;
}
