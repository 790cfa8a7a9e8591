// Texts that run a script, ask the network or lead away where a page shows them as anything but text: each
// way in × each place that it might have to get out of first.

/** What a script that runs leaves behind, and the address that one asks for. */
export const MARK = '__xss';
const RUN = `window.${MARK}=1`;
const LEAK = '//127.0.0.1:9/leak';

const VECTORS: readonly string[] = [
  `<script>${RUN}</script>`,
  `<ScRiPt >${RUN}</sCrIpT>`,
  `<img src=x onerror=${RUN}>`,
  `<img src="${LEAK}">`,
  `<svg onload=${RUN}>`,
  `<svg><script>${RUN}</script></svg>`,
  `<svg><animate onbegin=${RUN} attributeName=x dur=1s>`,
  `<iframe srcdoc="<script>parent.${MARK}=1</script>"></iframe>`,
  `<iframe src="javascript:parent.${MARK}=1"></iframe>`,
  `<object data="javascript:${RUN}"></object>`,
  `<embed src="data:text/html,<script>parent.${MARK}=1</script>">`,
  `<body onload=${RUN}>`,
  `<details open ontoggle=${RUN}>x</details>`,
  `<video src=x onerror=${RUN}></video>`,
  `<input autofocus onfocus=${RUN}>`,
  `<a href="javascript:${RUN}">click</a>`,
  `<a href="data:text/html,<script>${RUN}</script>">click</a>`,
  `<form action="javascript:${RUN}"><button autofocus>x</button></form>`,
  `<link rel=stylesheet href="${LEAK}.css">`,
  `<style>@import url(${LEAK}.css);</style>`,
  `<meta http-equiv=refresh content="0;url=http:${LEAK}">`,
  `<base href="http:${LEAK}/">`,
  `<template shadowrootmode=open><img src=x onerror=${RUN}></template>`,
  `<math><mtext><style><img src=x onerror=${RUN}></style></mtext></math>`,
  `javascript:${RUN}`,
  `data:text/html,<script>${RUN}</script>`,
  `{{constructor.constructor('${RUN}')()}}`,
];

/** The vector alone, and behind what ends an attribute, an element, a comment or a string. */
const CONTEXTS: readonly ((vector: string) => string)[] = [
  (vector) => vector,
  (vector) => `">${vector}`,
  (vector) => `'>${vector}<'`,
  (vector) => `</textarea></title></style></noscript>${vector}`,
  (vector) => `</script>${vector}<script>`,
  (vector) => `-->${vector}<!--`,
  (vector) => `]]>${vector}`,
  (vector) => `\u202e${vector}\u2066\u200b\0\u001b[2J`,
];

/** More than two hundred, each once. */
export const XSS_PAYLOADS: readonly string[] = VECTORS.flatMap((vector) =>
  CONTEXTS.map((context) => context(vector)),
);

/** Runs before a page's own scripts: what a payload may call leaves the same mark. */
export const HOOKS = `for (const name of ['alert', 'confirm', 'prompt', 'print', 'open'])
  window[name] = () => { window.${MARK} = name; };`;
