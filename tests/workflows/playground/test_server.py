"""The server on real sockets: who may come in, what is refused, and that it lives on."""

import asyncio
import http.client
import json
import socket
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playground_frames import MODEL, FindsRed, taken_apart
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from shapeseg.errors import BusyError, StorageError
from shapeseg.inference.opened_model import OpenedModel
from shapeseg.scenes import Instance, Scene
from shapeseg.workflows.playground.answer import answer
from shapeseg.workflows.playground.answering import Playground
from shapeseg.workflows.playground.question import MAX_MESSAGE
from shapeseg.workflows.playground.samples import drawn_samples
from shapeseg.workflows.playground.server import serving
from shapeseg.workflows.playground.starts import STARTS

RECIPE = STARTS["One colour"].to_dict()


@pytest.fixture(scope="module")
def playground():
    return Playground(MODEL, drawn_samples(0))


@pytest.fixture(scope="module")
def address(playground):
    with serving(playground) as address:
        yield address


def token_of(address):
    return parse_qs(urlsplit(address).query)["token"][0]


def get(address, path, **headers):
    """Returns status, headers and text of an answer."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    content = response.read().decode()
    connection.close()
    return response.status, dict(response.getheaders()), content


async def socket_to(address):
    """Opens a socket as the page does."""
    parts = urlsplit(address)
    request = HTTPRequest(f"ws://{parts.netloc}/answers?{parts.query}", headers={"Origin": f"http://{parts.netloc}"})
    return await websocket_connect(request, compression_options={})


def talk(address, *messages):
    """Sends messages one after another, and returns what came for each: the last frame, or a refusal."""

    async def answers():
        connection, found = await socket_to(address), []
        for message in messages:
            await connection.write_message(message if isinstance(message, str | bytes) else json.dumps(message))
            while True:
                content = await asyncio.wait_for(connection.read_message(), 60)
                found.append(json.loads(content) if isinstance(content, str) else taken_apart(content))
                if isinstance(content, str) or found[-1].head["search"] != "searching":
                    break
                found.pop()
        connection.close()
        return found

    return asyncio.run(answers())


def test_the_page_is_one_document_that_may_load_nothing(address):
    status, headers, content = get(address, f"/?token={token_of(address)}")
    assert status == 200
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert f"connect-src ws://{urlsplit(address).netloc};" in policy
    assert "unsafe" not in policy
    nonce = policy.partition("'nonce-")[2].partition("'")[0]
    assert content.count(f'nonce="{nonce}"') == 2
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert token_of(address) not in content
    assert get(address, f"/?token={token_of(address)}")[1]["Content-Security-Policy"] != policy


@pytest.mark.parametrize("path", ["/", "/answers"])
@pytest.mark.parametrize("query", ["", "?token=", "?token=wrong", "?token=%C3%BC", "?token=x&token="])
def test_without_the_token_nobody_comes_in(path, query, address):
    status, _, content = get(address, path + query)
    assert status == 403
    assert content == "The token is missing or old; take the address that the command printed.\n"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "127.0.0.2", "0.0.0.0", "[::1]"]
)
@pytest.mark.parametrize("path", ["/", "/answers"])
def test_by_another_name_nobody_comes_in(host, path, address):
    status, _, content = get(address, f"{path}?token={token_of(address)}", Host=host)
    assert (status, content) == (403, "This server is for its own machine.\n")


def test_localhost_is_a_name_of_this_machine(address):
    host = f"localhost:{urlsplit(address).port}"
    status, headers, _ = get(address, f"/?token={token_of(address)}", Host=host)
    assert status == 200
    assert f"connect-src ws://{host};" in headers["Content-Security-Policy"]


UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "YSBrZXkgb2YgMTYgYg==",
}


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "https://127.0.0.1", "http://127.0.0.1:1", "file://"])
def test_pages_of_other_servers_may_not_ask(origin, address):
    headers = UPGRADE if origin is None else UPGRADE | {"Origin": origin}
    status, _, content = get(address, f"/answers?token={token_of(address)}", **headers)
    assert (status, content) == (403, "The page does not belong to this server.\n")


def test_other_paths_and_ways_lead_nowhere(address):
    assert get(address, "/static/../../etc/passwd")[0] == 404
    assert get(address, f"/favicon.ico?token={token_of(address)}")[0] == 404
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(address).port, timeout=20)
    connection.request("POST", f"/?token={token_of(address)}", body=b"x" * 100)
    assert connection.getresponse().status == 405
    connection.close()


def test_it_listens_on_this_machine_alone(address):
    port = urlsplit(address).port
    with pytest.raises(OSError, match=r"refused|unreachable|denied"):
        socket.create_connection(("127.0.0.2", port), timeout=5)


def test_an_answer_is_what_python_says(address):
    (frame,) = talk(address, {"sequence": 5, "scene": RECIPE})
    found = answer(STARTS["One colour"], MODEL)
    assert (frame.head["sequence"], frame.head["search"], frame.head["sample"]) == (5, "done", "no")
    assert frame.head["numbers"] == found.numbers
    assert np.array_equal(frame.labels, found.labels)
    assert np.array_equal(frame.exact, found.exact.astype(np.float32))


def test_frames_are_sent_deflated(address):
    headers = UPGRADE | {"Origin": address.partition("/?")[0], "Sec-WebSocket-Extensions": "permessage-deflate"}
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    connection.request("GET", f"/answers?{parts.query}", headers=headers)
    response = connection.getresponse()
    assert response.status == 101
    assert response.headers["Sec-WebSocket-Extensions"].startswith("permessage-deflate")
    connection.close()


def test_samples_and_twins_are_told_apart(address):
    asked = ({"place": 5}, {"place": 5, "change": "reverse"}, {"place": 7, "change": "remove"}, {"place": 5, "scene": RECIPE})
    assert [frame.head["sample"] for frame in talk(address, *asked)] == ["yes", "yes", "same", "no"]


def test_what_is_refused_is_told_in_a_line_and_the_next_question_is_answered(address):
    hostile = {**RECIPE, "instances": 300 * RECIPE["instances"]}
    good = {"sequence": 3, "scene": RECIPE}
    refusals = (
        "no json",
        {"sequence": 2, "scene": {**hostile, "instances": hostile["instances"][:300]}},
        "x" * (MAX_MESSAGE + 1),
    )
    for message in refusals:
        refused, frame = talk(address, message, good)
        assert set(refused) == {"sequence", "refused"}
        assert "Received: " in refused["refused"]
        assert "\n" not in refused["refused"]
        assert frame.head["sequence"] == 3
    assert talk(address, refusals[1])[0]["sequence"] == 2


def test_a_message_without_end_closes_its_connection_and_no_other(address):
    async def send():
        one, other = await socket_to(address), await socket_to(address)
        await one.write_message("x" * 2**21)
        assert await asyncio.wait_for(one.read_message(), 20) is None
        assert one.close_code == 1009
        one.close()
        await other.write_message(json.dumps({"scene": RECIPE}))
        assert taken_apart(await asyncio.wait_for(other.read_message(), 20)).head["search"] == "done"
        other.close()

    asyncio.run(send())


def test_of_many_questions_the_newest_is_answered_last_and_most_are_passed_over(address):
    async def send():
        connection = await socket_to(address)
        for number in range(200):
            await connection.write_message(json.dumps({"sequence": number, "place": 5}))
        seen = []
        while not seen or seen[-1] != 199:
            seen.append(taken_apart(await asyncio.wait_for(connection.read_message(), 60)).head["sequence"])
        connection.close()
        return seen

    seen = asyncio.run(send())
    assert seen == sorted(seen)
    assert len(seen) < 200


# A search of many seconds: many places in many orders.
CASCADE = [(("rectangle", "ellipse")[k % 2], (4 * k, 3 * k, 40 + k, 36 + k)) for k in range(8)]
SLOW = Scene(160, 160, (255, 255, 255), tuple(Instance(kind, box, (255, 0, 0)) for kind, box in CASCADE))


def test_a_long_search_is_left_for_a_newer_question_and_the_first_frame_says_so(address):
    async def send():
        connection = await socket_to(address)
        await connection.write_message(json.dumps({"sequence": 1, "scene": SLOW.to_dict()}))
        first = taken_apart(await asyncio.wait_for(connection.read_message(), 60))
        await connection.write_message(json.dumps({"sequence": 2, "scene": RECIPE}))
        second = taken_apart(await asyncio.wait_for(connection.read_message(), 60))
        connection.close()
        return first, second

    first, second = asyncio.run(send())
    assert (first.head["sequence"], first.head["search"]) == (1, "searching")
    assert first.head["numbers"]["unknown_pixels"] > 0
    assert second.head["sequence"] == 2


class Breaks(FindsRed):
    """Fails on images that are not square."""

    def predict_on_batch(self, images):
        if images.shape[1] != images.shape[2]:
            raise ZeroDivisionError("not square")
        return super().predict_on_batch(images)


def test_a_model_that_breaks_is_told_and_the_server_lives_on(capsys):
    with serving(Playground(OpenedModel(Breaks(), stride=1), drawn_samples(0))) as address:
        oblong = {"width": 40, "height": 20, "background": [255, 255, 255], "instances": []}
        refused, frame = talk(address, {"sequence": 1, "scene": oblong}, {"sequence": 2, "scene": RECIPE})
    assert refused == {"sequence": 1, "refused": "a bug of shapeseg (ZeroDivisionError: not square)"}
    assert frame.head["sequence"] == 2
    assert "not square" in capsys.readouterr().err


def test_when_it_ends_open_pages_are_told_and_the_port_is_free(playground):
    async def wait(address, end):
        connection = await socket_to(address)
        await connection.write_message(json.dumps({"sequence": 1, "scene": SLOW.to_dict()}))
        await asyncio.wait_for(connection.read_message(), 60)
        await asyncio.get_running_loop().run_in_executor(None, end)
        while await asyncio.wait_for(connection.read_message(), 60) is not None:
            pass
        connection.close()
        return connection.close_code

    serve = serving(playground)
    address = serve.__enter__()
    assert asyncio.run(wait(address, lambda: serve.__exit__(None, None, None))) == 1001
    with serving(playground, urlsplit(address).port) as again:
        assert urlsplit(again).port == urlsplit(address).port
        assert token_of(again) != token_of(address)


def test_a_port_that_is_taken_is_told(address, playground):
    port = urlsplit(address).port
    with pytest.raises(BusyError, match=f"port={port}"), serving(playground, port):
        pass


def test_a_port_that_may_not_be_taken_is_told(playground, monkeypatch):
    def refuse(*_arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("shapeseg.workflows.playground.server.create_server", refuse)  # root may take any
    with pytest.raises(StorageError, match=r"Permission denied\)\. Received: port=80"), serving(playground, 80):
        pass
