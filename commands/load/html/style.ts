/** The look of the page, in light and dark. Every colour of text has 4.5:1 against what it stands on, every line 3:1. */
export const STYLE = `
:root { color-scheme: light dark;
  --page: #ffffff; --card: #f6f8fa; --text: #1b1f24; --dim: #505862; --edge: #d0d7de; --link: #0550ae;
  --good: #116329; --bad: #a40e26; --warn: #7d4e00; --band: #e7ebef; --mark: #c11f36; --grid: #dfe3e8;
  --s1: #0a5dc2; --s2: #b04a00; --s3: #8b2fc9; --s4: #5c6670; --s5: #0b7a4b; }
@media (prefers-color-scheme: dark) { :root {
  --page: #0d1117; --card: #161b22; --text: #e6edf3; --dim: #a3adb8; --edge: #343b44; --link: #79b8ff;
  --good: #56d364; --bad: #ff8e86; --warn: #e3b341; --band: #1f262e; --mark: #ff7b72; --grid: #262d36;
  --s1: #6cb6ff; --s2: #f69d50; --s3: #d2a8ff; --s4: #9aa4af; --s5: #57d08c; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.25rem 1rem 3rem; max-width: 96rem; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .75rem; }
h2 { font-size: 1.35rem; line-height: 1.25; margin: 0 0 .5rem; }
h3 { font-size: 1.1rem; margin: 1.75rem 0 .5rem; }
h4 { font-size: 1rem; margin: 0; }
a { color: var(--link); }
p { margin: .25rem 0; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.run { border-top: 1px solid var(--edge); padding-top: 1.5rem; margin-top: 2rem; }
h1:only-child { margin-bottom: 0; } .alone .run { border-top: 0; padding-top: 0; margin-top: .5rem; }
.verdict { font-weight: 650; font-size: 1.1rem; }
.passed, .ok { color: var(--good); } .failed, .invalid { color: var(--bad); } .stopped, .unknown { color: var(--warn); }
.reasons { margin: .25rem 0; padding-left: 1.25rem; }
.keys { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .6rem; margin: 1rem 0; }
.keys div { background: var(--card); border: 1px solid var(--edge); border-radius: 6px; padding: .5rem .75rem; }
.keys dt { color: var(--dim); font-size: .85rem; }
.keys dd { margin: 0; font-size: 1.25rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 0 2.5rem; }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .15rem 1rem; margin: 0; }
.facts dt { color: var(--dim); } .facts dd { margin: 0; }
.scroll { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
th, td { padding: .25rem .75rem; text-align: right; border-bottom: 1px solid var(--edge); white-space: nowrap; }
thead th { color: var(--dim); font-weight: 600; }
th:first-child { text-align: left; padding-left: 0; position: sticky; left: 0; background: var(--page); } tbody th { font-weight: 400; }
.texts th, .texts td { text-align: left; white-space: normal; vertical-align: top; }
.texts th:first-child { white-space: nowrap; }
.note { color: var(--dim); font-size: .9rem; max-width: 70ch; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 34rem), 1fr)); gap: 1rem; }
.chart { margin: 0; padding: .75rem; border: 1px solid var(--edge); border-radius: 6px; min-width: 0; }
.chart figcaption p { color: var(--dim); font-size: .85rem; }
.legend { display: flex; flex-wrap: wrap; gap: .1rem 1rem; list-style: none; padding: 0; margin: .4rem 0; font-size: .85rem; }
.legend li { display: flex; align-items: center; gap: .4rem; }
.key { width: 28px; height: 12px; flex: none; }
.frame { display: grid; grid-template-columns: 4.2rem minmax(0, 1fr); gap: 0 .4rem; }
.ys { width: 100%; height: 200px; margin-top: 18px; overflow: visible; }
.plot { position: relative; min-width: 0; border-radius: 2px; }
.strip { display: block; width: 100%; height: 18px; } .xs { display: block; width: 100%; height: 20px; }
.lines { display: block; width: 100%; height: 200px; overflow: visible; }
svg text { fill: var(--dim); font-size: 12px; }
svg text.fault { fill: var(--mark); font-weight: 600; }
path { fill: none; vector-effect: non-scaling-stroke; }
.grid { stroke: var(--grid); } .band { fill: var(--band); } .mark { stroke: var(--mark); stroke-dasharray: 3 3; stroke-width: 1.5; }
.cross { stroke: var(--text); vector-effect: non-scaling-stroke; opacity: .6; }
.swatch { width: 12px; height: 12px; flex: none; background: var(--band); border: 1px solid var(--dim); }
.line, .key path { stroke-width: 1.75; stroke-linejoin: round; stroke-linecap: round; }
.s1 { stroke: var(--s1); } .s2 { stroke: var(--s2); } .s3 { stroke: var(--s3); stroke-dasharray: 2 3; }
.s4 { stroke: var(--s4); stroke-dasharray: 7 4; } .s5 { stroke: var(--s5); stroke-dasharray: 9 3 2 3; }
.s6 { stroke: var(--s2); stroke-dasharray: 5 4; } .s7 { stroke: var(--s1); stroke-dasharray: 5 4; }
.tip { position: absolute; top: 22px; left: 0; z-index: 1; pointer-events: none; padding: .35rem .6rem; width: max-content; max-width: 100%;
  background: var(--page); color: var(--text); border: 1px solid var(--edge); border-radius: 4px; font-size: .8rem;
  font-variant-numeric: tabular-nums; box-shadow: 0 2px 8px rgb(0 0 0 / .25); }
.tip[hidden] { display: none; }
.tip strong { display: block; } .tip span { display: flex; align-items: center; gap: .4rem; }
.tip b { white-space: nowrap; margin-left: auto; padding-left: .75rem; font-weight: 600; }
details { margin-top: .4rem; font-size: .85rem; } summary { cursor: pointer; color: var(--link); }
details .scroll { max-height: 20rem; overflow: auto; margin-top: .4rem; }
@media (max-width: 40rem) { th:first-child { white-space: normal; min-width: 6.5rem; } .texts th:first-child { min-width: 0; } th, td { padding: .25rem .5rem; } }
@media print { details { display: none; } .chart { break-inside: avoid; } }
`;
