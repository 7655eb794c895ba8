"""The server of the playground: one page and one socket, on 127.0.0.1 alone; nothing is written."""

from __future__ import annotations

import asyncio
import errno
import json
import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from socket import create_server, socket

from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.web import Application, HTTPError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from shapeseg.errors import BusyError, ShapesegError, StorageError, is_out_of_memory
from shapeseg.terminal import say
from shapeseg.workflows.playground.answering import Playground
from shapeseg.workflows.playground.guard import ADDRESS, Guarded, Nothing, is_own_origin
from shapeseg.workflows.playground.page import page, policy
from shapeseg.workflows.playground.question import Question, parse_question

_MOST_BYTES = 2**20  # of a message, before the connection is closed; a question of more than MAX_MESSAGE is refused in a line
_Running = tuple[asyncio.AbstractEventLoop, asyncio.Event]


class Page(Guarded):
    """The page itself, whole: it loads nothing more."""

    def get(self) -> None:
        """Sends the page."""
        nonce = secrets.token_urlsafe(16)
        self.set_header("Content-Security-Policy", policy(nonce, self.request.host))
        self.finish(page(self.settings["playground"], nonce))


class Connection(Guarded, WebSocketHandler):
    """One open page. Questions come in as text; answers go out as frames, refusals as text. The newest question wins."""

    newest: str | bytes | None = None
    answering = False
    left = False

    def prepare(self) -> None:
        """Refuses strangers, and pages of other servers, too."""
        super().prepare()
        if not is_own_origin(self.request.headers.get("Origin"), self.request.host):
            raise HTTPError(403, reason="The page does not belong to this server")

    def check_origin(self, origin: str) -> bool:
        """Whether the page is of this server."""
        return is_own_origin(origin, self.request.host)

    def get_compression_options(self) -> dict[str, int]:
        """Deflates frames, at the least effort: of 205 kB (224 x 224) in 0.3 ms it makes 6."""
        return {"compression_level": 1}

    def open(self) -> None:
        """Counts as open."""
        self.settings["opened"].add(self)

    def on_close(self) -> None:
        """Ends the work for a page that has left."""
        self.left = True
        self.settings["opened"].discard(self)

    def on_message(self, message: str | bytes) -> None:
        """Keeps a question, in place of one that waits, and sees to it that it is answered."""
        self.newest = message
        if not self.answering:
            self.answering = True
            IOLoop.current().spawn_callback(self._answer_all)

    async def _answer_all(self) -> None:
        try:
            while self.newest is not None and not self.left:
                message, self.newest = self.newest, None
                await self._answer(message)
        except WebSocketClosedError:
            self.left = True
        finally:
            self.answering = False

    async def _answer(self, message: str | bytes) -> None:
        question = None
        try:
            question = parse_question(message)
            frames = self.settings["playground"].frames(question, lambda: self.left or self.newest is not None)
            while frame := await IOLoop.current().run_in_executor(self.settings["pool"], next, frames, None):
                await self.write_message(frame, binary=True)
        except WebSocketClosedError:
            raise
        except ShapesegError as error:
            await self._refuse(question, str(error))
        except Exception as error:  # whatever a model or a scene does: the server lives on
            line = "out of memory" if is_out_of_memory(error) else f"a bug of shapeseg ({type(error).__name__}: {error})"
            say("error", line)
            await self._refuse(question, line)

    async def _refuse(self, question: Question | None, line: str) -> None:
        await self.write_message(json.dumps({"sequence": question.sequence if question else None, "refused": line}))


@contextmanager
def serving(playground: Playground, port: int = 0) -> Iterator[str]:
    """Serves a playground while the block runs, in a thread of its own; yields the address of the page, token included.

    Raises:
        BusyError: If the port is taken.
        StorageError: If it may not be listened on.
    """
    listening, running, opened = _listen(port), Future[_Running](), set[Connection]()
    with ThreadPoolExecutor(1, "playground") as pool:  # one, so that models are asked by one thread at a time
        application = Application(
            [("/", Page), ("/answers", Connection)],
            default_handler_class=Nothing,
            log_function=lambda _handler: None,
            websocket_max_message_size=_MOST_BYTES,
            token=secrets.token_urlsafe(24),
            playground=playground,
            pool=pool,
            opened=opened,
        )
        thread = threading.Thread(target=lambda: asyncio.run(_serve(application, listening, running)), daemon=True)
        thread.start()
        loop, end = running.result()
        try:
            yield f"http://{ADDRESS}:{listening.getsockname()[1]}/?token={application.settings['token']}"
        finally:
            loop.call_soon_threadsafe(end.set)
            thread.join()


async def _serve(application: Application, listening: socket, running: Future[_Running]) -> None:
    server, end = HTTPServer(application, max_body_size=_MOST_BYTES), asyncio.Event()
    server.add_socket(listening)
    running.set_result((asyncio.get_running_loop(), end))
    await end.wait()
    server.stop()
    for each in tuple(application.settings["opened"]):
        each.left = True  # so that no search goes on
        each.close(1001, "the server ends")
    await server.close_all_connections()


def _listen(port: int) -> socket:
    fix = "Use --port 0 for a free one"
    try:
        listening = create_server((ADDRESS, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise BusyError("the port is taken", received=f"port={port}", fix=fix) from error
        raise StorageError(f"the port cannot be listened on ({error.strerror})", received=f"port={port}", fix=fix) from error
    listening.setblocking(False)
    return listening
