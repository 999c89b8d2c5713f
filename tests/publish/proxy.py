"""A proxy in its own process that fails as networks and gateways do.

    python -m tests.publish.proxy PORT SEED

It writes its port as the first line, then what it did to each request: ``pass`` or one of the
failures. There is one request per connection, as kg sends them. A request that the client has
given up is not forwarded.
"""

import random
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FAILURES = (
    "cut the body",  # the store gets only the start of the request
    "lose the answer",  # the store has done it, but the client does not learn of it
    "cut the answer",
    "delay",  # shorter than the client's timeout
    "hang",  # until the client disconnects
    "503",
    "503 with Retry-After",
)
DELAY = 0.3  # seconds
_REFUSED = (
    "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 5\r\n{}\r\nlater"
)


@contextmanager
def failing_proxy(port: int, seed: int) -> Iterator[tuple[int, list[str]]]:
    """Start a proxy for a local port; yield its port and the list of its actions so far."""
    command = [sys.executable, "-u", "-m", "tests.publish.proxy", str(port), str(seed)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        own = int(process.stdout.readline())
        done: list[str] = []
        reader = threading.Thread(target=lambda: done.extend(map(str.strip, process.stdout or ())))
        reader.start()
        try:
            yield own, done
        finally:
            process.terminate()
            reader.join()


def main(port: int, seed: int) -> None:
    plan = schedule(seed)
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1])
        while True:
            client, _ = server.accept()
            threading.Thread(target=serve, args=(client, port, next(plan)), daemon=True).start()


def schedule(seed: int) -> Iterator[str]:
    """Yield the action for each connection: in each 21 every failure once, in random order."""
    chance = random.Random(seed)
    while True:
        kinds = [*FAILURES, *["pass"] * 2 * len(FAILURES)]
        chance.shuffle(kinds)
        yield from kinds


def serve(client: socket.socket, port: int, kind: str) -> None:
    with client:
        try:
            request, start = read_request(client)
            sys.stdout.write(f"{kind}\n")
            if kind.startswith("503"):
                wait = "Retry-After: 1\r\n" if "Retry" in kind else ""
                client.sendall(_REFUSED.format(wait).encode())
                return
            if kind == "hang":
                select.select([client], [], [])  # readable once it has disconnected
                return
            if kind == "delay":
                time.sleep(DELAY)
            cut = (start + len(request)) // 2 if kind == "cut the body" else len(request)
            answer = forward(request[:cut], port, whole=cut == len(request))
            if kind == "lose the answer":
                return
            client.sendall(answer[: len(answer) // 2] if kind == "cut the answer" else answer)
        except OSError:
            return  # one side has disconnected


def read_request(client: socket.socket) -> tuple[bytes, int]:
    """Return the bytes of a request, and where its body starts."""
    held = b""
    while b"\r\n\r\n" not in held:
        held += received(client)
    head, _, _ = held.partition(b"\r\n\r\n")
    start, length = len(head) + 4, 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    while len(held) < start + length:
        held += received(client)
    return held, start


def received(client: socket.socket) -> bytes:
    if not (part := client.recv(65536)):
        raise ConnectionError("gone")
    return part


def forward(request: bytes, port: int, *, whole: bool) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as store:
        store.sendall(request)
        if not whole:
            return b""
        parts = []
        while part := store.recv(65536):
            parts.append(part)
        return b"".join(parts)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
