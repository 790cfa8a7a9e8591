#!/usr/bin/env python3
"""verify.py FOLDER [--key HEX|FILE] [--checkpoint FILE]: verifies a log of leash, with nothing of leash but this page.
Exit code 0: verified; 5: not (outcome, first bad record, file, byte); 1: nothing to verify; 2: usage. See evidence.md."""
import hashlib, json, os, re, sys, zlib
P, Q = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # Ed25519 (RFC 8032), points in extended coordinates
D = -121665 * pow(121666, -1, P) % P
def add(a, b):
    s, t, c, d = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0]), 2 * a[3] * b[3] * D, 2 * a[2] * b[2]
    return (t - s) * (d - c) % P, (d + c) * (t + s) % P, (d - c) * (d + c) % P, (t - s) * (t + s) % P
def times(n, p):
    q = (0, 1, 1, 0)
    for bit in f"{n:b}": q = add(add(q, q), p) if bit == "1" else add(q, q)
    return q
def point(raw):
    sign, y = divmod(int.from_bytes(raw, "little"), 2**255)
    x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P: x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - x2) % P or y >= P or (x == 0 and sign): raise ValueError("not on the curve")
    return (x, y, 1, x * y % P) if x & 1 == sign else (P - x, y, 1, -x * y % P)
BASE = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
def verifies(key, message, signature):
    try: a, r, s = point(key), point(signature[:32]), int.from_bytes(signature[32:], "little")
    except ValueError: return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % Q
    x, y = times(s, BASE), add(r, times(h, a))
    return s < Q and (x[0] * y[2] - y[0] * x[2]) % P == 0 == (x[1] * y[2] - y[1] * x[2]) % P
STAMP = re.compile(rb'\{"seq":(\d{1,15}),"prev":"([0-9a-f]{64})","ts":(?:[0-9.]+,"event":"([a-z_]+)")?')  # how each line begins
SIGNED = re.compile(rb'(\{"seq":([1-9]\d{0,14}),"prev":"[0-9a-f]{64}","ts":\d{1,13}(?:\.\d{1,6})?,"event":"checkpoint","id":"\d{1,9}-0-\d{1,15}",'
    rb'"host_id":"([0-9a-f]{32})","epoch":([1-9]\d{0,8}),"segment":([1-9]\d{0,9}),"size":([1-9]\d{0,14}),"key":"([0-9a-f]{64})"),"signature":"([0-9a-f]{128})"\}')
def checkpoint(line):
    m = SIGNED.fullmatch(line)
    return m if m and verifies(bytes.fromhex(m[7].decode()), m[1], bytes.fromhex(m[8].decode())) else None
def is_sound(line):  # what can be said of a line that no other one confirms
    try: return type(json.loads(line.decode("utf8", "replace"))) is dict and (b',"signature":"' not in line or bool(checkpoint(line)))
    except (ValueError, RecursionError): return False
def sha256(line): return hashlib.sha256(line).hexdigest().encode()
def lines_of(path):  # (byte, line) of each whole line, then (byte, None, what is wrong behind it)
    at, rest, wrong, is_gz = 0, b"", None, path.endswith(".gz")
    with open(path, "rb") as file:
        while data := file.read(20 if is_gz else 2**20):
            try:  # each gzip member says how long it is, in a field of its header
                if is_gz and data[:16].hex() != "1f8b080400000000" "00ff08006c730400": raise ValueError
                if is_gz: data = zlib.decompress(data + file.read(int.from_bytes(data[16:], "little") - 20), 31)
            except (zlib.error, ValueError): wrong = "the compressed file is damaged or cut off"; break
            *lines, rest = (rest + data).split(b"\n")
            for line in lines: yield at, line, None; at += len(line) + 1
    yield at, None, wrong or (f"{len(rest)} bytes behind the last whole record" if rest else None)
def walk(names, deleted, kept, keys, is_given, end):  # the first problem in the order of the records, or None
    last, doubt, epoch, key, number = None, None, 0, None, 0  # last: file, byte, line, byte behind it, is it signed
    for number, before in zip(sorted(names), [0, *sorted(names)]):
        path, host = names[number], None
        for n in range(before + 1, number) if before else {number - 1} - {0}:
            if n not in deleted or (before and deleted[n][2] > end["seq"] + 1):
                proven = [] if before else [k for k in deleted if k < number]
                n, seq = (max(proven) + 1, deleted[max(proven)][0]) if proven else (n if before else 1, end["seq"])
                return "MISSING", seq + 1, f"egress.{n}.jsonl", 0, "the file is not there, and no record says that leash deleted it"
            end["seq"], end["prev"], last = deleted[n][0], deleted[n][1], None
        end.setdefault("first", end["seq"])
        for at, line, wrong in (lines := lines_of(path)):
            seq, end["place"] = end["seq"] + 1, (path, at)
            if line is None: break
            m = STAMP.match(line)
            head = json.loads(line) if m and at == 0 and m[3] == b"segment" and is_sound(line) else {}
            if not m or (int(m[1]), m[2]) != (seq, end["prev"]) or len(line) >= 2**18:  # whose fault? the next line tells
                if last and not is_sound(last[2]): return "DAMAGED", seq - 1, *last[:2], "not the record that was written"
                after = next(lines)[1]
                n = STAMP.match(after or b"")
                follows = n and m and n[2] == sha256(line) and int(n[1]) == max(seq - 1, int(m[1])) + 1
                if not m or m[2] == end["prev"] or len(line) >= 2**18 or not (is_sound(line) if after is None else follows):
                    return "DAMAGED", seq, path, at, "not the record that was written"
                place = (last[0], last[3]) if last and head.get("number") == number else (path, at)
                if int(m[1]) > seq: return "MISSING", seq, *place, "records that were here are gone"
                if last and not last[4]: return "DAMAGED", seq - 1, *last[:2], "not the record that the next one continues"
                return "DAMAGED", seq, path, at, "it does not continue the record before it"
            if doubt: return doubt
            found, now, signed = [], None, m[3] == b"checkpoint" and checkpoint(line)
            if at == 0: host, now = str(head.get("host_id")).encode(), head.get("epoch")
            if at == 0 and head.get("number") != number: found.append(("DAMAGED", "not the first record of this segment"))
            if m[3] == b"checkpoint" and not signed: found.append(("DAMAGED", "the signature of the checkpoint does not fit"))
            elif signed and (int(signed[6]), int(signed[5]), signed[3]) != (at, number, host): found.append(("DAMAGED", "signed for another place"))
            elif signed:
                now, signer, end["signed"] = int(signed[4]), signed[7].decode(), seq
                if signer != key and signer not in keys and (keys or key): found.append(("RE-SIGNED", f"signed with another key ({signer})"))
                key, end["keys"] = signer, [*end["keys"], *({signer} - set(end["keys"]))]
            if now and now < epoch: found.append(("RE-SIGNED", f"epoch {now} behind epoch {epoch}: the log was set back"))
            epoch = max(epoch, now or 0)
            for file, place, other in kept.get(seq, []):
                if other != line and not checkpoint(other): found.append(("DAMAGED", "a line that was kept is no checkpoint", file, place))
                elif other != line: found.append(("RE-SIGNED", "a checkpoint that was kept has this number, and the log has another record there"))
            doubt = (found[0][0], seq, *(found[0][2:] or (path, at)), found[0][1]) if found else None
            last, end["seq"], end["prev"], end["records"] = (path, at, line, at + len(line) + 1, bool(signed)), seq, sha256(line), end["records"] + 1
        if last and not is_sound(last[2]): return "DAMAGED", seq - 1, *last[:2], "not the record that was written"
        if wrong and not doubt: return "TORN" if number == max(names) and path[-1] == "l" else "DAMAGED", seq, path, at, wrong
    if doubt: return doubt
    beyond = sorted((seq, *k) for seq, lines in kept.items() if seq > end["seq"] for k in lines)
    signed = next((seq for seq, _, _, line in beyond if checkpoint(line)), None)
    if signed: return "TRUNCATED", end["seq"] + 1, *end["place"], f"a checkpoint that was kept is about record {signed}"
    if beyond: return "DAMAGED", *beyond[0][:3], "a line that was kept is no checkpoint"
    if is_given and not end["keys"]: return "RE-SIGNED", end["first"] + 1, names[min(names)], 0, "a key is given, and no checkpoint of the log is signed"
def main(words):
    options = {name: words.pop(words.index(name) + 1) for name in ("--key", "--checkpoint") if name in words[:-1]}
    words = [word for word in words if word not in options]
    if len(words) != 1 or words[0].startswith("-"): print(__doc__, file=sys.stderr); return 2
    names, kept, problems, key, own = {}, {}, [], options.get("--key", ""), os.path.join(words[0], "egress.checkpoints")
    try:
        files = sorted(os.listdir(words[0]), reverse=True)  # so the plain one counts where there is a .gz, too
        keys = re.findall(r"\b[0-9a-f]{64}\b", key if not key or re.fullmatch("[0-9a-f]{64}", key) else open(key).read())
        for path in [own] * os.path.isfile(own) + [path for name, path in options.items() if name == "--checkpoint"]:
            for at, line, _ in lines_of(path):
                m = STAMP.match(line or b"")
                if m and m[3] == b"checkpoint": kept.setdefault(int(m[1]), []).append((path, at, line))
                elif line is not None: problems.append(("DAMAGED", 0, path, at, "a line that was kept is no checkpoint"))
    except (OSError, ValueError) as error: print(ascii(error), file=sys.stderr); return 2 if os.path.isdir(words[0]) else 1
    if key and not keys: print("--key takes 64 hex digits or a file with such lines", file=sys.stderr); return 2
    for name in files:
        m, path = re.fullmatch(r"egress\.([1-9]\d{0,9})\.jsonl(\.gz)?", name), os.path.join(words[0], name)
        if m and os.path.isfile(path): names[int(m[1])] = path
    said = (json.loads(line) for path in names.values() for _, line, _ in lines_of(path) if line and (m := STAMP.match(line)) and m[3] == b"segment_deleted")
    deleted = {s["number"]: (s["last_seq"], s["last_hash"].encode(), s["first_seq"]) for s in said} if len(names) < max(names, default=0) else {}
    end = {"seq": 0, "prev": b"0" * 64, "records": 0, "signed": 0, "keys": [], "place": ("egress.1.jsonl", 0)}
    problem = walk(names, deleted, kept, keys, "--key" in options, end)
    for outcome, seq, path, at, what in [*problems[:1], *([problem] if problem else [])]:
        print(f"{outcome} seq {seq} {os.path.basename(path)} byte {at}: {what}")
    if problems or problem: return 5
    if not end["records"]: print(f"nothing to verify in {words[0]!a}", file=sys.stderr); return 1
    print(f"{end['records']} records, {len(names)} segments, signed up to seq {end['signed']} of {end['seq']} by {' '.join(end['keys']) or 'no key'}"
          + ("" if keys else ", key not pinned") + ("" if kept else ", no checkpoints beside the log: a cut at its end would not show"))
    return 0
if __name__ == "__main__": sys.exit(main(sys.argv[1:]))
