// A diff of a policy file: added and removed lines have a sign, and a colour beside it.

import { SafeText } from '../kit/safe-text.tsx';

const KINDS: Readonly<Record<string, string>> = { '+': 'added', '-': 'removed', '@': 'place' };

export function DiffView({ lines, label }: { lines: readonly string[]; label: string }) {
  if (lines.length === 0) return null;
  return (
    <section class="diff-box" aria-label={label}>
      <pre class="diff">
        {lines.map((line) => (
          <span class={KINDS[line[0] ?? ''] ?? ''}>
            <SafeText text={line} />
            {'\n'}
          </span>
        ))}
      </pre>
    </section>
  );
}
