// Small pictures that stand beside a class's colour and word: colour alone tells nothing to many.

import type { RowClass } from '../../store/row.ts';

const PATHS: Readonly<Record<RowClass, string>> = {
  allowed: 'M3.5 8.5l3 3 6-7',
  would_block: 'M8 3.2v6M8 12.2v.4',
  blocked: 'M4 4l8 8M12 4l-8 8',
  error: 'M8 2.4l6 10.8H2zM8 6.4v3.2M8 11.3v.3',
  uninspected: 'M2 8s2.2-4 6-4 6 4 6 4-2.2 4-6 4-6-4-6-4zM3 13L13 3',
  running: 'M8 4.2V8l2.6 1.6M8 2a6 6 0 1 0 .01 0',
  damaged: 'M8 1.8l6 2.2v4c0 3.4-2.6 5.4-6 6.3-3.4-.9-6-2.9-6-6.3V4zM6 6l4 4.4M10 6l-4 4.4',
  event: 'M8 7v5M8 4.3v.3M8 1.8a6.2 6.2 0 1 0 .01 0',
};

export function ClassIcon({ name }: { name: RowClass }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

export function CloseIcon() {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d="M4 4l8 8M12 4l-8 8" />
    </svg>
  );
}

export function LogoIcon() {
  return (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" />
      <path d="M10 6v14a5 5 0 0 0 5 5h7" />
      <circle cx="22" cy="11" r="4" />
    </svg>
  );
}
