// What tests run inside of a page. Each function goes there as its text: it may use nothing of what stands around it.

/**
 * The texts of a page whose contrast is below 4.5:1, by the colours that the browser has computed (WCAG 2).
 */
export function faintTexts() {
  const channels = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (colour) => {
    const [red, green, blue] = channels(colour).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const backgroundOf = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (channels(colour)[3] !== 0) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const textOf = (element) =>
    [...element.childNodes]
      .filter(({ nodeType }) => nodeType === Node.TEXT_NODE)
      .map(({ textContent }) => textContent.trim())
      .join('');
  return [...document.body.querySelectorAll(':not(script, style)')]
    .filter((element) => textOf(element) !== '' && element.getClientRects().length > 0)
    .map((element) => {
      const { fill, color } = getComputedStyle(element);
      const colour = element instanceof SVGElement ? fill : color;
      const background = backgroundOf(element);
      const [low, high] = [luminance(colour), luminance(background)].sort((a, b) => a - b);
      return { text: textOf(element), colour, background, ratio: (high + 0.05) / (low + 0.05) };
    })
    .filter(({ ratio }) => ratio < 4.5);
}

/** Opens what can be opened. */
export function openAllDetails() {
  for (const details of document.querySelectorAll('details')) details.open = true;
}

/** What the page looks like as a whole. */
export function pageLook() {
  return {
    width: document.documentElement.scrollWidth,
    background: getComputedStyle(document.body).backgroundColor,
  };
}

/** What each chart is made of. */
export function chartFacts(figures) {
  return figures.map((figure) => {
    const drawing = figure.querySelector('.lines');
    const named = (attribute) => document.getElementById(drawing.getAttribute(attribute))?.textContent ?? '';
    return {
      title: named('aria-labelledby'),
      described: named('aria-describedby').length > 20,
      lines: figure.querySelectorAll('.line').length,
      points: drawing.dataset.x.split(' ').length,
      rows: figure.querySelectorAll('tbody tr').length,
      faults: figure.querySelectorAll('.lines .mark').length,
      bands: figure.querySelectorAll('.lines .band').length,
    };
  });
}
