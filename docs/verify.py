"""Verifies a log of leash with Python 3.8 and nothing of leash. Exit code 0: verified, 5: not. See docs/evidence.md."""
import argparse, gzip, hashlib, json, os, re, sys, zlib
LINE = rb'\{"seq":([1-9]\d{,14}),"prev":"(\w+)","ts":[\d.]+,"event":"(\w+)"(?:.{,60}"host_id":"\w+","epoch":(\d{1,9}))?'
DELETED = LINE + rb'.*"number":(\d{1,10}),"first_seq":(\d{1,15}),"last_seq":(\d{1,15}),"last_hash":"(\w{64})"'
CHECKPOINT = (rb'(\{"seq":[1-9]\d*,"prev":"[0-9a-f]{64}","ts":[\d.]+,"event":"checkpoint","id":"\d+-0-\d+","host_id":'
    rb'"[0-9a-f]{32}","epoch":\d+,"segment":\d+,"size":\d+,"key":"([0-9a-f]{64})"),"signature":"([0-9a-f]{128})"\}\n')
P, Q, Y = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493, int("6" * 62 + "58", 16)  # Ed25519: RFC 8032
D, X = -121665 * pow(121666, -1, P) % P, 0x216936d3cd6e53fec0a4e231fdd6dc5c692cc7609525a7b2c9562d608f25d51a
def add(p, q):  # points are X, Y, Z, T
    a, b, c, d = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0]), 2 * D * p[3] * q[3], 2 * p[2] * q[2]
    return (b - a) * (d - c) % P, (d + c) * (b + a) % P, (d - c) * (d + c) % P, (b - a) * (b + a) % P
def times(n, p):
    return add(times(n // 2, add(p, p)), p if n % 2 else (0, 1, 1, 0)) if n else (0, 1, 1, 0)
def is_signed(checkpoint):
    text, key, signature = checkpoint[1], *(bytes.fromhex(checkpoint[n].decode()) for n in (2, 3))
    (sign, y), s = divmod(int.from_bytes(key, "little"), 2**255), int.from_bytes(signature[32:], "little")
    x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    roots = [pow(x2, (P + 3) // 8, P) * pow(2, (P - 1) // 4 * n, P) % P for n in range(4)]  # times 1, i, -1, -i
    x = next((x for x in roots if x * x % P == x2 and x % 2 != sign), 0)
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % Q
    rx, ry, rz, _ = add(times(s, (X, Y, 1, X * Y % P)), times(h, (x, y, 1, x * y % P)))  # x is that of the negated key
    r = ry * pow(rz, P - 2, P) % P + (rx * pow(rz, P - 2, P) % P % 2 << 255)
    return x > 0 and y < P and s < Q and r.to_bytes(32, "little") == signature[:32]
def lines(name, line=b"{}"):  # each with its newline, which half a line at the end has not
    try:
        for line in (gzip.open if name.endswith(".gz") else open)(name, "rb"):
            yield line
        json.loads(line.decode(errors="replace"))  # no hash in a next line confirms the last one
    except (ValueError, RecursionError, EOFError, zlib.error, gzip.BadGzipFile):
        yield b"damage\n"
def must(holds, outcome, why, *place):  # or the log stops being provable, at the line that is read if no place is given
    if not holds:
        sys.exit(print("{} seq {} {} byte {}: {}".format(outcome, *(place or (seq + 1, name, at)), why)) or 5)
parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("folder")
parser.add_argument("--key", type=lambda digits: re.fullmatch("[0-9a-f]{64}", digits)[0], metavar="HEX")
parser.add_argument("--checkpoint", type=argparse.FileType("rb"), metavar="FILE")
given = parser.parse_args()
os.chdir(given.folder) if os.path.isdir(given.folder) else sys.exit("nothing to verify: no such folder")
names = sorted(filter(os.path.isfile, os.listdir()), reverse=True)  # the plain file behind its .gz, so that it counts
files = {int(m[1]): m[0] for m in map(re.compile(r"egress\.([1-9]\d{0,9})\.jsonl(\.gz)?").fullmatch, names) if m}
notes = (re.match(DELETED, line) for n in sorted(files) if len(files) < max(files) for line in lines(files[n]))
deleted = {int(m[5]): m for m in notes if m and m[3] == b"segment_deleted" and int(m[5]) not in files}
key, kept, name, at, seq, prev, epoch, records, signed = given.key, {}, "egress.1.jsonl", 0, 0, "0" * 64, 0, 0, 0
for file in filter(None, (given.checkpoint, "egress.checkpoints" in names and open("egress.checkpoints", "rb"))):
    for m in re.finditer(rb".*\n", file.read()):  # half a line at the end is what a crash leaves
        about, checkpoint = int((re.match(LINE, m[0]) or [0, 0])[1]), re.fullmatch(CHECKPOINT, m[0])
        must(checkpoint and is_signed(checkpoint), "DAMAGED", "no signed checkpoint", about, file.name, m.start())
        kept.setdefault(about, set()).add(m[0])
for number, name, at in ((n, files[n], 0) for n in sorted(files)):
    for m in (deleted[n] for n in sorted(deleted) if n < number and int(deleted[n][7]) > seq):
        seq, prev = (int(m[7]), m[8].decode()) if not records or int(m[6]) <= seq + 1 else (seq, prev)
    for line in lines(name):
        m, records = re.match(LINE, line), records + 1
        must(line[-1:] == b"\n" or name != f"egress.{max(files)}.jsonl", "TORN", "half a line at the end of the log")
        must(m and line[-2:] == b"}\n", "DAMAGED", "this is no record")
        must(int(m[1]) <= seq + 1 or m[2].decode() == prev, "MISSING", "lines are gone before this one")
        must((int(m[1]), m[2].decode()) == (seq + 1, prev), "DAMAGED", "this line does not follow the one before it")
        if m[3] == b"checkpoint" or line[-145:-131] == b',"signature":"':
            must((c := re.fullmatch(CHECKPOINT, line)) and is_signed(c), "DAMAGED", "the signature does not fit")
            must(b'"segment":%d,"size":%d,' % (number, at) in line, "DAMAGED", "signed for another place")
            must(c[2].decode() == (key or c[2].decode()), "RE-SIGNED", "signed with another key")
            key, signed = c[2].decode(), seq + 1
        must(int(m[4] or epoch) >= epoch, "RE-SIGNED", "its epoch is behind that of a line before it")
        must(kept.get(seq + 1, {line}) == {line}, "RE-SIGNED", "it is not the checkpoint that was kept")
        seq, prev, at, epoch = seq + 1, hashlib.sha256(line[:-1]).hexdigest(), at + len(line), int(m[4] or epoch)
must(max(kept, default=0) <= seq, "TRUNCATED", "a checkpoint was kept of what is not there")
records or sys.exit("nothing to verify: no record in segments")
must(signed or not given.key, "RE-SIGNED", "no line is signed by this key", seq - records + 1, files[min(files)], 0)
print(f"{records} records, {len(kept)} kept checkpoints, signed by {key or 'nobody'} up to seq {signed} of {seq}")
