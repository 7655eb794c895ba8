"""JavaScript that measures how well the texts of a page can be read."""

# The least contrast between a text and what it stands on, over all visible texts, with the text; as WCAG 2 computes it.
LEAST_CONTRAST = """() => {
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = (color) => color.slice(0, 3).map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, place) => sum + value * [0.2126, 0.7152, 0.0722][place], 0);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = parse(getComputedStyle(each).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || element.closest("script, :disabled, option")) continue;
    if (!element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const front = parse(element instanceof SVGElement ? style.fill : style.color);
    const [low, high] = [luminance(front), luminance(behind(element))].sort((one, other) => one - other);
    found.push([(high + 0.05) / (low + 0.05), walker.currentNode.data.trim()]);
  }
  return found.sort((one, other) => one[0] - other[0])[0];
}"""
