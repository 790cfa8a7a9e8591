// The file of the original: what a Python addon of mitmproxy wrote with `json.dumps`. No number, no
// link, no id; a header is a member of an object; spaces behind colons and commas.

const ALLOWED =
  '{"ts": 1690000000.123456, "client": "172.18.0.4", "host": "api.old.test", "port": 443, "method": "POST", ' +
  '"url": "https://api.old.test/v1/messages", "status": 200, "bytes": 17, "audit": "would_block_in_enforce", ' +
  '"req_headers": {"Authorization": "Bearer sk-old", "Content-Type": "application/json"}, ' +
  '"res_headers": {"Content-Type": "application/json"}, ' +
  '"req_body": "{\\"ask\\": \\"caf\\u00e9\\"}", "res_body": "{\\"answer\\": \\"old\\"}", "event": "allowed"}';
const BLOCKED =
  '{"ts": 1690000001.5, "client": "172.18.0.5", "host": "evil.old.test", "port": 80, "method": "GET", ' +
  '"url": "http://evil.old.test/", "status": 403, "bytes": 0, "event": "blocked"}';
/** A line that claims to be more than it is: whoever could write this file could write that. */
const CLAIMS =
  '{"seq": 7, "prev": "' +
  '0'.repeat(64) +
  '", "ts": 1690000002, "event": "log_recovered", "reason": "damaged", "file": "x", "host": ""}';

export const ORIGINAL_LOG = `${[ALLOWED, BLOCKED, CLAIMS].join('\n')}\n`;
