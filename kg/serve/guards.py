"""What stands before every request: who may ask, how much, and what browsers are told.

A page of another site may neither read from this server (no CORS unless asked for) nor reach it
under a name of its own (DNS rebinding: the header ``Host`` must name this machine).
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kg.records import dataclass

# Nothing from elsewhere, nothing inline, no form that leads elsewhere, no frame around it.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
HEADERS: Final[Mapping[str, str]] = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
# Bytes of an address.
LONGEST_ADDRESS: Final = 2**16 - 2**10
# Bytes of a request's body, and seconds that a client has to send it.
LARGEST_BODY: Final = 2**20
BODY_SECONDS: Final = 20.0
# What a page of another site that may read here needs.
_METHODS: Final = "GET, HEAD, POST, OPTIONS"


@dataclass(frozen=True, slots=True)
class Doors:
    """Who may ask.

    Attributes:
        hosts: Names by which the server may be called, in small letters.
        origins: Origins whose pages may read; ``*`` for all.
    """

    hosts: Collection[str] = frozenset({"localhost", "127.0.0.1", "[::1]"})
    origins: Collection[str] = frozenset()

    def knows(self, host: str) -> bool:
        """Return whether a header ``Host`` names this server.

        >>> Doors().knows("localhost:8000"), Doors().knows("evil.example")
        (True, False)
        """
        return _name_of(host) in self.hosts

    def lets_read(self, origin: str) -> bool:
        """Return whether pages of an origin may read."""
        return "*" in self.origins or origin in self.origins


def _too_long(scope: Scope) -> Response | None:
    size = len(scope.get("raw_path") or b"") + len(scope["query_string"])
    if size <= LONGEST_ADDRESS:
        return None
    told = f"an address may have {LONGEST_ADDRESS:,} bytes; send a long query by POST\n"
    return PlainTextResponse(told, status_code=414)


def _name_of(host: str) -> str:
    """Return a host without its port."""
    name, colon, port = host.strip().lower().rpartition(":")
    if not colon or not port.isdecimal() or (name.startswith("[") and not name.endswith("]")):
        name = host.strip().lower()
    return name.removesuffix(".")


def host_names(host: str) -> frozenset[str]:
    """Return the names of a server that listens on an address.

    >>> sorted(host_names("127.0.0.1"))
    ['127.0.0.1', '[::1]', 'localhost']
    """
    usual = {"localhost", "127.0.0.1", "[::1]"}
    try:
        is_ipv6 = ipaddress.ip_address(host).version == 6
    except ValueError:
        is_ipv6 = False
    return frozenset({*usual, f"[{host.lower()}]" if is_ipv6 else host.lower()})


def doors_of(host: str, names: Iterable[str] | None, origins: Iterable[str] | None) -> Doors:
    """Return who may ask a server that listens on an address.

    Args:
        host: The address.
        names: Other names by which it may be called.
        origins: Origins whose pages may read.
    """
    others = frozenset(each.lower() for each in names or ())
    return Doors(host_names(host) | others, frozenset(origins or ()))


def _after(body: bytes, receive: Receive) -> Receive:
    """Return what gives a body that has been read, and then what comes after it."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def received() -> Message:
        return waiting.pop() if waiting else await receive()

    return received


class Guard:
    """Turns away what may not ask or sends too much, and adds headers of safety to all responses.

    The application gets a request when its body is whole.

    Args:
        app: What answers the rest.
        doors: Who may ask.
        body_seconds: That a client has to send a body.
    """

    def __init__(self, app: ASGIApp, doors: Doors, body_seconds: float = BODY_SECONDS) -> None:
        self._app = app
        self._doors = doors
        self._seconds = body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin", "")
        refused = _too_long(scope) or self._refused(headers, origin)
        open_to = origin if origin and self._doors.lets_read(origin) else ""

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(MutableHeaders(scope=message), open_to)
            await send(message)

        if refused is not None:
            await refused(scope, receive, sent)
        elif scope["method"] == "OPTIONS":
            allowed = {"allow": _METHODS}
            if open_to:
                asked = headers.get("access-control-request-headers", "")
                allowed |= {"access-control-allow-methods": _METHODS}
                allowed |= {"access-control-allow-headers": asked} if asked else {}
            await Response(status_code=204, headers=allowed)(scope, receive, sent)
        else:
            body = await self._body(receive)
            if isinstance(body, Response):
                await body(scope, receive, sent)
            else:
                await self._app(scope, _after(body, receive), sent)

    async def _body(self, receive: Receive) -> bytes | Response:
        """Return the body of a request, or what is told of one that is not whole.

        Spec: https://www.rfc-editor.org/rfc/rfc9110#name-408-request-timeout
        """
        pieces, size, is_whole = [], 0, False
        try:
            async with asyncio.timeout(self._seconds):
                while not is_whole:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return PlainTextResponse("the request breaks off\n", status_code=400)
                    pieces.append(message.get("body", b""))
                    size += len(pieces[-1])
                    if size > LARGEST_BODY:
                        told = f"a request may have {LARGEST_BODY:,} bytes, and this one has more\n"
                        return PlainTextResponse(told, status_code=413)
                    is_whole = not message.get("more_body", False)
        except TimeoutError:
            told = f"the request did not come within {self._seconds:g} s\n"
            return PlainTextResponse(told, status_code=408)
        return b"".join(pieces)

    def _refused(self, headers: Headers, origin: str) -> Response | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._doors.knows(hosts[0]):
            named = ", ".join(hosts) or "nothing"
            return PlainTextResponse(
                f"this server is not called {named[:200]}; start it with --allow-host NAME to let"
                " it be\n",
                status_code=421,
            )
        own = origin.partition("://")[2] == hosts[0]
        if origin and not own and not self._doors.lets_read(origin):
            return PlainTextResponse(
                f"pages of {origin[:200]} may not ask this server; start it with --cors ORIGIN to"
                " let them\n",
                status_code=403,
            )
        return None

    @staticmethod
    def _add(headers: MutableHeaders, origin: str) -> None:
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        headers.setdefault(
            "cross-origin-resource-policy", "cross-origin" if origin else "same-origin"
        )
        if origin:
            headers["access-control-allow-origin"] = origin
            headers.add_vary_header("Origin")
