"""Load for prometheus: queries, some dropped halfway, and reloads.

python prometheus.py PORT SECONDS
"""

from __future__ import annotations

import random
import sys
import threading
import time
import urllib.parse
import urllib.request

BASE, END = f"http://127.0.0.1:{sys.argv[1]}", time.time() + float(sys.argv[2])
QUERIES = (
    "up",
    "rate(prometheus_http_requests_total[1m])",
    "sum by (handler)(prometheus_http_requests_total)",
    'topk(5,{__name__=~".+"})',
    'count({__name__=~".+"})',
)


def client() -> None:
    """Queries until the end, and gives up on slow answers."""
    while time.time() < END:
        now, query = time.time(), urllib.parse.quote(random.choice(QUERIES))
        path = random.choice(("query?query=", f"query_range?start={now - 60:.0f}&end={now:.0f}&step=1&query="))
        try:
            urllib.request.urlopen(f"{BASE}/api/v1/{path}{query}", timeout=random.choice((0.05, 5))).read()
        except OSError:
            continue


for thread in [threading.Thread(target=client) for _ in range(12)]:
    thread.start()
while time.time() < END - 2:
    time.sleep(3)
    urllib.request.urlopen(urllib.request.Request(f"{BASE}/-/reload", method="POST")).read()
