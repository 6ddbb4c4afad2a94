"""Kubernetes' API server leaks a goroutine for each request that times out: kubernetes/kubernetes#81901.

    python bench/cases/apiserver.py [REQUESTS]

Builds the server in apiserver/ on k8s.io/apiserver as of Kubernetes 1.14.1 and of 1.16.2, in which it is mended; runs
both under load, takes their cores, joins what goknot says of them with what it says of the module's source, and checks
that this names the line that the issue names.
"""

from __future__ import annotations

import http.client
import ssl
import sys
import time

from support import Build, expect, heap, load, never_freed, report, running, show

ISSUE_FILE, ISSUE_LINE = "pkg/server/filters/timeout.go", 106
KIND = "goroutine-blocked"
MODULE = "k8s.io/apiserver"
LEAKY, MENDED = Build("apiserver", "go.mod", MODULE), Build("apiserver", "fixed.mod", MODULE)
CLIENTS = 20


def main() -> None:
    n_requests = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    n_requests -= n_requests % CLIENTS
    for build in (LEAKY, MENDED):
        build.make()
        source, version = build.source()
        folder = build.binary.with_suffix(".reports")
        folder.mkdir(exist_ok=True)
        print(f"{MODULE} {version}")
        with running(build.binary, "{port}", "100ms", "200ms") as (server, port):
            load(lambda n, port=port: _ask(port, n), n_requests, CLIENTS)  # type: ignore[misc]
            time.sleep(1)  # the last backends answer
            live = heap(server, folder, build.binary)
        static = report("leaks", str(source), to=folder / "leaks.json")
        report("scan", str(source), to=folder / "scan.json")
        files = [folder / f"{name}.json" for name in ("leaks", "scan", "heap")]
        joined = report("report", *map(str, files), "--source", str(source), to=folder / "joined.json")
        n_goroutines = live["stats"]["heap"]["goroutines"]
        if build is MENDED:
            expect(f"{n_requests} requests timed out, {n_goroutines} goroutines", holds=n_goroutines < CLIENTS + 50)
            expect("source: nothing waits for ever", holds=not never_freed(static, KIND))
            expect("heap: nothing waits for ever", holds=not never_freed(live, KIND))
            continue
        expect(f"{n_requests} requests timed out, {n_goroutines} goroutines", holds=n_goroutines >= n_requests)
        stuck = [knot for knot in never_freed(joined, KIND) if knot.get("heap", {}).get("instances") == n_requests]
        expect(f"heap: {n_requests} goroutines wait for ever, one knot", holds=len(stuck) == 1)
        chain = stuck[0]["chain"]
        named = [step for step in chain if (step.get("file"), step.get("line")) == (ISSUE_FILE, ISSUE_LINE)]
        expect(f"its chain names {ISSUE_FILE}:{ISSUE_LINE}: {named and named[0]['text']}", holds=len(named) == 1)
        expect(f"and {MODULE}@{version}", holds=chain[0]["name"] == f"{MODULE}@{version}")
        proven = [knot for knot in never_freed(joined, KIND) if "heap" not in knot]
        expect("source: that finding alone, certain now", holds=[k["confidence"] for k in proven] == ["certain"])
        show(files, source, proven[0]["id"])


def _ask(port: int, n_requests: int) -> None:
    """Asks for what takes too long, over one connection."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE  # it signs for itself
    line = http.client.HTTPSConnection("127.0.0.1", port, context=trusting, timeout=60)
    for _ in range(n_requests):
        line.request("GET", "/apis/reports.example.com/v1/reports")
        answer = line.getresponse()
        answer.read()
        if answer.status != 504:
            sys.exit(f"the server answers {answer.status}")
    line.close()


if __name__ == "__main__":
    main()
