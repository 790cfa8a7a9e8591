"""mitmproxy addon: what leash was before, as a thing to compare with. One line of JSON for each
request, with headers and bodies of both sides, appended to the file that `audit_log` names."""

import base64
import json
import time

from mitmproxy import ctx

BODY_LIMIT_BYTES = 64 * 1024


class Audit:
    def load(self, loader):
        loader.add_option("audit_log", str, "", "File that lines are appended to")

    def running(self):
        self.log = open(ctx.options.audit_log, "a", buffering=1, encoding="utf-8")

    def response(self, flow):
        line = {
            "ts": time.time(),
            "client": flow.client_conn.peername[0],
            "method": flow.request.method,
            "url": flow.request.pretty_url,
            "status": flow.response.status_code,
            "request": message(flow.request),
            "response": message(flow.response),
        }
        self.log.write(json.dumps(line, separators=(",", ":")) + "\n")

    def done(self):
        if hasattr(self, "log"):
            self.log.close()


def message(part):
    body = part.get_content(strict=False) or b""
    recorded = {"headers": list(part.headers.items(multi=True)), "bytes": len(body)}
    kept = body[:BODY_LIMIT_BYTES]
    if len(kept) < len(body):
        recorded["truncated"] = True
    try:
        recorded["body"] = kept.decode("utf-8")
    except UnicodeDecodeError:
        recorded["body"] = base64.b64encode(kept).decode("ascii")
        recorded["encoding"] = "base64"
    return recorded


addons = [Audit()]
