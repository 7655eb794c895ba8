"""Who may come in: programs of this machine that know the token, and pages of this server alone."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from tornado.web import HTTPError, RequestHandler

ADDRESS = "127.0.0.1"
_NAMES = (ADDRESS, "localhost")  # any other name that leads here is a stranger's, who has made it do so (DNS rebinding)


class _Answering(RequestHandler):
    """What every answer has in common."""

    def set_default_headers(self) -> None:
        """Nothing is cached, framed, sniffed or sent as referrer."""
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("X-Frame-Options", "DENY")
        self.set_header("Cross-Origin-Opener-Policy", "same-origin")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")

    def write_error(self, status_code: int, **_details: object) -> None:
        """Answers with one line."""
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{self._reason}.\n")


class Nothing(_Answering):
    """A path where nothing is."""

    def prepare(self) -> None:
        """There is nothing.

        Raises:
            HTTPError: 404.
        """
        raise HTTPError(404)


class Guarded(_Answering):
    """A request that is answered only if it names this machine, and carries the token of the application's settings."""

    def prepare(self) -> None:
        """Refuses strangers.

        Raises:
            HTTPError: 403, if the Host is not this machine or the token is not the one of this server.
        """
        if self.request.host_name not in _NAMES:
            raise HTTPError(403, reason="This server is for its own machine")
        given = self.get_query_argument("token", "")
        if not hmac.compare_digest(given.encode(), self.settings["token"].encode()):
            raise HTTPError(403, reason="The token is missing or old; take the address that the command printed")


def is_own_origin(origin: str | None, host: str) -> bool:
    """Whether a page came from the server that it now talks to; every browser says where a page is from.

    >>> is_own_origin("http://127.0.0.1:8000", "127.0.0.1:8000"), is_own_origin("http://localhost:9", "127.0.0.1:8000")
    (True, False)
    """
    if origin is None:
        return False
    parts = urlsplit(origin)
    return parts.scheme == "http" and parts.netloc == host
