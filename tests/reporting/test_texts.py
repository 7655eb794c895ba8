import numpy as np
import pytest

from shapeseg.reporting.texts import LINE, Label, apart, cut, width_of, wrapped


def test_a_text_that_fits_stays_and_of_one_that_does_not_the_middle_goes():
    text = "holiday-in-brittany-000123.jpg"
    assert cut(text, 100, 8) == text
    room = width_of(text, 8) / 2
    short = cut(text, room, 8)
    assert width_of(short, 8) <= room
    start, end = short.split("…")
    assert len(start) > 3
    assert len(end) > 3
    assert text.startswith(start)
    assert text.endswith(end)


def test_a_long_heading_is_broken_between_words_and_a_word_without_room_is_cut():
    text = "1 of 1 images, those with the most wrong pixels first"
    room = width_of("1 of 1 images,", 11) + 0.01
    lines = wrapped(text, room, 11).split("\n")
    assert " ".join(lines) == text
    assert len(lines) > 2
    assert max(width_of(line, 11) for line in lines) <= room
    assert wrapped(text, 100, 11) == text
    assert "…" in wrapped("incomprehensibilities", 0.4, 11)


def test_widths_grow_with_text_and_size_and_take_any_character():
    assert 0 == width_of("", 8) < width_of("a", 8) < width_of("aa", 8) < width_of("aa", 9)
    assert width_of("$a_b$", 8) > width_of("a_b", 8)
    assert width_of("\udcff", 8) > width_of("a", 8)


def boxes(labels, point, size):
    for label in labels:
        lines = label.text.split("\n")
        half_width = 36 * point * max(width_of(line, size) for line in lines)
        yield label.x - half_width, label.x + half_width, label.y, LINE * size * point * len(lines) / 2


def test_labels_are_moved_apart_as_little_as_need_be():
    wished = [Label(50, 50, "1"), Label(52, 51, "2\n20%"), Label(150, 60, "3"), Label(1, 1, "4")]
    placed = apart(wished, 200, 120, 1.5, 6)
    assert placed[0] == wished[0]
    assert placed[2] == wished[2]
    assert placed[1] != wished[1]
    assert np.hypot(placed[1].x - 52, placed[1].y - 51) < 40
    for left, right, middle, half in boxes(placed, 1.5, 6):
        assert left >= 0
        assert right <= 200
        assert middle - half >= -1
    for place, (left, right, middle, half) in enumerate(boxes(placed, 1.5, 6)):
        for other_left, other_right, other, other_half in list(boxes(placed, 1.5, 6))[:place]:
            assert right <= other_left or left >= other_right or abs(middle - other) >= half + other_half - 1


@pytest.mark.parametrize("count", [1, 60])
def test_a_label_without_room_is_left_out(count):
    placed = apart([Label(20, 20, "12")] * count, 40, 40, 1.5, 6)
    assert 0 < sum(label is not None for label in placed) < 20 or count == 1
    assert placed[0] == Label(20, 20, "12")
