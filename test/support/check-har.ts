// What HAR 1.2 asks of an archive, member by member: http://www.softwareishard.com/blog/har-12-spec/.
// Gives each member that is missing or of the wrong type.

type Shape = Readonly<Record<string, string>>;

const PAIR: Shape = { name: 'string', value: 'string' };
const ENTRY: Shape = {
  startedDateTime: 'date',
  time: 'count',
  request: 'object',
  response: 'object',
  cache: 'object',
  timings: 'object',
};
const REQUEST: Shape = {
  method: 'string',
  url: 'url',
  httpVersion: 'string',
  cookies: 'array',
  headers: 'array',
  queryString: 'array',
  headersSize: 'number',
  bodySize: 'number',
};
const RESPONSE: Shape = {
  status: 'number',
  statusText: 'string',
  httpVersion: 'string',
  cookies: 'array',
  headers: 'array',
  content: 'object',
  redirectURL: 'string',
  headersSize: 'number',
  bodySize: 'number',
};

// biome-ignore lint/suspicious/noExplicitAny: the archive is JSON of unknown form, that is the question
export function harProblems(har: any): string[] {
  const { log } = har;
  const problems = [
    ...wrong(log, { version: 'string', creator: 'object', entries: 'array' }, 'log'),
    ...wrong(log.creator, { name: 'string', version: 'string' }, 'log.creator'),
  ];
  if (log.version !== '1.2') problems.push(`log.version is ${log.version}`);
  for (const [index, entry] of log.entries.entries()) {
    const at = `entries[${index}]`;
    problems.push(...wrong(entry, ENTRY, at));
    problems.push(...wrong(entry.request, REQUEST, `${at}.request`));
    problems.push(...wrong(entry.response, RESPONSE, `${at}.response`));
    const content = { size: 'number', mimeType: 'string' };
    problems.push(...wrong(entry.response.content, content, `${at}.content`));
    const timings = { send: 'count', wait: 'count', receive: 'count' };
    problems.push(...wrong(entry.timings, timings, `${at}.timings`));
    if (entry.request.postData !== undefined) {
      const post = { mimeType: 'string', text: 'string' };
      problems.push(...wrong(entry.request.postData, post, `${at}.postData`));
    }
    const { request, response } = entry;
    for (const list of [request.cookies, request.headers, request.queryString, response.headers]) {
      for (const pair of list) problems.push(...wrong(pair, PAIR, `${at} pair`));
    }
    const sum = entry.timings.send + entry.timings.wait + entry.timings.receive;
    if (Math.abs(sum - entry.time) > 0.01) problems.push(`${at}.time is not the sum of timings`);
    for (const name of Object.keys(entry)) {
      const known = [...Object.keys(ENTRY), 'serverIPAddress', 'connection', 'comment', 'pageref'];
      if (!known.includes(name) && !name.startsWith('_')) problems.push(`${at}.${name} is no name`);
    }
  }
  return problems;
}

function wrong(value: Record<string, unknown>, shape: Shape, where: string): string[] {
  return Object.entries(shape).flatMap(([name, type]) =>
    isOf(value?.[name], type) ? [] : [`${where}.${name} is no ${type}`],
  );
}

function isOf(value: unknown, type: string): boolean {
  if (type === 'array') return Array.isArray(value);
  if (type === 'count') return typeof value === 'number' && value >= 0;
  if (type === 'url') return typeof value === 'string' && URL.canParse(value);
  if (type === 'date') {
    const isIso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(String(value));
    return isIso && !Number.isNaN(Date.parse(String(value)));
  }
  return typeof value === type;
}
