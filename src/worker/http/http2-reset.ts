// Names of HTTP/2's error codes, for records. Pure.

/** RFC 9113 7, by number. */
const NAMES = [
  ...['no_error', 'protocol_error', 'internal_error', 'flow_control_error', 'settings_timeout'],
  ...['stream_closed', 'frame_size_error', 'refused_stream', 'cancel', 'compression_error'],
  ...['connect_error', 'enhance_your_calm', 'inadequate_security', 'http_1_1_required'],
];

/** How a record names the reset of a stream: `reset cancel`. */
export function resetReason(code: number): string {
  return `reset ${NAMES[code] ?? code}`;
}

/** How it names a GOAWAY that says an error. */
export function goawayReason(code: number): string {
  return `goaway ${NAMES[code] ?? code}`;
}
