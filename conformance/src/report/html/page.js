
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const glyphs = {
    "pass": "✓", "fail": "✗", "warn": "!", "untestable": "⊘", "not-applicable": "–", "not-observed": "?", "waived": "~", "error": "‼",
  };
  // Text only: nothing that an archive said is ever read as markup.
  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children.map((child) => child instanceof Node ? child : String(child)));
    return element;
  };
  const known = (outcome) => Object.hasOwn(glyphs, outcome) ? outcome : "error";

  const runs = document.getElementById("runs");
  data.runs.forEach((run, index) => {
    const box = make("article", { class: "run" }, make("h3", {}, data.labels[index]));
    const facts = [run.run.target, `edition ${run.run.edition}, seed ${run.run.seed}`, run.run.started && `${run.run.started}, harness ${run.run.harness}`,
      run.statement ? `statement ${run.statement.slice(0, 16)}` : "nothing declared: what is offered was observed"];
    for (const fact of facts.filter(Boolean)) box.append(make("p", {}, fact));
    box.append(make("p", {}, Object.entries(run.counts).map(([outcome, count]) => `${count} ${outcome}`).join(", ")));
    const list = make("ul");
    for (const it of run.profiles) {
      const outcome = { pass: "pass", fail: "fail" }[it.verdict] ?? "not-observed";
      list.append(make("li", {}, make("span", { class: `cell ${outcome}` }, `${glyphs[outcome]} ${it.verdict}`), ` ${it.name} ${it.passed}/${it.checks}`));
    }
    box.append(list);
    runs.append(box);
  });

  // One row a check, in the order of the first run that has it.
  const rows = new Map();
  data.runs.forEach((run, index) => run.checks.forEach((check) => {
    if (!rows.has(check.id)) rows.set(check.id, { check, cells: [] });
    rows.get(check.id).cells[index] = check;
  }));
  const groups = [...new Set([...rows.values()].map((row) => row.check.group))];

  const table = document.getElementById("matrix");
  table.tHead.append(make("tr", {}, make("th", { scope: "col" }, "check"), make("th", { scope: "col" }, "level"),
    ...data.labels.map((label) => make("th", { scope: "col" }, label))));
  const drawer = (row) => {
    const { check } = row;
    const cell = make("td", { colspan: 2 + data.runs.length });
    const facts = make("dl");
    const fact = (list, name, text) => { if (text) list.append(make("dt", {}, name), make("dd", {}, text)); };
    fact(facts, "clause", check.clauses.join(", "));
    fact(facts, "why", check.title);
    fact(facts, "sent", check.sent);
    cell.append(facts);
    row.cells.forEach((it, index) => {
      if (!it) return;
      cell.append(make("h4", {}, `${data.labels[index]}: `, make("span", { class: `cell ${known(it.outcome)}` }, it.outcome)));
      const list = make("dl");
      fact(list, "accepted", it.expected.join("; "));
      fact(list, "got", it.actual);
      fact(list, "because of", it.reason);
      fact(list, "waived", it.waiver && `${it.waiver.reason} (${it.waiver.owner})`);
      fact(list, "repeat", it.repeat);
      cell.append(list);
      if (it.evidence?.length) {
        const steps = make("ol", { "aria-label": "what went over the wire" });
        it.evidence.forEach((step, number) => {
          const last = number === it.evidence.length - 1;
          steps.append(make("li", {}, `${step.sent} → `, last ? make("mark", {}, step.got) : step.got));
        });
        cell.append(steps);
      }
    });
    return make("tr", { class: "drawer" }, cell);
  };
  for (const group of groups) {
    const body = make("tbody", { "data-group": group });
    body.append(make("tr", { class: "group" }, make("th", { colspan: 2 + data.runs.length, scope: "rowgroup" }, group)));
    for (const row of rows.values()) {
      if (row.check.group !== group) continue;
      const button = make("button", { type: "button", "aria-expanded": "false" }, make("code", {}, row.check.id), make("small", {}, row.check.title));
      const cells = data.runs.map((_, index) => {
        const outcome = row.cells[index]?.outcome;
        return make("td", { class: `cell ${outcome ? known(outcome) : ""}` }, outcome ? `${glyphs[known(outcome)]} ${outcome}` : "absent");
      });
      row.line = make("tr", {}, make("th", { scope: "row", class: "check" }, button), make("td", {}, row.check.level), ...cells);
      button.addEventListener("click", () => {
        const open = button.getAttribute("aria-expanded") === "true";
        button.setAttribute("aria-expanded", String(!open));
        if (open) { row.drawer.remove(); row.drawer = undefined; } else { row.drawer = drawer(row); row.line.after(row.drawer); }
      });
      body.append(row.line);
    }
    table.append(body);
  }

  const form = document.getElementById("filters");
  const offer = (name, values) => values.forEach((value) => form.elements[name].append(make("option", { value }, value)));
  offer("level", [...new Set([...rows.values()].map((row) => row.check.level))]);
  offer("outcome", [...new Set([...rows.values()].flatMap((row) => row.cells.map((it) => it?.outcome)).filter(Boolean))].sort());
  offer("group", groups);
  const filter = () => {
    const asked = Object.fromEntries(new FormData(form));
    const words = (asked.text ?? "").toLowerCase();
    let shown = 0;
    for (const row of rows.values()) {
      const outcomes = data.runs.map((_, index) => row.cells[index]?.outcome);
      const text = [row.check.id, row.check.title, ...row.check.clauses].join(" ").toLowerCase();
      const fits = (!asked.level || row.check.level === asked.level) && (!asked.group || row.check.group === asked.group) &&
        (!asked.outcome || outcomes.includes(asked.outcome)) && (!asked.differ || new Set(outcomes).size > 1) && text.includes(words);
      row.line.hidden = !fits;
      if (row.drawer) row.drawer.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    for (const body of table.tBodies) body.hidden = ![...body.rows].some((line) => !line.hidden && !line.classList.contains("group"));
    document.getElementById("shown").textContent = `${shown} of ${rows.size} checks`;
    const state = new URLSearchParams(Object.entries(asked).filter(([, value]) => value));
    history.replaceState(null, "", `#${state}`);
  };
  const restore = () => {
    for (const [name, value] of new URLSearchParams(location.hash.slice(1))) {
      const field = form.elements[name];
      if (!field) continue;
      if (field.type === "checkbox") field.checked = value === "on"; else field.value = value;
    }
    filter();
  };
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", restore);
  restore();

  const declared = document.getElementById("declared");
  declared.tHead.append(make("tr", {}, make("th", { scope: "col" }, "capability"), ...data.labels.map((label) => make("th", { scope: "col" }, label))));
  const names = [...new Set(data.runs.flatMap((run) => run.capabilities.map((it) => it.name)))];
  const word = (value) => value === null ? "–" : value ? "yes" : "no";
  for (const name of names) {
    declared.tBodies[0].append(make("tr", {}, make("th", { scope: "row" }, name), ...data.runs.map((run) => {
      const it = run.capabilities.find((one) => one.name === name);
      if (!it) return make("td", {}, "absent");
      const broken = it.declared === true && it.observed === false;
      const extra = it.declared === false && it.observed === true;
      const note = broken ? "✗ declared, not offered" : extra ? "! undeclared" : "";
      const kind = broken ? "fail" : extra ? "warn" : "";
      return make("td", {}, `declared ${word(it.declared)}, observed ${word(it.observed)} `, make("span", { class: `cell ${kind}` }, note), make("small", { class: "quiet" }, ` ${it.source}`));
    })));
  }
  for (const { clause, why } of data.uncovered) document.getElementById("uncovered").append(make("dt", {}, clause), make("dd", {}, why));
})();
