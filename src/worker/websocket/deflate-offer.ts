// permessage-deflate as client and server negotiate it (RFC 7692 section 7.1): the offers in a request,
// and whether what a server chose is one of them. Pure.

/** A well-formed offer, or a server's answer to one: parameters by name; `true` = without a value. */
export type DeflateParams = ReadonlyMap<string, number | true>;

/** Whether the compressed messages of a side may refer to those before. */
export type Deflate = { readonly clientTakeover: boolean; readonly serverTakeover: boolean };

const NAME = 'permessage-deflate';
const FLAGS = new Set(['server_no_context_takeover', 'client_no_context_takeover']);
const BITS = new Set(['server_max_window_bits', 'client_max_window_bits']);
/** A parameter (RFC 6455 9.1); a value may be quoted, and is a token all the same. */
const PARAMETER = /^([a-z_]+)(?:[ \t]*=[ \t]*("?)([0-9]{1,2})\2)?$/;

/**
 * What a request's `Sec-WebSocket-Extensions` offers, in its order. Other extensions, and offers that
 * no server may accept, are left out.
 */
export function readOffers(values: readonly string[]): DeflateParams[] {
  return elementsOf(values)
    .map(readElement)
    .filter((params) => params !== null);
}

/** Offers → the value of the field that makes them. */
export function formatOffers(offers: readonly DeflateParams[]): string {
  const texts = offers.map((params) =>
    [
      NAME,
      ...[...params].map(([name, value]) => (value === true ? name : `${name}=${value}`)),
    ].join('; '),
  );
  return texts.join(', ');
}

/** What a 101 says about extensions → what is in force; null: nothing is; or it was not offered. */
export function readChoice(
  values: readonly string[],
  offers: readonly DeflateParams[],
): Deflate | null | { readonly problem: 'extensions' } {
  const [element, ...others] = elementsOf(values);
  if (element === undefined) return null;
  const chosen = others.length > 0 ? null : readElement(element);
  const wanted = chosen?.get('client_max_window_bits');
  if (chosen === null || wanted === true) return { problem: 'extensions' };
  // A window that the client cannot limit (RFC 7692 7.1.2.2).
  const fits = (offer: DeflateParams) =>
    wanted === undefined || offer.has('client_max_window_bits');
  if (!offers.some(fits)) return { problem: 'extensions' };
  return {
    clientTakeover: !chosen.has('client_no_context_takeover'),
    serverTakeover: !chosen.has('server_no_context_takeover'),
  };
}

function elementsOf(values: readonly string[]): string[] {
  return values
    .flatMap((value) => value.split(','))
    .map((element) => element.trim())
    .filter((element) => element !== '');
}

/** One element of the field → its parameters, or null where it is none that can be decoded. */
function readElement(element: string): DeflateParams | null {
  const [name, ...parameters] = element.split(';').map((text) => text.trim());
  if (name !== NAME) return null;
  const params = new Map<string, number | true>();
  for (const parameter of parameters) {
    const [, key = '', , digits] = PARAMETER.exec(parameter) ?? [];
    const value = digits === undefined ? true : Number(digits);
    if (params.has(key) || !isKnown(key, value)) return null;
    params.set(key, value);
  }
  return params;
}

function isKnown(key: string, value: number | true): boolean {
  if (FLAGS.has(key)) return value === true;
  if (!BITS.has(key)) return false;
  // Only a client may leave the number of its own window open.
  return value === true ? key === 'client_max_window_bits' : value >= 8 && value <= 15;
}
