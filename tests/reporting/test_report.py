import base64
import re
import zlib
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
from report_example import HISTORY, example_images, explorer_data, unknown_metrics

from shapeseg.reporting.page.explorer import LEVELS
from shapeseg.reporting.pixels import ambiguous_pixels
from shapeseg.reporting.report import write_report
from shapeseg.reporting.style import INVENTED, MISSED, RIGHT, SCALE, UNKNOWABLE

HOSTILE = "</title></script><script>alert('1')</script><img src=x onerror=\"alert(2)\">&amp;<!--"
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
CONTROLS = ("button", "select", "input")


def test_names_that_are_no_utf_8_are_shown_in_letters(report, metrics, images):
    named = [replace(images[0], image_id="\udcff", regenerate="preview data\udcff"), *images[1:]]
    _, tree = report(metrics | {"dataset": "data\udcff", "model": "<\udcff>/model.keras"}, named, title="rep\udcff")
    assert tree.all("title")[0].text == "rep\\udcff"
    shown = [fact.text for fact in tree.all("dd")]
    assert {"data\\udcff", "<\\udcff>/model.keras"} <= set(shown)
    assert explorer_data(tree)["images"][0]["id"] == "\udcff"


def heading_level(element):
    return int(element.name[1])


def reports(metrics, images):
    """What a report may be made of, from everything to nothing."""
    bare = [replace(image, exact=None, wrong_decidable=None, instances=[], iou=None) for image in images[:1]]
    return [(metrics, images, HISTORY), (unknown_metrics(), bare, None), (unknown_metrics(), [], None)]


@pytest.mark.parametrize("which", [0, 1, 2], ids=["everything", "without recipes", "without images"])
def test_the_page_is_whole_and_its_parts_are_named(report, metrics, images, which):
    given, shown, history = reports(metrics, images)[which]
    _, tree = report(given, shown, history=history)
    assert tree.all("html")[0].attributes["lang"] == "en"
    assert [len(tree.all(name)) for name in ("header", "nav", "main", "footer", "h1", "title")] == [1] * 6
    levels = [heading_level(heading) for heading in tree.all("h1", "h2", "h3", "h4")]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    ids = [element.attributes["id"] for element in tree.all() if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    labels = {label.attributes.get("for") for label in tree.all("label")}
    for control in tree.all(*CONTROLS):
        named = control.text.strip() if control.name == "button" else control.attributes.get("id") in labels
        assert named or control.parent.name == "label"
    for element in tree.all():
        for key in ("aria-labelledby", "for", "form"):
            assert element.attributes.get(key) in {None, *ids}
        assert element.attributes.get("href", "#main")[1:] in ids
    for picture in tree.all("svg"):
        assert picture.attributes.get("aria-hidden") == "true" or picture.attributes["aria-label"]
    for table in tree.all("table"):
        assert table.all("caption")[0].text
        columns = {len(row.all("th", "td")) for row in table.all("tr")}
        assert len(columns) == 1


def test_nothing_comes_from_elsewhere(report, metrics, images):
    text, tree = report(metrics, images, history=HISTORY)
    assert not re.search(r"https?:|url\(|@import|//[a-z]+\.", text.lower())
    policy = next(meta for meta in tree.all("meta") if meta.attributes.get("http-equiv") == "Content-Security-Policy")
    assert policy.attributes["content"].startswith(POLICY)
    assert not [element for element in tree.all() if {"src", "srcset", "data", "action"} & set(element.attributes)]
    assert not tree.all("link", "iframe", "object", "img", "base")


def test_hostile_words_stay_words(report, metrics, images):
    bad = replace(images[0], image_id=HOSTILE, split=HOSTILE, regenerate=HOSTILE)
    bad = replace(bad, instances=[row | {"occluder_kind": HOSTILE} for row in bad.instances])
    words = dict.fromkeys(("model", "dataset", "split", "target", "backend", "command"), HOSTILE)
    given = metrics | words | {"versions": {HOSTILE: HOSTILE}, "undefined": {HOSTILE: 1}, "wrong_pixels": {HOSTILE: 1}}
    given |= {"by_occlusion": {HOSTILE: metrics["by_occlusion"]["0"]}, "effects": {HOSTILE: {HOSTILE: 0.5}}}
    _, tree = report(given, [bad, *images[1:]], title=HOSTILE)
    assert tree.all("title")[0].text == tree.all("h1")[0].text == HOSTILE
    assert len(tree.all("script")) == 2
    assert not tree.all("img")
    assert not [name for element in tree.all() for name in element.attributes if name.startswith("on")]
    assert explorer_data(tree)["images"][0]["id"] == HOSTILE
    assert HOSTILE in {option.attributes["value"] for option in tree.all("option")}


def test_every_image_comes_back_exactly(report, metrics, images):
    given = [*images, replace(images[0], exact=None, wrong_decidable=None)]
    data = explorer_data(report(metrics, given)[1])
    bits = data["bits"]
    for image, tile in zip(given, data["images"], strict=True):
        picture = np.frombuffer(base64.b64decode(tile["png"]), np.uint8)
        assert np.array_equal(cv2.imdecode(picture, cv2.IMREAD_COLOR_RGB), image.image)
        planes = np.frombuffer(zlib.decompress(base64.b64decode(tile["labels"])), np.uint8).reshape(-1, *image.truth.shape)
        labels = planes[0]
        assert (tile["width"], tile["height"]) == (48, 40)
        assert np.array_equal(labels & bits["truth"] != 0, image.truth)
        assert np.array_equal(labels & bits["predicted"] != 0, image.predicted)
        assert np.abs(labels // bits["belief"] / LEVELS - image.belief).max() <= 0.5 / LEVELS + 1e-6
        assert tile["ambiguity"] == (image.exact is not None) == (len(planes) == 2)
        ambiguous = np.zeros_like(image.truth) if image.exact is None else ambiguous_pixels(image.exact)
        assert np.array_equal(labels & bits["ambiguous"] != 0, ambiguous)
        if image.exact is not None:
            exact = np.nan_to_num(image.exact)[ambiguous]  # beyond the search
            assert np.abs(planes[1][ambiguous] / LEVELS - exact).max(initial=0) <= 0.5 / LEVELS + 1e-6
        assert [row["visible_area"] for row in tile["instances"]] == [row["visible_area"] for row in image.instances]
        assert (tile["iou"], tile["wrong"], tile["regenerate"]) == (image.iou, image.wrong_pixels, image.regenerate)
        assert tile["decidable"] == image.wrong_decidable
    assert any(ambiguous_pixels(image.exact).any() for image in images)


def test_calibration_of_all_pixels_stands_in_where_nothing_is_known_of_ambiguity(report, metrics):
    measured = metrics["calibration"]["decidable"]
    _, tree = report(metrics | {"calibration": {"all": measured, "decidable": None, "ambiguous": None}, "ambiguous": None}, [])
    (section,) = [section for section in tree.all("section") if section.attributes["id"] == "calibration"]
    assert f"All pixels: expected error {measured['expected_error']:.4f}" in section.text


def test_honesty_is_measured_against_exact_probabilities(report, metrics):
    def shown(found):
        _, tree = report(metrics | {"ambiguous": found}, [])
        (section,) = [section for section in tree.all("section") if section.attributes["id"] == "calibration"]
        tables = {table.all("caption")[0].text: table for table in section.all("table")}
        rows = {
            name: [[cell.text for cell in row.all("th", "td")] for row in table.all("tr")[1:]]
            for name, table in tables.items()
        }
        return section.text, rows

    found = metrics["ambiguous"]
    text, rows = shown(found)
    scores = [f"{found[name]:.3f}" for name in ("log_loss", "log_loss_floor", "calibration_error", "mean_absolute_difference")]
    title = f"Model and exact probabilities, of {found['pixels']} ambiguous pixels of known probability"
    assert [row[1] for row in rows[title.replace("3900", "3\u202f900")]] == scores
    assert f"Ambiguous pixels: expected error {found['calibration_error']:.4f}" in text
    exact, drawn = (
        ["undefined" if each["frequency"] is None else f"{each['frequency']:.3f}" for each in bins]
        for bins in (found["bins"], metrics["calibration"]["ambiguous"]["bins"])
    )
    assert [row[3] for row in rows["Calibration, ambiguous pixels"]] == exact != drawn
    none = dict.fromkeys(found) | {"pixels": 0, "bins": []}
    text, rows = shown(none)
    title = "Model and exact probabilities, of 0 ambiguous pixels of known probability"
    assert {row[1] for row in rows[title]} == {"undefined: no pixel is ambiguous"}


def test_of_the_amodal_target_the_page_says_why_it_has_nothing_of_ambiguity(report, metrics):
    calibration = metrics["calibration"] | {"decidable": None, "ambiguous": None}
    unknown = {"iou_decidable": None, "iou_ceiling": None, "ambiguous": None, "calibration": calibration}
    _, tree = report(metrics | {"target": "amodal"} | unknown, [])
    assert "which pixels no image decides; that is known only for visible rectangles." in tree.all("main")[0].text


def test_the_findings_are_said_in_sentences(report, metrics):
    bins = metrics["by_occlusion"]
    bins |= {"0": bins["0"] | {"recall": 0.991}, "(0.75, 1)": bins["0"] | {"recall": 0.5, "recall_interval": [0.4, 0.6]}}
    given = metrics | {"images": 1234, "iou": 0.9, "iou_interval": [0.89, 0.91], "iou_ceiling": 0.95, "by_occlusion": bins}
    given |= {"iou_decidable": 0.97}
    _, tree = report(given | {"wrong_pixels": {"ambiguous": 30, "elsewhere": 10, "outer border": None}}, [])
    sentences = [item.text.replace("\u202f", "").replace("\u00a0", " ") for item in tree.all("header")[0].all("li")][4:]
    assert sentences[0] == "On 1234 images the model reaches a rectangle IoU of 0.900 (95 % interval 0.890 to 0.910)."
    assert sentences[1].startswith("On a large set of such images the best possible guess can expect 0.950 and no more: ")
    assert sentences[1].endswith("On the pixels that can be known, the model reaches 0.970.")
    assert sentences[2] == (
        "Of 11 rectangles that nothing hides it finds 99.1 % of the pixels; of 11 with an occlusion rate in (0.75, 1), 50.0 %."
    )
    assert sentences[3] == "Of 40 wrong pixels 75 % lie where the image cannot tell which shape is in front."


def test_a_bin_of_few_rectangles_makes_no_headline(report, metrics):
    bins = {name: cell | {"n": 10, "recall": 0.75} for name, cell in metrics["by_occlusion"].items()}
    bins |= {"(0.75, 1)": bins["0"] | {"n": 9, "recall": 1.0}, "hidden": bins["0"] | {"recall": None}}
    _, tree = report(metrics | {"iou_interval": None, "by_occlusion": bins}, [])
    text = tree.all("header")[0].text.replace("\u00a0", " ")
    assert "; of 10 with an occlusion rate in (0.5, 0.75], 75.0 %." in text
    assert f"(few, n = {metrics['images']})." in text


def test_tables_hold_the_numbers(report, metrics):
    few = metrics["breakdown"][0] | {"n": 2, "recall_interval": None}
    bins = metrics["by_occlusion"] | {"0": metrics["by_occlusion"]["0"] | {"recall_interval": None, "iou_interval": None}}
    metrics = metrics | {"breakdown": [*metrics["breakdown"], few], "by_occlusion": bins}
    _, tree = report(metrics, [])
    tables = {table.all("caption")[0].text: table for table in tree.all("table")}
    chart = next(svg for svg in tree.all("svg") if svg.attributes.get("aria-label", "").startswith("Recall and IoU"))
    words = [text.text for text in chart.all("text")]
    assert words[words.index("few,") + 1] == f"n = {bins['0']['n']}"
    assert words.count("few,") == 1
    rows = [[cell.text for cell in row.all("th", "td")] for row in tables["By occlusion rate"].all("tr")[1:]]
    for (name, cell), row in zip(metrics["by_occlusion"].items(), rows, strict=True):
        if cell["recall"] is None:
            recall = "undefined "
        elif cell["recall_interval"] is None:
            recall = f"{cell['recall']:.3f} few"
        else:
            recall = "{:.3f} {:.3f} to {:.3f}".format(cell["recall"], *cell["recall_interval"])
        assert row[:4] == [name, str(cell["n"]), str(cell["images"]), recall]
    rows = [[cell.text for cell in row.all("th", "td")] for row in tables["Rectangles by what hides them"].all("tr")[1:]]
    for cell, row in zip(metrics["breakdown"], rows, strict=True):
        assert row[:4] == [cell["occlusion"], cell["occluder_kind"], cell["occluder_color"], cell["pieces"]]
        assert row[4] == str(cell["n"])
    assert row[4:7] == ["2", str(few["images"]), f"{few['recall']:.3f} few"]
    assert len(tables["Calibration, ambiguous pixels"].all("tr")) == 11


def test_numbers_of_numpy_are_numbers(report, images):
    counted = replace(
        images[0], wrong_pixels=np.int64(7), instances=[{"visible_area": np.int32(5), "ignored": np.bool_(True)}]
    )
    tile = explorer_data(report(unknown_metrics(), [counted])[1])["images"][0]
    assert (tile["wrong"], tile["instances"][0]["visible_area"], tile["instances"][0]["ignored"]) == (7, 5, True)


def test_undefined_images_are_counted(report, metrics):
    given = metrics | {"undefined": {"IoU per image": 4}}
    assert "left out and counted: IoU per image (4)." in report(given, [])[1].all("main")[0].text


def test_options_show_what_they_changed(report, metrics):
    nothing = dict.fromkeys(("iou", "dice", "precision", "recall"))
    given = metrics | {
        "options": {"tta": True, "min_component": 0},
        "effects": {"plain": nothing | {"iou": 0.9}, "tta": nothing},
    }
    _, tree = report(given, [])
    table = next(table for table in tree.all("table") if table.all("caption")[0].text == "What the options changed")
    assert [[cell.text for cell in row.all("th", "td")] for row in table.all("tr")] == [
        ["option", "iou", "dice", "precision", "recall"], ["plain", "0.9", *["unknown"] * 3], ["tta", *["unknown"] * 4]
    ]  # fmt: skip


def test_colours_are_those_of_the_pictures(report, metrics, images):
    text, tree = report(metrics, images)
    data = explorer_data(tree)
    named = {"right": RIGHT, "missed": MISSED, "invented": INVENTED, "unknowable": UNKNOWABLE}
    assert data["colors"].items() >= {name: list(color) for name, color in named.items()}.items()
    assert all(f"--{name}:rgb{color};" in text for name, color in named.items())
    assert (data["scale"][0], data["scale"][-1], len(data["scale"])) == (list(SCALE[0]), list(SCALE[-1]), LEVELS + 1)


def luminance(color):
    """Relative luminance of ``#rrggbb``, as WCAG 2 defines it."""
    channels = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_stand_out_from_the_paper(report, scheme):
    style = report(unknown_metrics(), [])[1].all("style")[0].text
    named = [dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block)) for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)]
    colors = named[0] if scheme == "light" else named[0] | named[1]
    assert len(named) == 2
    for back in ("paper", "panel"):
        for front in ("ink", "quiet", "accent", "absent", "first", "second", "third"):
            one, other = sorted((luminance(colors[front]), luminance(colors[back])))
            assert (other + 0.05) / (one + 0.05) >= 4.5, (front, back)


def test_sixty_tiles_are_small(tmp_path):
    images = example_images(12) * 5
    write_report(tmp_path / "report.html", unknown_metrics(), images, title="size")
    assert (tmp_path / "report.html").stat().st_size < 1_000_000
