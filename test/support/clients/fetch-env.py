# Python's urllib or the package requests, told nothing about proxy and trust: what the variables say
# has to do. Which of the two and the URL as arguments, the body on stdin.
import sys

kind, url = sys.argv[1:3]
body = sys.stdin.buffer.read()
if kind == "urllib":
    import urllib.request
    with urllib.request.urlopen(urllib.request.Request(url, body), timeout=15) as response:
        sys.stdout.buffer.write(response.read())
else:
    import requests
    response = requests.post(url, data=body, timeout=15)
    response.raise_for_status()
    sys.stdout.buffer.write(response.content)
