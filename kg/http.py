"""Talks HTTP to a remote store: authentication, retries, and failures as kg's errors.

It uses the standard library, which follows the environment's proxies and needs no package.
Passwords come from the environment or netrc, never from the command line, where other users of
the machine can read them.
"""

from __future__ import annotations

import base64
import netrc
import os
import re
import socket
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import field
from email.message import Message
from email.utils import parsedate_to_datetime
from http.client import HTTPException, InvalidURL
from pathlib import Path
from typing import IO, Final

from kg.errors import InputError, Location, UsageError, WorldError
from kg.records import dataclass

# Statuses of transient failures.
_TRANSIENT: Final = frozenset({408, 425, 429, 502, 503, 504})
_LONGEST_WAIT: Final = 30.0  # seconds
_EXCERPT: Final = 300  # characters of a store's message to show
_HINTS: Final[Mapping[int, str]] = {
    400: "The store rejects the request; its message says why.",
    401: "Set KG_USER and KG_PASSWORD, or KG_TOKEN, or add the host to your netrc file.",
    403: "The login does not allow this. Check the user's rights in the store.",
    404: "Check the URL: `kg help stores` lists the URLs of stores.",
    405: "Check the URL: `kg help stores` lists the URLs of stores.",
    413: "Use a smaller --chunk.",
    507: "Make room on the store's disk, then run the same command again.",
}


@dataclass(frozen=True, slots=True)
class Credentials:
    """A login for a store. Secrets do not appear in its `repr`.

    Attributes:
        user: Name for basic and digest authentication.
        password: The user's password.
        token: A bearer token; it takes precedence.
    """

    user: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)

    @property
    def basic(self) -> str | None:
        """The value of the header ``Authorization``, by token or basic authentication, if any.

        Spec: https://www.rfc-editor.org/rfc/rfc7617, https://www.rfc-editor.org/rfc/rfc6750
        """
        if self.token:
            return f"Bearer {self.token}"
        if self.user is None:
            return None
        pair = f"{self.user}:{self.password or ''}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"


def refuse_login(url: str) -> None:
    """Refuse a URL with a login, even if its password contains /.

    Raises:
        UsageError: There is an @ before any query; the message does not repeat the URL.
    """
    before, at, _ = url.partition("@")
    # An @ after the ? of a URL with a path is part of the query.
    if at and not re.match(r"[A-Za-z]+://[^/?#]+/[^?]*\?", before):
        raise UsageError(
            "password-in-url",
            "the URL contains a login, which other users of this machine could read",
            hint="Set KG_USER and KG_PASSWORD, or add the host to your netrc file. Write %40 for an"
            " @ in the path.",
        )


def web_parts(url: str) -> urllib.parse.SplitResult | None:
    """Return the parts of a URL of http or https, or None if it is not one."""
    try:
        parts = urllib.parse.urlsplit(url)
        usable = parts.port != 0  # reading `port` raises if it is not a number in range
    except ValueError:
        return None
    plain = re.fullmatch(r"[!-~]+", url) is not None
    named = re.fullmatch(r"[^.]+([.][^.]+)*[.]?", parts.hostname or "") is not None
    return parts if parts.scheme in ("http", "https") and named and plain and usable else None


def find_credentials(url: str, environment: Mapping[str, str] = os.environ) -> Credentials:
    """Return the credentials for a URL: ``KG_TOKEN``, ``KG_USER`` and ``KG_PASSWORD``, or netrc.

    The netrc file is the value of ``NETRC``, or ``~/.netrc``.

    Raises:
        InputError: The netrc file cannot be read.
    """
    if environment.get("KG_TOKEN"):
        return Credentials(token=environment["KG_TOKEN"])
    if environment.get("KG_USER"):
        return Credentials(environment["KG_USER"], environment.get("KG_PASSWORD", ""))
    path = Path(environment.get("NETRC") or Path(environment.get("HOME", "~")) / ".netrc")
    host = urllib.parse.urlsplit(url).hostname
    if not host or not path.expanduser().is_file():
        return Credentials()
    try:
        found = netrc.netrc(path.expanduser()).authenticators(host)
    except (netrc.NetrcParseError, OSError, UnicodeDecodeError) as error:
        # The parser's message repeats a word of the file, which may be part of a password.
        place = getattr(error, "lineno", None)
        reason = getattr(error, "strerror", None) or "one of its lines is not valid"
        raise InputError(
            "bad-netrc",
            f"{path} cannot be read: {reason}",
            location=Location(str(path), place) if place else None,
            hint="Its lines look like: machine HOST login NAME password SECRET",
        ) from error
    return Credentials(found[0], found[2]) if found else Credentials()


@dataclass(frozen=True, slots=True)
class Reply:
    """A store's response.

    Attributes:
        status: The HTTP status.
        headers: The headers.
        body: The start of the body, or all of it.
    """

    status: int
    headers: Message
    body: bytes


class Client:
    """Sends requests to one store.

    Args:
        credentials: Sent once the store asks for them, and from then on.
        timeout: Seconds to wait for the network at each step.
        tries: How often to send a request while failures are transient.
        say: Called with a sentence before each wait.
        sleep: Waits; tests replace it.
    """

    def __init__(
        self,
        credentials: Credentials | None = None,
        *,
        timeout: float = 120.0,
        tries: int = 8,
        say: Callable[[str], None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.credentials = credentials or Credentials()
        self.timeout = timeout
        self.tries = tries
        self.retried = 0
        self._say = say
        self._sleep = sleep
        self._challenge: str | None = None
        self._reached = False
        self._opener = urllib.request.build_opener(_NoRedirect)
        manager = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        self._digest = urllib.request.HTTPDigestAuthHandler(manager)
        self._passwords = manager

    def send(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        accepted: frozenset[int] = frozenset(),
    ) -> Reply:
        """Send a request, and repeat it while failures are transient.

        Args:
            method: The HTTP method; repeating the request must be safe.
            url: The URL.
            body: The request body.
            headers: Headers beside those for authentication.
            accepted: Statuses beside 2xx that are returned and not raised.

        Raises:
            WorldError: The store cannot be reached, refuses, or fails for too long.
        """
        for attempt in range(1, self.tries + 1):
            last = attempt == self.tries
            try:
                reply = self._answered(method, url, body, headers or {})
            except (OSError, HTTPException) as error:
                if last or not self._may_pass(error):
                    raise unreachable(url, error, attempt) from error
                self._wait(attempt, _reason(error), None)
                continue
            self._reached = True
            if reply.status < 300 or reply.status in accepted:
                return reply
            if last or reply.status not in _TRANSIENT:
                raise _refused(method, url, reply, attempt)
            self._wait(attempt, f"it answered {reply.status}", reply.headers.get("Retry-After"))
        raise AssertionError("the last attempt returns or raises")

    def _answered(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Reply:
        """Send the request, and again with credentials if the store asks for them."""
        reply = self._once(method, url, body, headers)
        if reply.status != 401:
            return reply
        challenges = reply.headers.get_all("WWW-Authenticate") or []
        fresh = _best_challenge(challenges, self.credentials)
        stale = "stale=true" in (fresh or "").lower().replace(" ", "").replace('"', "")
        if fresh is None or (self._challenge is not None and not stale):
            return reply
        self._challenge = fresh
        return self._once(method, url, body, headers)

    def _once(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
        request = urllib.request.Request(url, data=body, headers=dict(headers), method=method)
        request.add_header("User-Agent", "kg")
        authorization = self._authorization(request)
        if authorization:
            request.add_unredirected_header("Authorization", authorization)
        try:
            with self._opener.open(request, timeout=self.timeout) as response:
                return Reply(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, error.headers, read_some(error))
        except urllib.error.URLError as error:
            raise error.reason if isinstance(error.reason, OSError) else error from None

    def _authorization(self, request: urllib.request.Request) -> str | None:
        shown = self.credentials
        if shown.token:
            return shown.basic
        if shown.user is None or self._challenge is None:
            return None
        scheme, _, rest = self._challenge.partition(" ")
        if scheme.lower() == "basic":
            return shown.basic
        items = filter(None, urllib.request.parse_http_list(rest))
        parts = urllib.request.parse_keqv_list(list(items))
        self._passwords.add_password(None, request.full_url, shown.user, shown.password or "")
        try:
            made = self._digest.get_authorization(request, parts)
        except (ValueError, NotImplementedError, urllib.error.URLError):
            return None
        return f"Digest {made}" if made else None

    def _may_pass(self, error: Exception) -> bool:
        if isinstance(error, ssl.SSLCertVerificationError | socket.gaierror | InvalidURL):
            return False
        if isinstance(error, ssl.SSLError | ConnectionRefusedError):
            # A store that has answered before may be restarting; otherwise the URL is wrong.
            return self._reached
        return isinstance(error, ConnectionError | TimeoutError | HTTPException)

    def _wait(self, attempt: int, reason: str, wanted: str | None) -> None:
        seconds = min(0.5 * 2 ** (attempt - 1), _LONGEST_WAIT)
        if wanted is not None and (asked := _retry_after(wanted)) is not None:
            seconds = min(asked, _LONGEST_WAIT)
        self.retried += 1
        if self._say:
            self._say(f"the store failed ({reason}); trying again in {seconds:g} s")
        self._sleep(seconds)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Does not follow redirects, so that data and passwords go only where the user said."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Return nothing, so that the redirect is an ordinary response."""


def read_some(error: IO[bytes]) -> bytes:
    """Return the start of what a store says of an error; nothing if that cannot be read."""
    try:
        return error.read(4096)
    except (OSError, HTTPException):
        return b""


def _best_challenge(challenges: list[str], credentials: Credentials) -> str | None:
    """Return the challenge to answer: digest before basic; None without credentials."""
    if credentials.user is None or credentials.token:
        return None
    for scheme in ("digest", "basic"):
        for challenge in challenges:
            if challenge.lower().startswith(scheme):
                return challenge
    return None


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.URLError):
        return str(error.reason)
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _retry_after(wanted: str) -> float | None:
    """Return the seconds of a Retry-After header, which may be a number or a date."""
    if wanted.isascii() and wanted.isdigit():
        return float(wanted)
    try:
        moment = parsedate_to_datetime(wanted)
    except ValueError:
        return None
    return max(0.0, round(moment.timestamp() - time.time(), 1))


def _said(error: ssl.SSLError) -> str:
    """Return the message of a TLS error, without lines of OpenSSL's source."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return (error.reason or _reason(error)).lower().replace("_", " ")


def _refused(method: str, url: str, reply: Reply, attempt: int) -> WorldError:
    said = excerpt(reply.headers, reply.body)
    tried = f" ({attempt} times)" if attempt > 1 else ""
    hint = _HINTS.get(reply.status, "See the log of the store.")
    if 300 <= reply.status < 400:
        hint = f"kg does not follow redirects when it writes. Use {reply.headers.get('Location')}"
    body = reply.body.lower()
    if b"no space left" in body or b"disk full" in body:
        hint = _HINTS[507]
    return WorldError(
        "remote-refused", f"{method} {url} was answered {reply.status}{tried}{said}", hint=hint
    )


def excerpt(headers: Message | None, body: bytes) -> str:
    """Return the start of a store's message behind a colon; nothing if it is a page for people."""
    is_page = headers is not None and "html" in headers.get_content_type()
    text = "" if is_page else " ".join(body.decode("utf-8", "replace").split())
    return f": {text[:_EXCERPT]}" if text else ""


def unreachable(url: str, error: Exception, attempt: int = 1) -> WorldError:
    """Return the error for a store that does not answer.

    Args:
        url: Its URL.
        error: What the standard library raised.
        attempt: How often it was tried.
    """
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, Exception):
        error = error.reason
    if isinstance(error, ssl.SSLError):
        hint = (
            "Check the name and the certificate of the store; set SSL_CERT_FILE to the"
            " certificates to trust."
        )
        if error.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST"):
            hint = "The server does not speak TLS. Perhaps it speaks http://, or on another port."
        return WorldError("remote-tls", f"no secure connection to {url}: {_said(error)}", hint=hint)
    tried = f" ({attempt} times)" if attempt > 1 else ""
    return WorldError(
        "remote-unreachable",
        f"{url} cannot be reached{tried}: {_reason(error)}",
        hint="Check the URL, the network, and that the store runs.",
    )
