/** The looks of every page that the command makes, light and dark. */
export const pageStyle = `
:root { color-scheme: light dark; --ink: #1d232b; --soft: #5d6773; --line: #dde1e6; --paper: #ffffff; --panel: #f6f7f9; --hi: #eef4ff;
  --s0: #2563c9; --s1: #d9480f; --s2: #1f8f4e; --s3: #9c36b5; --s4: #b8860b; --s5: #0c8599; --s6: #c2255c; --s7: #6b7280; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --soft: #98a3b1; --line: #313945; --paper: #12161c; --panel: #1a2028; --hi: #1b2940;
  --s0: #74a7ff; --s1: #ff9259; --s2: #5fd08a; --s3: #d98bf0; --s4: #e8bf4a; --s5: #4fd0e3; --s6: #ff7aa8; --s7: #a3acb9; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; }
header, main { max-width: 1120px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 36px; }
h1 { font-size: 25px; line-height: 1.25; margin: 0 0 8px; }
h2 { font-size: 18px; margin: 36px 0 10px; }
h3 { font-size: 14px; margin: 0 0 6px; font-weight: 600; }
h3 small { font-weight: 400; color: var(--soft); }
p { margin: 0 0 12px; max-width: 90ch; }
header p, section > p, .note { color: var(--soft); }
.note { font-size: 13px; margin-top: 8px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 7px 14px 7px 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
thead th { font-size: 13px; font-weight: 500; color: var(--soft); }
tbody th { font-weight: 500; padding-left: 8px; }
thead th:first-child { padding-left: 8px; }
.n { text-align: right; }
tr.chosen { background: var(--hi); }
tr.chosen > :first-child { box-shadow: inset 3px 0 0 var(--s0); }
.mark { font-size: 11px; font-weight: 600; color: var(--s0); border: 1px solid currentColor; border-radius: 9px; padding: 0 7px; margin-left: 8px; }
.dot { display: inline-block; width: 10px; height: 10px; border-radius: 50%; background: var(--c); margin: 0 8px 0 4px; }
.bar { display: block; position: relative; width: 150px; height: 12px; }
.bar b { position: absolute; inset: 1px auto 1px 0; border-radius: 2px; background: var(--c); opacity: 0.75; min-width: 1px; }
.bar i { position: absolute; top: 5px; height: 2px; background: var(--ink); }
.bar i::before, .bar i::after { content: ""; position: absolute; top: -3px; width: 2px; height: 8px; background: var(--ink); }
.bar i::before { left: 0; } .bar i::after { right: 0; }
table.confusion { width: auto; font-size: 13px; }
.confusion th, .confusion td { border: 0; padding: 0; height: 28px; min-width: 38px; text-align: center; }
.confusion td.right, .confusion td.wrong, .confusion td.none { border: 1px solid var(--paper); }
.confusion td.right { background: color-mix(in srgb, var(--s0) calc(12% + 30% * var(--h)), var(--panel)); }
.confusion td.wrong { background: color-mix(in srgb, var(--s1) calc(8% + 62% * var(--h)), var(--panel)); }
.confusion td.none { color: var(--line); background: var(--panel); }
.confusion .sum { padding-left: 12px; text-align: right; color: var(--soft); }
.confusion .axis { height: 20px; }
.confusion tbody th, .confusion .corner { position: sticky; left: 0; background: var(--paper); padding: 0 8px 0 4px; text-align: right; z-index: 1; }
.confusion.small { font-size: 10px; }
.confusion.small thead th { font-size: 10px; }
.confusion.small th, .confusion.small td { height: 19px; min-width: 18px; }
.confusion.small .sum { padding-left: 6px; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(460px, 100%), 1fr)); gap: 20px; }
figure { margin: 0; }
.charts figure { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 14px 14px 6px; min-width: 0; }
.charts figcaption { font-weight: 600; font-size: 14px; margin-bottom: 4px; }
.u-legend { font-size: 12.5px; color: var(--ink); width: auto; }
.u-legend th, .u-legend td { border: 0; padding: 1px 2px; color: var(--ink); }
.u-legend .u-series { margin-right: 10px; }
.u-legend .u-series:first-child { color: var(--soft); }
.u-legend .u-marker { border-radius: 50%; }
.row { margin-bottom: 18px; }
.units, .mistakes { display: flex; flex-wrap: wrap; gap: 5px; }
.units img, .mistakes img { image-rendering: pixelated; border-radius: 3px; display: block; box-shadow: 0 0 0 1px var(--line); }
.mistakes figure { text-align: center; }
.mistakes figcaption { font-size: 12px; color: var(--soft); line-height: 1.5; }
.mistakes b { color: var(--s1); }
.plot { display: block; width: min(100%, 440px); height: auto; font-size: 12px; }
.plot text { fill: var(--soft); }
.parallel { display: block; width: 100%; min-width: 700px; height: auto; font-size: 11.5px; }
.parallel polyline { fill: none; stroke: var(--s0); stroke-width: 1.6; opacity: var(--o, 1); }
.parallel polyline:hover { stroke: var(--s1); stroke-width: 3; opacity: 1; }
.parallel .front { stroke: var(--s1); stroke-width: 1.5; }
.parallel circle { fill: var(--s0); fill-opacity: 0.55; }
.parallel circle.best { fill: var(--s1); fill-opacity: 1; }
.parallel .axes line { stroke: var(--soft); }
.parallel .axes text { fill: var(--soft); paint-order: stroke; stroke: var(--paper); stroke-width: 3px; }
.parallel .axes .name { fill: var(--ink); font-weight: 600; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 14px; overflow-x: auto; font-size: 13px; }
code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
td code { white-space: pre; font-size: 12.5px; }
summary { cursor: pointer; color: var(--soft); margin: 10px 0; }
section:last-child { margin-bottom: 60px; }
`;
