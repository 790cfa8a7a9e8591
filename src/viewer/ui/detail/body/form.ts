// Forms as what they hold: the fields of a urlencoded one, the parts of a multipart one. Pure. Nothing is
// repaired: what is not encoded by the rules is shown as it stands.

export type FormField = { readonly name: string; readonly value: string };

export type FormPart = {
  readonly headers: readonly FormField[];
  readonly name: string;
  readonly fileName: string;
  readonly type: string;
  /** As characters of the text that was given: bytes where each of them is one. */
  readonly content: string;
};

const MAX_FIELDS = 2000;
const MAX_PARTS = 500;

/** `a=1&b=%20` → fields in order, the same name as often as it stands there. */
export function parseForm(text: string): { fields: FormField[]; isCut: boolean } {
  const pairs = text.trim().split('&', MAX_FIELDS + 1);
  const fields = pairs.slice(0, MAX_FIELDS).flatMap((pair) => {
    if (pair === '') return [];
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    return [{ name: decode(name), value: equals < 0 ? '' : decode(pair.slice(equals + 1)) }];
  });
  return { fields, isCut: pairs.length > MAX_FIELDS };
}

function decode(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

/** The `boundary` of a content type; empty: it has none. */
export function boundaryOf(contentType: string): string {
  const match = /;\s*boundary=(?:"([^"]{1,200})"|([^;\s]{1,200}))/i.exec(contentType);
  return match?.[1] ?? match?.[2] ?? '';
}

/** A multipart body → its parts, or null where it is none of this boundary. */
export function parseMultipart(
  text: string,
  boundary: string,
): { parts: FormPart[]; isCut: boolean } | null {
  const mark = `--${boundary}`;
  let at = text.startsWith(mark) ? 0 : text.indexOf(`\n${mark}`) + 1;
  if (boundary === '' || (at === 0 && !text.startsWith(mark))) return null;
  const parts: FormPart[] = [];
  for (;;) {
    const start = at + mark.length;
    if (text.startsWith('--', start)) return { parts, isCut: false };
    const end = text.indexOf(`\n${mark}`, start);
    const stop = end < 0 ? text.length : end;
    parts.push(
      toPart(
        text
          .slice(start, stop)
          .replace(/^[ \t]*\r?\n/, '')
          .replace(/\r$/, ''),
      ),
    );
    if (end < 0 || parts.length >= MAX_PARTS) return { parts, isCut: true };
    at = end + 1;
  }
}

function toPart(text: string): FormPart {
  const blank = /^\r?\n|\r?\n\r?\n/.exec(text);
  const head = blank === null ? text : text.slice(0, blank.index);
  const content = blank === null ? '' : text.slice(blank.index + blank[0].length);
  const headers = head.split(/\r?\n/).flatMap((line) => {
    const colon = line.indexOf(':');
    if (colon < 1) return [];
    return [{ name: line.slice(0, colon), value: line.slice(colon + 1).trim() }];
  });
  const disposition = headerOf(headers, 'content-disposition');
  return {
    headers,
    name: parameter(disposition, 'name'),
    fileName: parameter(disposition, 'filename'),
    type: headerOf(headers, 'content-type'),
    content,
  };
}

function headerOf(headers: readonly FormField[], wanted: string): string {
  return headers.find(({ name }) => name.toLowerCase() === wanted)?.value ?? '';
}

function parameter(value: string, name: string): string {
  const match = new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.){0,1000})"|([^;\\s]*))`, 'i').exec(
    value,
  );
  return match?.[1]?.replace(/\\(["\\])/g, '$1') ?? match?.[2] ?? '';
}
