// The variables that make a program use and trust leash, as the file that sets them wants them. Pure.

import { TRUST_DIR, trustVars } from '../../../shared/trust/trust-vars.ts';

/** What `leashctl ca env --shell` takes. */
export const ENV_SHELLS = ['sh', 'fish', 'docker', 'compose', 'k8s', 'systemd'] as const;
export type EnvShell = (typeof ENV_SHELLS)[number];

const CA = `${TRUST_DIR}/ca.pem`;
const BUNDLE = `${TRUST_DIR}/ca-bundle.pem`;

/** Each variable with its value, for programs that find leash's files in TRUST_DIR. */
export function envPairs(proxyUrl: string): [name: string, value: string][] {
  return trustVars({ proxyUrl, ca: CA, bundle: BUNDLE });
}

/** `trustDir`: the folder on leash's machine with ca.pem and ca-bundle.pem. */
export function envText(shell: EnvShell, proxyUrl: string, trustDir: string): string {
  const pairs = envPairs(proxyUrl);
  switch (shell) {
    case 'sh':
      return lines([
        `# ${CA} and ${BUNDLE}: trust.sh puts them there`,
        ...pairs.map(([name, value]) => `export ${name}='${value}'`),
      ]);
    case 'fish':
      return lines([
        `# ${CA} and ${BUNDLE}: trust.sh puts them there`,
        ...pairs.map(([name, value]) => `set -gx ${name} '${value}'`),
      ]);
    case 'docker':
      return lines([
        `# The two files are in ${trustDir} on the machine of leash, and at http://leash.internal/`,
        `COPY ca.pem ca-bundle.pem ${TRUST_DIR}/`,
        ...pairs.map(([name, value]) => `ENV ${name}="${value}"`),
      ]);
    case 'compose':
      return lines([
        'environment:',
        ...pairs.map(([name, value]) => `  ${name}: "${value}"`),
        'volumes:',
        '  # The folder, not its files: a mounted file does not follow a change of the CA.',
        `  - ${JSON.stringify(`${trustDir}:${TRUST_DIR}:ro`)}`,
      ]);
    case 'k8s':
      return lines([
        '# kubectl create configmap leash-trust --from-file=ca.pem --from-file=ca-bundle.pem',
        `# with the two files of ${trustDir}; under spec of the pod:`,
        'volumes:',
        '  - name: leash-trust',
        '    configMap: { name: leash-trust }',
        '# and under each of its containers:',
        'volumeMounts:',
        `  - { name: leash-trust, mountPath: ${TRUST_DIR}, readOnly: true }`,
        'env:',
        ...pairs.map(([name, value]) => `  - { name: ${name}, value: "${value}" }`),
      ]);
    case 'systemd':
      return lines([
        '# systemctl edit UNIT; the files: trust.sh puts them there',
        '[Service]',
        ...pairs.map(([name, value]) => `Environment="${name}=${value}"`),
      ]);
  }
}

function lines(all: readonly string[]): string {
  return all.join('\n');
}
