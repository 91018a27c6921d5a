/** The report's style sheet: light and dark by the reader's setting, readable from 360 pixels on, printable. */
export const reportStyle = `
:root {
  color-scheme: light dark;
  --paper: #fdfdfb; --ink: #16202b; --soft: #5b6875; --faint: #8b96a1; --hair: #e3e7ea; --panel: #f4f6f6;
  --accent: #0057b8; --short: #b3361b; --code: #eef1f2;
  --ramp-a: #d6e8ee; --ramp-b: #0b3c5d; --on-a: #16202b; --on-b: #ffffff;
  --c0: #0057b8; --c1: #d1461f; --c2: #13806b; --c3: #8b3fa8; --c4: #b17300; --c5: #c2266e;
  --c6: #3d7a1f; --c7: #5a6b82; --c8: #7a4b2a; --c9: #0f8ab0; --c10: #857300; --c11: #444444;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #10161c; --ink: #e6ebef; --soft: #a3afba; --faint: #74808b; --hair: #26303a; --panel: #171f27;
    --accent: #6cb2ff; --short: #ff9274; --code: #1b242d;
    --ramp-a: #1d3442; --ramp-b: #9fd8f0; --on-a: #e6ebef; --on-b: #0b1a24;
    --c0: #6cb2ff; --c1: #ff8a5c; --c2: #45d0b2; --c3: #cf95ee; --c4: #f2b544; --c5: #ff7fb2;
    --c6: #96d36a; --c7: #a9b8cc; --c8: #cfa27c; --c9: #5fd0f0; --c10: #dccb4a; --c11: #bbbbbb;
  }
}
.c0 { --own: var(--c0) } .c1 { --own: var(--c1) } .c2 { --own: var(--c2) } .c3 { --own: var(--c3) }
.c4 { --own: var(--c4) } .c5 { --own: var(--c5) } .c6 { --own: var(--c6) } .c7 { --own: var(--c7) }
.c8 { --own: var(--c8) } .c9 { --own: var(--c9) } .c10 { --own: var(--c10) } .c11 { --own: var(--c11) }
* { box-sizing: border-box }
html { -webkit-text-size-adjust: 100% }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 "Iowan Old Style", "Palatino Linotype", Palatino, "Book Antiqua", Georgia, serif;
}
main { max-width: 1140px; margin: 0 auto; padding: 48px 28px 80px }
header { border-bottom: 1px solid var(--ink); padding-bottom: 22px }
.brand { display: flex; gap: 9px; align-items: center; color: var(--soft) }
.brand, figcaption, .legend, table, .tick, .axis-title, .line-label, .model-label, .tiles, .traffic, .difference, summary, h3, nav {
  font-family: "Inter", "Helvetica Neue", "Segoe UI", Roboto, Arial, sans-serif;
}
.brand { font-size: 13px; letter-spacing: .04em }
.brand svg { width: 22px; height: 22px; stroke: var(--accent); fill: none; stroke-width: 2.4 }
h1 { font-size: clamp(28px, 5vw, 42px); line-height: 1.12; margin: 14px 0 8px; font-weight: 600; letter-spacing: -.012em; overflow-wrap: anywhere }
h2 { font-size: 24px; line-height: 1.25; margin: 58px 0 6px; font-weight: 600; letter-spacing: -.006em }
h3 { font-size: 13px; margin: 22px 0 6px; font-weight: 600 }
p { margin: 8px 0; max-width: 72ch }
.facts, .caption { color: var(--soft) }
.caption { font-size: 15px; margin-bottom: 16px }
.finding { font-size: 20px; line-height: 1.45; margin: 22px 0 0; max-width: 62ch }
.finding b { font-weight: 600; color: var(--accent) }
.tiles { display: grid; grid-template-columns: repeat(4, 1fr); gap: 1px; margin: 28px 0 0; background: var(--hair); border: 1px solid var(--hair) }
.tiles div { background: var(--paper); padding: 14px 16px }
.tiles dt { font-size: 12px; color: var(--soft); line-height: 1.35; min-height: 2.7em }
.tiles dd { margin: 4px 0 0; font-size: 26px; font-weight: 600; letter-spacing: -.02em; font-variant-numeric: tabular-nums }
.tiles dd small { font-size: 13px; font-weight: 400; color: var(--soft); letter-spacing: 0 }
.chart { display: block; width: 100%; height: auto; overflow: visible }
.narrow { display: none }
.grid { stroke: var(--hair); stroke-width: 1 }
.axis { stroke: var(--faint) }
.tick { fill: var(--soft); font-size: 11px; font-variant-numeric: tabular-nums }
.axis-title { fill: var(--soft); font-size: 11.5px }
.mixture { fill: none; stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 1 4; stroke-linecap: round }
.clairvoyant { fill: none; stroke: var(--faint); stroke-width: 1.3; stroke-dasharray: 7 4 }
.predictor { fill: none; stroke: var(--own); stroke-width: 1.2; stroke-dasharray: 3 3; opacity: .8 }
.oracle circle { fill: var(--paper); stroke: var(--faint); stroke-width: 1.6 }
.line-label { fill: var(--soft); font-size: 11.5px; font-style: italic }
.model path { stroke: var(--soft); stroke-width: 1.6 }
.model-label { fill: var(--soft); font-size: 10.5px }
.model-label, .line-label { paint-order: stroke; stroke: var(--paper); stroke-width: 3px }
.policy { transition: opacity .15s }
.line { fill: none; stroke: var(--own); stroke-width: 1.5; stroke-linejoin: round }
.first .line { stroke-width: 2.8 }
.policy circle, .policy rect, .policy polygon { fill: var(--own); stroke: var(--paper); stroke-width: 1 }
.dim { opacity: .13 }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 6px 18px; padding: 0; margin: 14px 0 0; font-size: 13px }
.legend li { display: flex; align-items: center; gap: 7px }
.legend button { all: unset; display: flex; align-items: center; gap: 7px; cursor: pointer }
.legend button:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px }
.legend button[aria-pressed=true] { font-weight: 600 }
.legend svg { width: 26px; height: 12px; overflow: visible }
.legend svg circle, .legend svg rect, .legend svg polygon { fill: var(--own) }
.legend svg line { stroke: var(--own); stroke-width: 1.6 }
.multiples { display: grid; grid-template-columns: repeat(auto-fill, minmax(205px, 1fr)); gap: 22px 20px }
figure { margin: 0 }
figcaption { font-size: 13px; font-weight: 600; color: var(--own); margin: 0 0 4px; display: flex; justify-content: space-between; gap: 8px; align-items: baseline; overflow-wrap: anywhere }
figcaption .note { font-weight: 400; font-size: 11px; color: var(--soft); white-space: nowrap; font-variant-numeric: tabular-nums }
.diagonal { stroke: var(--faint); stroke-width: 1; fill: none }
.whisker { stroke: var(--own); stroke-width: 1.6; opacity: .45 }
.met { fill: var(--own); stroke: var(--own); stroke-width: 1.4 }
.missed { fill: var(--paper); stroke: var(--own); stroke-width: 1.6 }
.bin { fill: var(--own); fill-opacity: .28; stroke: var(--own); stroke-width: 1 }
.scroll { overflow-x: auto; -webkit-overflow-scrolling: touch }
table { border-collapse: separate; border-spacing: 0; font-size: 13px; font-variant-numeric: tabular-nums; width: 100% }
th, td { padding: 6px 10px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--hair); font-weight: 400 }
td:first-child { text-align: left }
thead th { color: var(--soft); font-size: 12px; vertical-align: bottom; border-bottom-color: var(--faint) }
thead th { white-space: normal; line-height: 1.25 }
.metrics th:not(:first-child), .metrics td { padding: 6px 7px }
th:first-child { text-align: left; position: sticky; left: 0; background: var(--paper); z-index: 1 }
tbody th { font-weight: 500 }
td small, th small { display: block; font-size: 10.5px; color: var(--faint); font-weight: 400 }
abbr { text-decoration: none; cursor: help }
.best { font-weight: 700; color: var(--accent) }
.best::before { content: "●"; font-size: 7px; vertical-align: 3px; margin-right: 4px }
.none { color: var(--faint) }
.reference th, .reference td { color: var(--soft) }
.meanings { columns: 2; column-gap: 40px; font-size: 13px; color: var(--soft); padding: 0; margin: 6px 0 8px; list-style: none }
.meanings li { break-inside: avoid; padding: 2px 0 }
.meanings b { color: var(--ink); font-weight: 600 }
.divider th { padding-top: 16px; color: var(--faint); font-size: 12px; font-style: italic; position: static }
.divider span { position: sticky; left: 10px }
.chip { display: inline-block; width: 9px; height: 9px; border-radius: 50%; background: var(--own); margin-right: 8px }
.heat td { text-align: center; border: 1px solid var(--paper); min-width: 52px; padding: 8px 4px }
.heat thead th:not(:first-child) { text-align: center; white-space: normal; overflow-wrap: anywhere; min-width: 62px; line-height: 1.25; border: 0 }
.heat .cell { background: color-mix(in oklab, var(--ramp-b) calc(var(--heat) * 1%), var(--ramp-a)); color: var(--on-a) }
.heat .cell.dark { color: var(--on-b) }
.heat .cell.best::before { content: none }
.heat .cell.best { font-weight: 700 }
.heat .cell.best, .heat .cell.takes { position: relative }
.heat .cell.best::after { content: ""; position: absolute; inset: 1px; border: 2px solid currentColor }
.heat .cell.takes::before { content: "◆"; font-size: 9px; position: absolute; left: 6px; top: 3px; margin: 0 }
.traffic-row { display: flex; align-items: center; gap: 10px; margin: 3px 0 }
.floor { width: 52px; text-align: right; font-size: 12px; color: var(--soft); font-variant-numeric: tabular-nums }
.bar { flex: 1; display: flex; height: 24px }
.part { background: color-mix(in oklab, var(--ramp-b) calc(var(--step) * 1%), var(--ramp-a)); color: var(--on-a); font-size: 11px; display: flex; align-items: center; justify-content: center; overflow: hidden; border-right: 1px solid var(--paper) }
.part.dark { color: var(--on-b) }
.swatch { width: 14px; height: 14px; background: color-mix(in oklab, var(--ramp-b) calc(var(--step) * 1%), var(--ramp-a)) }
.difference { display: grid; grid-template-columns: 170px 1fr 190px; align-items: center; gap: 12px; font-size: 13px }
.difference .value { font-variant-numeric: tabular-nums; color: var(--soft); text-align: right; font-size: 12px }
.settled .value { color: var(--ink) }
.track { position: relative; height: 26px; background: linear-gradient(var(--faint), var(--faint)) center/1px 100% no-repeat }
.range { position: absolute; top: 11.5px; height: 3px; background: var(--own); opacity: .45; border-radius: 2px }
.dot { position: absolute; top: 8px; width: 10px; height: 10px; margin-left: -5px; border-radius: 50%; border: 2px solid var(--own); background: var(--paper) }
.settled .dot { background: var(--own) }
details { border-bottom: 1px solid var(--hair); padding: 8px 0 }
summary { cursor: pointer; font-size: 14px; font-weight: 600; padding: 4px 0 }
details .scroll { margin: 6px 0 12px }
.short td:nth-child(3) { color: var(--short); font-weight: 600 }
pre { background: var(--code); padding: 14px 16px; overflow-x: auto; font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; white-space: pre-wrap; overflow-wrap: anywhere }
.method { display: grid; grid-template-columns: 1fr 1fr; gap: 4px 40px }
.method p { font-size: 15px; color: var(--soft) }
.method b { color: var(--ink); font-weight: 600 }
@media (max-width: 720px) {
  main { padding: 26px 16px 60px }
  .wide { display: none }
  .narrow { display: block }
  .tiles { grid-template-columns: 1fr 1fr }
  .finding { font-size: 18px }
  h2 { margin-top: 44px; font-size: 21px }
  .multiples { grid-template-columns: repeat(2, 1fr); gap: 16px 12px }
  .multiples .tick { font-size: 14px }
  .multiples figcaption { flex-direction: column; gap: 0; font-size: 12px }
  .difference { grid-template-columns: 1fr 1fr; gap: 0 8px; padding: 6px 0 }
  .difference .track { grid-column: 1 / -1; grid-row: 2 }
  .method { grid-template-columns: 1fr }
  .meanings { columns: 1 }
  th, td { padding: 6px 8px }
  .floor { width: 44px }
}
@media print {
  main { max-width: none; padding: 0 }
  h2, figure, .difference { break-inside: avoid }
}
`
