"""The texts that a figure really draws, and where: is one clipped, or does one cover another?"""

from itertools import combinations
from unittest.mock import patch

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text


def drawn_texts(figure):
    """Returns each text that is drawn with its box in pixels, as ``(text, left, bottom, right, top)``."""
    canvas = FigureCanvasAgg(figure)
    drawn = []
    draw = Text.draw

    def record(self, renderer, *arguments, **options):
        if self.get_visible() and self.get_text().strip():
            drawn.append(self)
        return draw(self, renderer, *arguments, **options)

    canvas.draw()  # once before, so that the layout is done
    with patch.object(Text, "draw", record):
        canvas.draw()
    boxes = {id(text): text.get_window_extent(canvas.get_renderer()) for text in drawn}
    texts = {id(text): text.get_text() for text in drawn}
    return [(texts[key], box.x0, box.y0, box.x1, box.y1) for key, box in boxes.items()]


def check_texts(figure):
    """Fails where a text of a figure is clipped at its edge, or two cover each other by more than a pixel."""
    texts = drawn_texts(figure)
    width, height = figure.canvas.get_width_height()
    for text, left, bottom, right, top in texts:
        assert left >= -1, text
        assert bottom >= -1, text
        assert right <= width + 1, text
        assert top <= height + 1, text
    for one, other in combinations(texts, 2):
        across = min(one[3], other[3]) - max(one[1], other[1])
        down = min(one[4], other[4]) - max(one[2], other[2])
        assert across <= 1 or down <= 1, (one[0], other[0])
    return texts
