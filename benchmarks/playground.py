"""Times the playground: a shape is dragged over another, and the answers that come back are counted.

    python benchmarks/playground.py            # about 2 minutes
    python benchmarks/playground.py --quick    # about half a minute

Over the real server, with the reference model in ONNX Runtime and in Keras: first as a program asks, one question after
another, then, where Chromium and playwright are, as the page does while a pointer drags. The scene is one of the default
settings, 224 x 224, in which shapes of one colour overlap, so that other scenes are searched for.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from typing import Any

import tyro
from measuring import REFERENCE, Contestant, Options, Ratio, fix_threads, publish, race

ONNX, KERAS = "ONNX Runtime", "Keras on torch"
LEAST = {ONNX: 20, KERAS: 10}  # frames a second
CHROMIUM = shutil.which("chromium")
ARGUMENTS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
PACKAGES = ("shapeseg", "keras", "torch", "onnxruntime", "tornado", "playwright")
SAMPLE = 5  # of seed 0: nine shapes; the last, an ellipse, overlaps a rectangle of its colour
STEP = 40  # pixels that the shape is dragged to and fro


def main(argv: Sequence[str] | None = None) -> None:
    """Lets all take turns."""
    options = tyro.cli(Options, args=argv, description=__doc__)
    fix_threads(os.cpu_count() or 1)
    frames = options.images or (40 if options.quick else 200)
    with ExitStack() as stack:
        asked: dict[str, Callable[[range], None]] = {}
        addresses = {name: stack.enter_context(served(model)) for name, model in models().items()}
        for name, address in addresses.items():
            asked[f"{name}, asked by a program"] = stack.enter_context(program(address))
        if CHROMIUM and find_spec("playwright"):
            browser = stack.enter_context(chromium())
            for name, address in addresses.items():
                asked[f"{name}, dragged in Chromium"] = dragged(browser, address)
        else:
            print("Chromium and playwright are not both there, and the page is left out")
        rates = race([Contestant(name, frames, work) for name, work in asked.items()], options.turns)
    ratios = [Ratio(f"{name}: frames a second", name, None, LEAST[name.partition(",")[0]]) for name in asked]
    publish("playground", options, PACKAGES, rates=rates, unit="frames", ratios=ratios)


def models() -> dict[str, Any]:
    """Returns the reference model, opened in each runtime."""
    from dataclasses import replace

    from shapeseg.inference.export import export_contents
    from shapeseg.inference.opened_model import open_model
    from shapeseg.inference.runtimes import open_exported

    opened = open_model(REFERENCE, device="cpu")
    exported = open_exported("onnx", export_contents(opened.predictor, "onnx", stride=opened.stride))
    return {ONNX: replace(opened, predictor=exported, runtime="onnx"), KERAS: opened}


@contextmanager
def served(model: Any) -> Iterator[str]:
    """Serves a playground of a model; yields its address."""
    from shapeseg.workflows.playground.answering import Playground
    from shapeseg.workflows.playground.samples import drawn_samples
    from shapeseg.workflows.playground.server import serving

    with serving(Playground(model, drawn_samples(0))) as address:
        yield address


@contextmanager
def program(address: str) -> Iterator[Callable[[range], None]]:
    """Yields what asks for so many frames, one after another, each of a scene in which a shape is a pixel further."""
    from tornado.httpclient import HTTPRequest
    from tornado.websocket import websocket_connect

    from shapeseg.scenes import SceneSettings, sample_scene

    scene = sample_scene(SceneSettings(), seed=0, index=SAMPLE).to_dict()
    page, _, token = address.partition("?")
    request = HTTPRequest(f"ws{page.removeprefix('http')}answers?{token}", headers={"Origin": page.rstrip("/")})

    async def connect() -> Any:
        return await websocket_connect(request)

    async def ask(connection: Any, numbers: range) -> None:
        for number in numbers:
            await connection.write_message(json.dumps({"sequence": number, "scene": dragged_scene(scene, number)}))
            while sequence_of(await connection.read_message()) != number:
                pass  # the second frame of an earlier question

    with ThreadPoolExecutor(1) as thread:  # playwright has the main one
        runner = thread.submit(asyncio.Runner).result()
        connection = thread.submit(lambda: runner.run(connect())).result()
        yield lambda numbers: thread.submit(lambda: runner.run(ask(connection, numbers))).result()
        thread.submit(runner.close).result()


def dragged_scene(scene: dict[str, Any], number: int) -> dict[str, Any]:
    """Returns a scene whose last shape is to and fro by ``STEP`` pixels."""
    *others, last = scene["instances"]
    x, y, w, h = last["box"]
    away = abs(number % (2 * STEP) - STEP)
    x = min(x + away, scene["width"] - w)
    return {**scene, "instances": [*others, {**last, "box": [x, y, w, h]}]}


def sequence_of(frame: bytes) -> int:
    """Returns the number of the question that a frame answers."""
    length = int.from_bytes(frame[:4], "little")
    return int(json.loads(frame[4 : 4 + length])["sequence"])


@contextmanager
def chromium() -> Iterator[Any]:
    """Yields a browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


# A pointer that is held down moves with every frame of the screen, as a person's does; one that playwright moves waits for it.
DRAG = """([wanted, x, y, scale, step]) => new Promise((done) => {
  const [stage, shapes] = [document.getElementById("stage"), document.getElementById("shapes")];
  let moves = 0;
  const move = () => {
    moves += 1;
    const clientX = x + scale * Math.abs((moves % (2 * step)) - step);
    shapes.dispatchEvent(new PointerEvent("pointermove", { pointerId: 1, clientX, clientY: y, bubbles: true }));
    if (Number(stage.dataset.frames) < wanted) requestAnimationFrame(move);
    else done();
  };
  move();
})"""


def dragged(browser: Any, address: str) -> Callable[[range], None]:
    """Returns what drags the front shape of the page until so many frames were drawn."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(address)
    page.locator("#place").fill(str(SAMPLE))
    page.locator("#place").press("Enter")
    page.get_by_text(f"Sample {SAMPLE}.").wait_for()
    stage = page.locator("#stage")

    def drag(numbers: range) -> None:
        scale = page.locator("#image").evaluate("canvas => canvas.clientWidth / canvas.width")
        box = page.locator("#shapes button").last.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        wanted = int(stage.get_attribute("data-frames")) + len(numbers)
        page.evaluate(DRAG, [wanted, x, y, scale, STEP])
        page.mouse.move(x, y)
        page.mouse.up()

    return drag


if __name__ == "__main__":
    main()
