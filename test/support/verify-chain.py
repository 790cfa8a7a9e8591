# Holds the chain of a log folder: needs nothing of leash, no key, no canonical form.
import glob, hashlib, json, os, re, sys
number = lambda path: int(re.search(r"\.(\d+)\.jsonl$", path)[1])
paths = sorted(glob.glob(os.path.join(sys.argv[1], "egress.*.jsonl")), key=number)
prev, seq = "0" * 64, 0
for line in (line for path in paths for line in open(path, "rb").read().splitlines()):
    record = json.loads(line)
    assert (record["prev"], record["seq"]) == (prev, seq + 1), f"broken at {record['seq']}"
    prev, seq = hashlib.sha256(line).hexdigest(), record["seq"]
print(f"{seq} records, {len(paths)} segments, {prev}")
