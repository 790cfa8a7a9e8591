// Routes of a table as paths that can be asked for, and the spellings that may mean the same.

/** A pattern of a route → a path that it takes. */
export function pathOf(pattern: string): string {
  return pattern
    .replace(/:\w+\{([^|}]+)[^}]*\}/g, (_, first: string) => first.replace(/[^\w.-]/g, '1') || '1')
    .replace(/:\w+\??/g, '1-1-1')
    .replaceAll('*', 'nowhere');
}

/** A path, and what a server may take for it. */
export function spellings(path: string): string[] {
  return [
    path,
    `/${path}`,
    `/%2e${path}`,
    `/x/%2e%2e${path}`,
    path.replaceAll('/', '/%2e/'),
    `${path}/`,
    path.toUpperCase(),
    `${path}?x=/healthz`,
    `${path};/healthz`,
    `${path}%00`,
  ];
}

/** What the server makes of a path is what a URL makes of it. */
export const meant = (path: string) => new URL(`http://viewer${path}`).pathname;

/** Values of Host that name no viewer, however much they look like it. */
export const FOREIGN_HOSTS: readonly string[] = [
  'evil.test',
  'evil.test:8090',
  'evil.test.',
  'localhost.evil.test',
  '127.0.0.1.evil.test',
  '127.0.0.1.nip.io',
  'machine.test.evil.test',
  'xlocalhost',
  'localhost:99999999',
  'localhost@evil.test',
  'evil.test#localhost',
  '127.0.0.1evil.test',
  '0x7f.1',
  '2130706433',
  '017700000001',
  '127.1',
  '[::1].evil.test',
  '[::1',
  'LOCALHOST.EVIL.TEST',
  'leash',
];
