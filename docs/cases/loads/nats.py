"""Load for nats-server: JetStream, and clients that subscribe, publish, and close, half close or forget the line.

python nats.py PORT SECONDS
"""

from __future__ import annotations

import json
import random
import socket
import sys
import threading
import time

PORT, END = int(sys.argv[1]), time.time() + float(sys.argv[2])
FORGOTTEN: list[socket.socket] = []


def connect() -> socket.socket:
    """A line that has said hello."""
    line = socket.create_connection(("127.0.0.1", PORT))
    line.sendall(b'CONNECT {"verbose":false,"pedantic":false}\r\n')
    return line


def publish(line: socket.socket, subject: str, body: bytes) -> None:
    """Sends a message."""
    line.sendall(f"PUB {subject} {len(body)}\r\n".encode() + body + b"\r\n")


def pong(line: socket.socket) -> None:
    """Reads what is there, and answers a ping."""
    try:
        if b"PING" in line.recv(1 << 16):
            line.sendall(b"PONG\r\n")
    except TimeoutError:
        return


def session(dice: random.Random) -> None:
    """Subscribes, publishes, and leaves in one way or another."""
    line = connect()
    line.settimeout(0.05)
    for number in range(1, 20):
        group = "q" if number % 5 == 0 else ""
        line.sendall(f"SUB a.{dice.randrange(20)}.> {group} {number}\r\n".encode())
    until = min(END, time.time() + dice.uniform(0.5, 4))
    while time.time() < until:
        publish(line, f"a.{dice.randrange(20)}.b.{dice.randrange(50)}", b"x" * dice.choice((8, 100, 2000)))
        pong(line)
    how = dice.random()
    if how < 0.3:
        line.shutdown(socket.SHUT_WR)
    if how < 0.8:
        line.close()
    else:
        FORGOTTEN.append(line)


def client(seed: int) -> None:
    """One session after another."""
    dice = random.Random(seed)
    while time.time() < END:
        try:
            session(dice)
        except OSError:
            time.sleep(0.05)


def streams() -> None:
    """A stream with five consumers."""
    line = connect()
    line.sendall(b"SUB _INBOX.> 1\r\n")
    stream = {"name": "S", "subjects": ["a.>"], "storage": "file", "retention": "limits", "max_msgs": 20000}
    publish(line, "$JS.API.STREAM.CREATE.S", json.dumps(stream).encode())
    for number in range(5):
        consumer = {"deliver_subject": f"_INBOX.d{number}", "ack_policy": "none", "deliver_policy": "all"}
        body = json.dumps({"stream_name": "S", "config": consumer}).encode()
        publish(line, "$JS.API.CONSUMER.CREATE.S", body)
    while time.time() < END:
        pong(line)


threading.Thread(target=streams, daemon=True).start()
for thread in [threading.Thread(target=client, args=(seed,)) for seed in range(40)]:
    thread.start()
