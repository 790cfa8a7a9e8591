# Holds the chain of a log folder: needs nothing of leash, no key, no canonical form.
import glob, gzip, hashlib, json, os, re, sys
number = lambda path: int(re.search(r"\.(\d+)\.jsonl(\.gz)?$", path)[1])
named = [p for p in glob.glob(os.path.join(sys.argv[1], "egress.*.jsonl*")) if re.search(r"\.[1-9]\d*\.jsonl(\.gz)?$", p)]
paths = [p for p in sorted(named, key=number) if not (p.endswith(".gz") and p[:-3] in named)]
read = lambda path: (gzip.open if path.endswith(".gz") else open)(path, "rb").read().splitlines()
prev, seq = "0" * 64, 0
for line in (line for path in paths for line in read(path)):
    record = json.loads(line)
    assert (record["prev"], record["seq"]) == (prev, seq + 1), f"broken at {record['seq']}"
    prev, seq = hashlib.sha256(line).hexdigest(), record["seq"]
print(f"{seq} records, {len(paths)} segments, {prev}")
