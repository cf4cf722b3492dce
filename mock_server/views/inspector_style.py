"""The style of the inspector's page, on top of the one that every page has."""

STYLE = """
:root { --good: #00695c; --bad: #b3261e; --fault: #8a5300; --hover: rgba(128, 128, 128, 0.1); }
main { max-width: 72rem; }
h3 { font-size: 1rem; margin: 0; }
dl { display: flex; flex-wrap: wrap; gap: 0.7rem 3rem; margin: 1rem 0 0; }
dt { font-size: 0.8rem; font-weight: 600; color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
header { border-bottom: 1px solid var(--line); padding-bottom: 1.2rem; }
header .quiet { margin: 0.3rem 0 0; }
summary { cursor: pointer; }
.note { border: 1px solid var(--line); border-radius: 8px; padding: 1rem 1.2rem; margin: 1rem 0; }
.note p { margin: 0.4rem 0; }
.note h2 { margin: 0; }

.clients { border-bottom: 1px solid var(--line); padding: 0.8rem 0; }
.clients h2 { display: inline; margin: 0; }
.count { font-size: 0.85rem; font-weight: 600; background: var(--panel); border-radius: 1rem; padding: 0.1rem 0.6rem; }
.scroll { overflow-x: auto; margin: 0.8rem 0 0; }
table { border-collapse: collapse; font-size: 0.9rem; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.35rem 1.2rem 0.35rem 0; border-bottom: 1px solid var(--line); font-weight: 400; }
thead th { font-size: 0.8rem; font-weight: 600; color: var(--quiet); white-space: nowrap; }
tbody th { white-space: nowrap; }
#more-clients:empty, #older:empty { display: none; }

.bar { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.4rem 1.2rem; margin: 1.2rem 0 0.6rem; }
.bar h2, .bar p { margin: 0; }
#live { flex: 1 1 12rem; }
.filter, .switch { font-size: 0.9rem; white-space: nowrap; }
input[type="search"] { font: inherit; width: 12rem; padding: 0.25rem 0.6rem; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: 6px; }
input[type="checkbox"] { accent-color: var(--accent); vertical-align: -0.1em; }
.command { display: flex; gap: 0.6rem; align-items: stretch; }
.command span { display: inline-block; }
.command pre { flex: 1 1 auto; margin: 0.4rem 0; }
button { font: inherit; font-size: 0.9rem; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: 6px; padding: 0.2rem 0.9rem; margin: 0.4rem 0; cursor: pointer; }
button:hover { background: var(--hover); }

ol { list-style: none; margin: 0; padding: 0; }
#exchanges li { margin: 0; border-top: 1px solid var(--line); }
#exchanges li:last-child { border-bottom: 1px solid var(--line); }
#exchanges summary, .columns { display: grid; grid-template-columns: 3.2rem minmax(0, 5fr) minmax(0, 3fr) minmax(0, 5fr); column-gap: 1rem; align-items: baseline; }
.columns { font-size: 0.8rem; font-weight: 600; color: var(--quiet); padding: 0 0.6rem 0.3rem 1.5rem; }
.columns[hidden] { display: none; }
#exchanges summary { list-style: none; position: relative; padding: 0.5rem 0.6rem 0.5rem 1.5rem; }
#exchanges summary::-webkit-details-marker { display: none; }
#exchanges summary::before { content: "▸"; position: absolute; left: 0.4rem; top: 0.5rem; color: var(--quiet); }
#exchanges details[open] > summary::before { content: "▾"; }
#exchanges summary:hover { background: var(--hover); }
.number { color: var(--quiet); font-variant-numeric: tabular-nums; }
.request, .client { overflow-wrap: anywhere; }
.request b { font-size: 0.85rem; }
.client { color: var(--quiet); font-size: 0.9rem; }
.status { font-weight: 600; margin-right: 0.8rem; }
.good { color: var(--good); }
.bad { color: var(--bad); }
.lost { color: var(--quiet); }
.fault { display: inline-block; font-size: 0.8rem; color: var(--fault); border: 1px solid; border-radius: 1rem; padding: 0 0.6rem; }
.details { padding: 0.2rem 0.6rem 1rem 1.5rem; }
.details p { margin: 0.3rem 0; overflow-wrap: anywhere; }
.details:empty::after { content: "…"; }
.meaning { font-size: 1.05rem; }
.details .wire { max-width: none; }

@media (max-width: 44rem) {
  main { padding: 1rem 0.9rem 3rem; }
  .clients table, .clients tbody, .clients tr, .clients th, .clients td { display: block; }
  .clients thead { display: none; }
  .clients tr { border-bottom: 1px solid var(--line); padding: 0.5rem 0; }
  .clients th, .clients td { border: 0; padding: 0.1rem 0; white-space: normal; }
  .clients td::before { content: attr(data-name) ": "; color: var(--quiet); }
  .columns { display: none; }
  #exchanges summary { grid-template-columns: auto minmax(0, 1fr) auto; column-gap: 0.7rem; }
  .answer { grid-column: 2 / -1; }
  .client { justify-self: end; text-align: right; }
  .details { padding-left: 0.6rem; }
  .wire .line { grid-template-columns: minmax(0, 1fr); padding: 3px 0; }
  .wire small { padding-left: 1rem; }
  .filter { flex: 1 1 auto; display: flex; gap: 0.5rem; align-items: baseline; }
  .filter input { flex: 1 1 6rem; min-width: 0; }
  .command { display: block; }
}
@media (prefers-reduced-motion: no-preference) {
  .new { animation: arrive 2s ease-out; }
  @keyframes arrive { from { background: rgba(22, 103, 192, 0.18); } }
}
@media (prefers-color-scheme: dark) {
  :root { --good: #5fc9bd; --bad: #ff9b93; --fault: #f0b45a; }
}
"""
