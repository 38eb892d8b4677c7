/**
 * Shows the numbers below the pointer, and with the arrow keys. The page is whole without it. It gets its texts from
 * the attributes of the drawings, and puts them in as text alone.
 */
export const SCRIPT = `
'use strict';
for (const plot of document.querySelectorAll('.plot')) {
  const drawing = plot.querySelector('.lines');
  const figure = plot.closest('figure');
  const xs = drawing.dataset.x.split(' ').map(Number);
  const rows = drawing.dataset.rows.split(';').map((row) => row.split('|'));
  const names = [...figure.querySelectorAll('.legend li[data-series]')];
  const last = xs.length - 1;
  const NS = 'http://www.w3.org/2000/svg';
  const cross = document.createElementNS(NS, 'line');
  cross.setAttribute('class', 'cross');
  cross.setAttribute('y1', '0');
  cross.setAttribute('y2', '200');
  const tip = document.createElement('div');
  tip.className = 'tip';
  tip.hidden = true;
  plot.append(tip);
  let at = last;

  const add = (parent, tag, text) => {
    const element = document.createElement(tag);
    element.textContent = text;
    parent.append(element);
    return element;
  };
  const show = (index) => {
    at = Math.max(0, Math.min(last, index));
    const [head, ...values] = rows[at];
    cross.setAttribute('x1', xs[at]);
    cross.setAttribute('x2', xs[at]);
    drawing.append(cross);
    tip.replaceChildren();
    add(tip, 'strong', head);
    values.forEach((value, series) => {
      const line = add(tip, 'span', '');
      line.append(names[series].querySelector('svg').cloneNode(true), names[series].textContent);
      add(line, 'b', value);
    });
    tip.hidden = false;
    const width = plot.clientWidth;
    const x = (xs[at] / 1000) * width;
    const left = x + 12 + tip.offsetWidth <= width ? x + 12 : x - 12 - tip.offsetWidth;
    tip.style.left = Math.max(0, Math.min(left, width - tip.offsetWidth)) + 'px';
    plot.setAttribute('aria-valuenow', at);
    plot.setAttribute('aria-valuetext', head + ': ' + values.map((value, series) => names[series].textContent + ' ' + value).join(', '));
  };
  const hide = () => {
    tip.hidden = true;
    cross.remove();
  };
  const nearest = (x) => {
    let [low, high] = [0, last];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (xs[middle] < x) low = middle;
      else high = middle;
    }
    return x - xs[low] < xs[high] - x ? low : high;
  };

  plot.tabIndex = 0;
  plot.setAttribute('role', 'slider');
  plot.setAttribute('aria-labelledby', drawing.getAttribute('aria-labelledby'));
  plot.setAttribute('aria-describedby', drawing.getAttribute('aria-describedby'));
  plot.setAttribute('aria-valuemin', 0);
  plot.setAttribute('aria-valuemax', last);
  plot.setAttribute('aria-valuenow', last);
  plot.setAttribute('aria-valuetext', rows[last][0]);
  const point = (event) => {
    const { left, width } = drawing.getBoundingClientRect();
    show(nearest(((event.clientX - left) / width) * 1000));
  };
  plot.addEventListener('pointermove', point);
  plot.addEventListener('pointerdown', point);
  plot.addEventListener('pointerleave', () => {
    if (document.activeElement !== plot) hide();
  });
  plot.addEventListener('focus', () => show(at));
  plot.addEventListener('blur', hide);
  plot.addEventListener('keydown', (event) => {
    const page = Math.max(1, Math.round(xs.length / 10));
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -page, PageUp: page, Home: -Infinity, End: Infinity };
    if (event.key === 'Escape') return hide();
    const step = steps[event.key];
    if (step === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    show(at + step);
  });
}
`;
