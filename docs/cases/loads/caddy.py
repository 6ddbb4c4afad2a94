"""Load for caddy: requests over kept-open connections, and reloads that move the access log to another file.

python caddy.py ADMIN_PORT PORT UPSTREAM_PORT SECONDS FOLDER
"""

from __future__ import annotations

import http.client
import http.server
import json
import random
import sys
import threading
import time
import urllib.request

ADMIN, PORT, UPSTREAM = (int(text) for text in sys.argv[1:4])
END, FOLDER = time.time() + float(sys.argv[4]), sys.argv[5]


def config(number: int) -> dict[str, object]:
    """A configuration whose access log is file `number`."""
    log = {"writer": {"output": "file", "filename": f"{FOLDER}/access{number}.log"}, "include": ["http.log.access"]}
    health = {"active": {"path": "/", "interval": "1s"}}
    proxy = {"handler": "reverse_proxy", "upstreams": [{"dial": f"127.0.0.1:{UPSTREAM}"}], "health_checks": health}
    packed = {"handler": "encode", "encodings": {"gzip": {}, "zstd": {}}}
    files = {"handler": "file_server", "root": FOLDER, "browse": {}}
    routes = [{"match": [{"path": ["/up*"]}], "handle": [packed, proxy]}, {"handle": [files]}]
    server = {
        "listen": [f"127.0.0.1:{PORT}"],
        "logs": {},
        "automatic_https": {"disable": True},
        "routes": routes,
    }
    return {
        "admin": {"listen": f"127.0.0.1:{ADMIN}"},
        "logging": {"logs": {"access": log}},
        "apps": {"http": {"servers": {"s": server}}},
    }


def load(number: int) -> None:
    """Makes configuration `number` the running one."""
    body = json.dumps(config(number)).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{ADMIN}/load", body, {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=20).read()


class Upstream(http.server.BaseHTTPRequestHandler):
    """Answers late and at length."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Says nothing."""
        return

    def do_GET(self) -> None:
        """Answers with some bytes."""
        time.sleep(random.choice((0, 0.01, 0.2)))
        body = b"hello " * random.choice((1, 400, 20000))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True


def client() -> None:
    """Sends requests until the end, and gives up on slow answers."""
    while time.time() < END:
        line = http.client.HTTPConnection("127.0.0.1", PORT, timeout=random.choice((0.1, 5)))
        try:
            for _ in range(random.randrange(1, 60)):
                line.request(
                    "GET", random.choice(("/up/x", "/up/y", "/", "/none")), headers={"Accept-Encoding": "gzip"}
                )
                line.getresponse().read()
        except (OSError, http.client.HTTPException):
            line.close()


upstream = http.server.ThreadingHTTPServer(("127.0.0.1", UPSTREAM), Upstream)
upstream.daemon_threads = True
threading.Thread(target=upstream.serve_forever, daemon=True).start()
load(0)
for thread in [threading.Thread(target=client, daemon=True) for _ in range(16)]:
    thread.start()
reloads = 0
while time.time() < END:
    time.sleep(0.7)
    reloads += 1
    load(reloads)
sys.stdout.write(f"{reloads} reloads; the upstream answers on until this is interrupted\n")
sys.stdout.flush()
threading.Event().wait()
