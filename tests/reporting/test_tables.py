import csv

from shapeseg.reporting.tables import csv_text, table


def test_names_and_values_are_aligned():
    lines = table({"iou": 0.123456, "images": 9, "dice": None, "model": "a/b"}).splitlines()
    assert lines == ["iou     0.1235", "images  9", "dice    -", "model   a/b"]
    assert table({}) == ""


def test_csv_leaves_the_undefined_empty():
    text = csv_text(("name", "iou"), [("a", 0.5), ("b", None), ("c", 0.0)])
    assert text == "name,iou\na,0.5\nb,\nc,0.0\n"
    assert [row["iou"] for row in csv.DictReader(text.splitlines())] == ["0.5", "", "0.0"]


def test_csv_keeps_every_digit():
    value = 0.1 + 0.2
    assert float(csv_text(("x",), [(value,)]).splitlines()[1]) == value


def test_csv_quotes_what_holds_a_comma():
    text = csv_text(("occlusion", "n"), [("(0, 0.25]", 3)])
    assert next(csv.DictReader(text.splitlines())) == {"occlusion": "(0, 0.25]", "n": "3"}
