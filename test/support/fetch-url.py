# Python's own HTTP client through the proxy: URL, CA file and proxy as arguments, the body on stdin.
import ssl, sys, urllib.request
url, ca_file, proxy = sys.argv[1:4]
body = sys.stdin.buffer.read()
opener = urllib.request.build_opener(
    urllib.request.ProxyHandler({"http": proxy, "https": proxy}),
    urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ca_file)),
)
request = urllib.request.Request(url, body or None, {"Content-Type": "application/json"})
with opener.open(request, timeout=15) as response:
    sys.stdout.buffer.write(response.read())
