"use strict";
// Draws the data of this page and answers clicks, keys and filters. Texts of the data only ever become text nodes.
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const MOST_RESULTS = 40;
  const READABLE = 0.55; // a smaller scale shows the whole, not the words
  const BOW = 36; // arrows within a column reach that far to the right
  const SERVICES = new Set(["service", "code", "external"]);
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const drawing = byId("drawing"), world = byId("world"), panel = byId("panel"), search = byId("search");
  const filters = { system: byId("system"), service: byId("service"), finding: byId("finding") };
  const camera = { x: 0, y: 0, scale: 1 };
  let view = data.views[data.start];
  const checks = new Map(data.findings.map((finding) => [finding.check, finding.name])); // worst first, as they come
  let chosen = -1; // the box shown in the panel
  let shown = new Set(); // the boxes that the filters leave
  let boxes = new Map(); // index -> its element
  let arrows = []; // {arrow, element}

  // --- Elements ---------------------------------------------------------------------------------------------------

  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value === "function") made.addEventListener(name, value);
      else made.setAttribute(name, value);
    }
    made.append(...children.filter((child) => child !== null && child !== ""));
    return made;
  }

  function shape(tag, attributes = {}, text = "") {
    const made = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text) made.textContent = text;
    return made;
  }

  const several = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

  // --- Drawing ----------------------------------------------------------------------------------------------------

  function outline(kind, width, height) {
    const middle = height / 2, slant = 12;
    if (kind === "bus") return `M${slant},0H${width - slant}L${width},${middle}L${width - slant},${height}H${slant}L0,${middle}z`;
    const radius = kind === "topic" || kind === "stream" ? middle : kind === "queue" ? 2 : 7;
    return `M${radius},0H${width - radius}a${radius},${radius} 0 0 1 ${radius},${radius}V${height - radius}` +
      `a${radius},${radius} 0 0 1 ${-radius},${radius}H${radius}a${radius},${radius} 0 0 1 ${-radius},${-radius}` +
      `V${radius}a${radius},${radius} 0 0 1 ${radius},${-radius}z`;
  }

  function worst(numbers) {
    return data.findings[Math.min(...numbers)].severity; // findings come worst first
  }

  function drawBox(index, [left, top, width, height]) {
    const box = data.boxes[index];
    const findings = box.findings.length ? `, ${several(box.findings.length, "finding")}` : "";
    const group = shape("g", {
      class: `box ${box.kind}`, transform: `translate(${left},${top})`, tabindex: "-1", role: "button",
      "aria-label": `${box.caption} ${box.name}${findings}`, "data-box": index,
    });
    group.append(shape("title", {}, `${box.caption} ${box.name}`));
    group.append(shape("path", { class: "shape", d: outline(box.kind, width, height) }));
    if (box.kind === "queue") group.append(shape("path", { class: "ends", d: `M7,0V${height}M${width - 7},0V${height}` }));
    group.append(shape("text", { class: "caption", x: width / 2, y: 15 }, box.caption));
    group.append(shape("text", { x: width / 2, y: 32 }, box.label));
    if (box.findings.length) {
      const badge = shape("g", { class: `badge ${worst(box.findings)}`, transform: `translate(${width - 4},2)` });
      badge.append(shape("circle", { r: 8.5 }), shape("text", { y: 3.6 }, String(box.findings.length)));
      group.append(badge);
    }
    return group;
  }

  function draw() {
    boxes = new Map(Object.entries(view.at).map(([index, at]) => [Number(index), drawBox(Number(index), at)]));
    arrows = view.arrows.map((arrow) => {
      const path = shape("path", { class: `arrow ${arrow.role}`, d: arrow.path });
      if (arrow.labels.length) path.append(shape("title", {}, arrow.labels.join(", ")));
      return { arrow, element: path };
    });
    world.replaceChildren(...arrows.map((item) => item.element), ...boxes.values());
    if (!boxes.has(chosen)) chosen = -1;
    filter();
  }

  // --- Camera -----------------------------------------------------------------------------------------------------

  function look() {
    world.setAttribute("transform", `translate(${camera.x},${camera.y}) scale(${camera.scale})`);
  }

  function fit(indices = shown) {
    const places = [...indices].map((index) => view.at[index]).filter(Boolean);
    const { width, height } = drawing.getBoundingClientRect();
    if (!places.length || !width) return;
    const left = Math.min(...places.map((p) => p[0])), right = Math.max(...places.map((p) => p[0] + p[2])) + BOW;
    const top = Math.min(...places.map((p) => p[1])), bottom = Math.max(...places.map((p) => p[1] + p[3]));
    camera.scale = Math.min(1.25, (width - 48) / (right - left), (height - 48) / (bottom - top));
    camera.x = (width - (left + right) * camera.scale) / 2;
    camera.y = (height - (top + bottom) * camera.scale) / 2;
    look();
  }

  function zoom(factor, x, y) {
    const area = drawing.getBoundingClientRect();
    const scale = Math.min(4, Math.max(0.03, camera.scale * factor));
    const [px, py] = x === undefined ? [area.width / 2, area.height / 2] : [x - area.left, y - area.top];
    camera.x = px - ((px - camera.x) * scale) / camera.scale;
    camera.y = py - ((py - camera.y) * scale) / camera.scale;
    camera.scale = scale;
    look();
  }

  function reveal(index) {
    const [left, top, width, height] = view.at[index];
    const area = drawing.getBoundingClientRect();
    const x = camera.x + left * camera.scale, y = camera.y + top * camera.scale;
    const inside = x >= 0 && y >= 0 && x + width * camera.scale <= area.width && y + height * camera.scale <= area.height;
    if (inside && camera.scale > READABLE) return;
    fit(near(index, 1));
    if (camera.scale > READABLE) return;
    camera.scale = READABLE;
    camera.x = area.width / 2 - (left + width / 2) * camera.scale;
    camera.y = area.height / 2 - (top + height / 2) * camera.scale;
    look();
  }

  // --- Filters and choice -----------------------------------------------------------------------------------------

  function near(start, steps) {
    let reached = new Set([start]);
    for (let step = 0; step < steps; step += 1) {
      const wider = new Set(reached);
      for (const { arrow } of arrows) {
        if (reached.has(arrow.from)) wider.add(arrow.to);
        if (reached.has(arrow.to)) wider.add(arrow.from);
      }
      reached = wider;
    }
    return reached;
  }

  function filter() {
    const system = filters.system.value, service = filters.service.value, check = filters.finding.value;
    const around = service && boxes.has(Number(service)) ? near(Number(service), view === data.views.channels ? 2 : 1) : null;
    const concerned = check && new Set(data.findings.filter((f) => check === "*" || f.check === check).flatMap((f) => f.boxes));
    shown = new Set([...boxes.keys()].filter((index) =>
      (!system || data.boxes[index].systems.includes(system)) &&
      (!around || around.has(index)) && (!concerned || concerned.has(index))));
    for (const [index, group] of boxes) group.toggleAttribute("hidden", !shown.has(index));
    for (const item of arrows) {
      item.element.toggleAttribute("hidden", !shown.has(item.arrow.from) || !shown.has(item.arrow.to));
    }
    byId("empty").hidden = shown.size > 0;
    mark();
    fit();
  }

  function mark() {
    const close = chosen >= 0 ? near(chosen, 1) : null;
    for (const [index, group] of boxes) {
      group.classList.toggle("chosen", index === chosen);
      group.classList.toggle("faint", Boolean(close) && !close.has(index));
      group.setAttribute("tabindex", "-1");
      group.setAttribute("aria-pressed", String(index === chosen));
    }
    for (const { arrow, element: path } of arrows) {
      const touches = arrow.from === chosen || arrow.to === chosen;
      path.classList.toggle("chosen", touches);
      path.classList.toggle("faint", Boolean(close) && !touches);
    }
    const stop = shown.has(chosen) ? chosen : [...shown][0];
    if (stop !== undefined) boxes.get(stop).setAttribute("tabindex", "0");
  }

  function choose(index, { focus = false } = {}) {
    if (index >= 0 && !boxes.has(index)) {
      byId("view").value = "channels";
      view = data.views.channels;
      draw();
    }
    if (index >= 0 && !shown.has(index)) {
      for (const select of Object.values(filters)) select.value = "";
      filter();
    }
    chosen = index;
    mark();
    tell();
    panel.scrollTop = 0;
    const address = index >= 0 ? `#${encodeURIComponent(data.boxes[index].key)}` : " ";
    try { history.replaceState(null, "", address); } catch { /* a page without an address of its own */ }
    if (index >= 0) {
      reveal(index);
      if (focus) boxes.get(index).focus({ preventScroll: true });
    }
  }

  // --- The panel --------------------------------------------------------------------------------------------------

  const link = (index, text) => index >= 0
    ? element("button", { class: "link", type: "button", click: () => choose(index) }, text)
    : element("strong", {}, text);

  function section(title, items) {
    return items.length ? [element("h3", {}, title), element("ul", {}, ...items)] : [];
  }

  function useItem(use) {
    const through = use.through.length ? element("span", { class: "place muted" }, `through ${use.through.join(" → ")}`) : null;
    const more = [...use.groups.map((group) => `group ${group}`), ...use.more];
    if (use.confidence !== "certain") more.push(`${use.confidence} confidence`);
    return element("li", {}, link(use.box, use.name), element("span", { class: "place" }, use.at), through,
      element("span", { class: "muted small" }, more.join(" · ")));
  }

  function findingItem(finding, skip = -1) {
    const others = finding.boxes.filter((index) => index !== skip);
    const links = others.flatMap((index, position) => [position ? ", " : "", link(index, data.boxes[index].name)]);
    const words = [...finding.notes.map((note) => `not surer because ${note}`)];
    if (finding.checked.length) words.push(`looked for: ${finding.checked.join("; ")}`);
    words.push(...finding.advice.map((step) => `do: ${step}`));
    return element("li", {},
      element("p", {}, element("span", { class: `severity ${finding.severity}` }, `${finding.severity} ${finding.check}`),
        ` ${finding.name} `, element("span", { class: "muted small" }, `${finding.confidence} confidence`)),
      element("p", {}, finding.message),
      ...finding.evidence.map((item) => element("span", { class: "place" }, `${item.at} ${item.text}`)),
      ...words.map((text) => element("p", { class: "muted small" }, text)),
      links.length ? element("p", { class: "small" }, "at ", ...links) : null);
  }

  function findingGroup(findings) {
    const { check, name, severity } = findings[0];
    if (findings.length === 1) return findingItem(findings[0]);
    return element("li", {}, element("details", {},
      element("summary", {}, element("span", { class: `severity ${severity}` }, `${severity} ${check}`), ` ${name} `,
        element("span", { class: "muted small" }, `${findings.length} times`)),
      element("ul", {}, ...findings.map((finding) => findingItem(finding)))));
  }

  function rows(pairs) {
    return element("dl", {}, ...pairs.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
  }

  function tellBox(box) {
    const titles = SERVICES.has(box.kind)
      ? { produce: "Produces to", consume: "Consumes from", manage: "Manages" }
      : { produce: "Produced by", consume: "Consumed by", manage: "Managed by" };
    const uses = Object.entries(titles).flatMap(([role, title]) =>
      section(title, box.uses.filter((use) => use.role === role).map(useItem)));
    const groups = box.groups.map((group) => element("li", {}, element("strong", {}, group.name),
      element("span", { class: "muted small" }, ` read by ${group.services.join(", ")}`)));
    return [
      element("p", {}, element("button", { type: "button", class: "link small", click: () => choose(-1) }, "← Overview")),
      element("h2", {}, box.name), element("p", { class: "muted" }, box.caption),
      ...section("Findings", box.findings.map((number) => findingItem(data.findings[number], data.boxes.indexOf(box)))),
      ...uses, ...section("Consumer groups", groups),
      ...(box.about.length ? [element("h3", {}, "Properties"), rows(box.about)] : []),
    ];
  }

  function tellAll() {
    const services = data.boxes.filter((box) => box.kind === "service").length;
    const channels = data.boxes.filter((box) => !SERVICES.has(box.kind)).length;
    const kinds = ["service", "queue", "topic", "stream", "bus", "external"];
    const unresolved = data.unresolved.map((item) => element("li", {}, item.what,
      element("span", { class: "place" }, item.at), element("span", { class: "muted small" }, item.why)));
    const idle = data.idle.map((name) => element("li", {}, name));
    const judged = data.judged && !data.findings.length ? [element("p", { class: "muted" }, "No findings.")] : [];
    return [
      element("h2", {}, "Overview"),
      element("p", {}, `${several(services, "service")}, ${several(channels, "channel")}`),
      element("p", { class: "legend" }, ...kinds.map((kind) => element("span", { class: kind }, kind))),
      element("p", { class: "muted small" }, "Choose a box for its endpoints, groups, properties and findings."),
      ...judged, ...section("Findings", [...checks.keys()].map((check) =>
        findingGroup(data.findings.filter((finding) => finding.check === check)))),
      ...section("Not resolved", unresolved), ...section("Services without channels", idle),
    ];
  }

  function tell() {
    panel.replaceChildren(...(chosen >= 0 ? tellBox(data.boxes[chosen]) : tellAll()));
  }

  // --- Search -----------------------------------------------------------------------------------------------------

  function matches() {
    const words = search.value.trim().toLowerCase();
    if (!words) return [];
    return data.boxes.map((box, index) => [index, `${box.caption} ${box.name}`.toLowerCase()])
      .filter(([, text]) => words.split(/\s+/).every((word) => text.includes(word))).map(([index]) => index);
  }

  function find() {
    const found = matches();
    const results = byId("results");
    const items = found.slice(0, MOST_RESULTS).map((index) => {
      const box = data.boxes[index];
      const pick = () => { results.hidden = true; choose(index, { focus: true }); };
      return element("li", {}, element("button", { type: "button", click: pick },
        box.name, element("span", { class: "muted small" }, ` ${box.caption}`)));
    });
    if (found.length > MOST_RESULTS) items.push(element("li", { class: "none" }, `and ${found.length - MOST_RESULTS} more`));
    if (!found.length) items.push(element("li", { class: "none" }, "nothing found"));
    results.replaceChildren(...items);
    results.hidden = !search.value.trim();
  }

  function step(event, by) {
    const buttons = [...byId("results").querySelectorAll("button")];
    const next = buttons.indexOf(document.activeElement) + by;
    if (!buttons.length || byId("results").hidden) return;
    event.preventDefault();
    if (next < 0) search.focus();
    else buttons[Math.min(next, buttons.length - 1)].focus();
  }

  // --- Keys and pointer -------------------------------------------------------------------------------------------

  const indexOf = (target) => {
    const group = target instanceof Element ? target.closest(".box") : null;
    return group ? Number(group.getAttribute("data-box")) : -1;
  };

  function neighbour(index, key) {
    const [left, top] = view.at[index];
    const along = { ArrowRight: ["from", "to"], ArrowLeft: ["to", "from"] }[key];
    const candidates = along
      ? arrows.filter(({ arrow }) => arrow[along[0]] === index).map(({ arrow }) => arrow[along[1]])
      : [...shown].filter((other) => (view.at[other][1] - top) * (key === "ArrowDown" ? 1 : -1) > 0);
    const distance = (other) => Math.abs(view.at[other][1] - top) + (along ? 0 : 3 * Math.abs(view.at[other][0] - left));
    return candidates.filter((other) => shown.has(other) && other !== index)
      .sort((a, b) => distance(a) - distance(b))[0] ?? index;
  }

  drawing.addEventListener("keydown", (event) => {
    const index = indexOf(event.target);
    if (index < 0) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      choose(index, { focus: true });
    } else if (event.key.startsWith("Arrow")) {
      event.preventDefault();
      const next = neighbour(index, event.key);
      boxes.get(index).setAttribute("tabindex", "-1");
      boxes.get(next).setAttribute("tabindex", "0");
      boxes.get(next).focus({ preventScroll: true });
      reveal(next);
    }
  });

  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
    if (event.key === "Escape") {
      search.value = "";
      find();
      choose(-1);
    } else if (typing || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    } else if (event.key === "/") {
      event.preventDefault();
      search.focus();
    } else if (event.key === "+" || event.key === "-") {
      zoom(event.key === "+" ? 1.25 : 0.8);
    } else if (event.key === "0") {
      fit();
    }
  });

  let held = null;
  drawing.addEventListener("pointerdown", (event) => {
    held = { x: event.clientX, y: event.clientY, moved: false };
  });
  drawing.addEventListener("pointermove", (event) => {
    if (!held) return;
    const dx = event.clientX - held.x, dy = event.clientY - held.y;
    if (!held.moved && Math.hypot(dx, dy) < 4) return;
    if (!held.moved) drawing.setPointerCapture(event.pointerId);
    drawing.classList.add("held");
    Object.assign(held, { x: event.clientX, y: event.clientY, moved: true });
    camera.x += dx;
    camera.y += dy;
    look();
  });
  for (const end of ["pointerup", "pointercancel"]) {
    drawing.addEventListener(end, () => {
      drawing.classList.remove("held");
      setTimeout(() => { held = null; });
    });
  }
  drawing.addEventListener("click", (event) => {
    if (!held?.moved) choose(indexOf(event.target));
  });
  drawing.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * 0.0015), event.clientX, event.clientY);
  }, { passive: false });

  search.addEventListener("input", find);
  search.addEventListener("focus", find);
  search.addEventListener("keydown", (event) => {
    const first = matches()[0];
    if (event.key === "Enter" && first !== undefined) {
      byId("results").hidden = true;
      choose(first, { focus: true });
    }
  });
  search.parentElement.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") step(event, 1);
    if (event.key === "ArrowUp") step(event, -1);
  });
  document.addEventListener("pointerdown", (event) => {
    if (!search.parentElement.contains(event.target)) byId("results").hidden = true;
  });

  // --- Start ------------------------------------------------------------------------------------------------------

  function options(select, pairs) {
    select.append(...pairs.map(([value, text]) => element("option", { value }, text)));
    select.closest("label").hidden = pairs.length === 0;
    select.addEventListener("change", filter);
  }

  const count = (check) => data.findings.filter((finding) => finding.check === check).length;
  options(filters.system, [...new Set(data.boxes.flatMap((box) => box.systems))].sort().map((name) => [name, name]));
  options(filters.service, data.boxes.map((box, index) => [box, index])
    .filter(([box]) => box.kind === "service").map(([box, index]) => [index, box.name]));
  options(filters.finding, checks.size
    ? [["*", `any (${data.findings.length})`], ...[...checks].sort().map(([check, name]) => [check, `${check} ${name} (${count(check)})`])]
    : []);
  byId("view").addEventListener("change", (event) => {
    view = data.views[event.target.value];
    draw();
    tell();
  });
  byId("nearer").addEventListener("click", () => zoom(1.25));
  byId("farther").addEventListener("click", () => zoom(0.8));
  byId("fit").addEventListener("click", () => fit());
  byId("theme").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
  addEventListener("resize", () => fit());

  byId("view").value = data.start;
  draw();
  const key = (() => { try { return decodeURIComponent(location.hash.slice(1)); } catch { return ""; } })();
  choose(data.boxes.findIndex((box) => box.key === key));
})();
