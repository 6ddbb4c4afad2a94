"""A client of aerospike is never freed, closed or not: aerospike/aerospike-client-go#441.

    python bench/cases/aerospike.py [REQUESTS]

Builds the server in aerospike/ on version 7.5.0 of the client and on 7.6.0, in which it is mended; runs both under
load, takes their cores, joins what goknot says of them with what it says of the module's source, and checks that this
names the two lines that the pull request names.
"""

from __future__ import annotations

import http.client
import sys

from support import Build, expect, heap, load, never_freed, report, running, show

NAMED = {("client.go", 115), ("client.go", 117)}
KIND = "finalizer-in-ring"
MODULE = "github.com/aerospike/aerospike-client-go/v7"
LEAKY, MENDED = Build("aerospike", "go.mod", MODULE), Build("aerospike", "fixed.mod", MODULE)
CLIENTS = 10


def main() -> None:
    n_requests = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    n_requests -= n_requests % CLIENTS
    for build in (LEAKY, MENDED):
        build.make()
        source, version = build.source()
        folder = build.binary.with_suffix(".reports")
        folder.mkdir(exist_ok=True)
        print(f"{MODULE} {version}")
        with running(build.binary, "{port}") as (server, port):
            load(lambda n, port=port: _ask(port, n), n_requests, CLIENTS)  # type: ignore[misc]
            live = heap(server, folder, build.binary)
        static = report("leaks", str(source), to=folder / "leaks.json")
        report("types", str(source), to=folder / "types.json")
        files = [folder / f"{name}.json" for name in ("leaks", "types", "heap")]
        joined = report("report", *map(str, files), "--source", str(source), to=folder / "joined.json")
        if build is MENDED:
            expect("source: no finalizer in a ring", holds=not never_freed(static, KIND))
            expect("heap: no finalizer in a ring", holds=not never_freed(live, KIND))
            continue
        rings = never_freed(live, KIND)
        counted = [(knot["heap"]["instances"], knot["heap"]["retained_bytes"]) for knot in rings]
        expect(f"heap: {counted} rings and bytes", holds=[n for n, _ in counted] == [n_requests])
        (shown,) = (knot for knot in never_freed(joined, KIND) if knot["id"] == rings[0]["id"])
        named = {(step.get("file"), step.get("line")) for step in shown["chain"]}
        expect(f"its chain names {sorted(NAMED)}", holds=named >= NAMED)
        (link,) = (link["id"] for link in shown["links"] if link["why"] == "same types and kind")
        proven = next(knot for knot in joined["knots"] if knot["id"] == link)
        expect(
            "source: that finding, certain", holds=proven["confidence"] == "certain" and "shows it" in proven["reason"]
        )
        show(files, source, shown["id"])


def _ask(port: int, n_requests: int) -> None:
    """Asks over one connection."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for _ in range(n_requests):
        line.request("GET", "/nodes")
        answer = line.getresponse()
        body = answer.read()
        if answer.status != 200:
            sys.exit(f"the server answers {answer.status}: {body!r}")
    line.close()


if __name__ == "__main__":
    main()
