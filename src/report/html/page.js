"use strict";
// Search, filters and sorting of what the page already holds; its state stands in the fragment, as
// #place?q=…&label=…&action=…&host=…&sort=…, so that a link survives reload. Without this script
// everything is there, in the order of what goes.
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const search = $("#q"), filters = $("#filters"), tip = $("#tip");
  const documents = all("details.document");
  const items = all(".item");
  $(".search").hidden = false;
  if (filters) filters.hidden = false;

  // Words are compared as people search: without case, vowel signs and the seats of hamza.
  const folded = (text) => text.toLowerCase().normalize("NFKC")
    .replace(/[\u064b-\u065f\u0670\u0640\u200e\u200f]/g, "")
    .replace(/[أإآٱ]/g, "ا").replace(/ى/g, "ي").replace(/ة/g, "ه").replace(/ؤ/g, "و").replace(/ئ/g, "ي");
  const texts = new Map();
  const text = (item) => {
    if (!texts.has(item)) texts.set(item, folded(item.textContent));
    return texts.get(item);
  };

  let place = "";
  const value = (name) => filters ? filters.elements[name]?.value ?? "" : "";
  const state = () => {
    const query = new URLSearchParams();
    if (search.value.trim()) query.set("q", search.value.trim());
    if (filters) {
      const labels = all("input[name=label]:checked", filters).map((box) => box.value);
      if (labels.length) query.set("label", labels.join(","));
      for (const name of ["action", "host", "sort"]) if (value(name)) query.set(name, value(name));
    }
    return query;
  };

  const matches = (item, q, labels) => {
    if (q && !q.every((word) => text(item).includes(word))) return false;
    if (!item.matches("details.document")) return true;
    const found = item.dataset.found.split(" ").map((pair) => pair.split(":"));
    const action = value("action"), host = value("host");
    const fits = ([label, becomes]) => (!labels.length || labels.includes(label)) && (!action || becomes === action);
    return (!(labels.length || action) || found.some(fits)) && (!host || item.dataset.host === host);
  };

  const number = (item, name) => Number(item.dataset[name]);
  const orders = {
    "": (a, b) => number(b, "taken") - number(a, "taken"),
    share: (a, b) => number(b, "taken") / number(b, "bytes") - number(a, "taken") / number(a, "bytes"),
    notes: (a, b) => number(b, "notes") - number(a, "notes"),
    order: () => 0,
    id: (a, b) => a.dataset.id < b.dataset.id ? -1 : Number(a.dataset.id > b.dataset.id),
  };

  const show = () => {
    const q = search.value.trim() ? folded(search.value.trim()).split(/\s+/) : null;
    const labels = filters ? all("input[name=label]:checked", filters).map((box) => box.value) : [];
    let shown = 0, shownDocuments = 0;
    for (const item of items) {
      item.hidden = !matches(item, q, labels);
      shown += !item.hidden;
      shownDocuments += !item.hidden && item.matches("details.document");
    }
    const query = state();
    const filtered = [...query.keys()].some((name) => name !== "sort");
    $("#found").textContent = !filtered ? "" : q ? `${shown} of ${items.length} items` : `${shownDocuments} of ${documents.length} documents`;
    if ($("#none")) $("#none").hidden = shownDocuments > 0;
    const order = orders[value("sort")] ?? orders[""];
    const list = $("[data-list=documents]");
    if (list) {
      const sorted = documents.slice().sort((a, b) => order(a, b) || number(a, "order") - number(b, "order"));
      if (sorted.some((item, i) => list.children[i] !== item)) list.append(...sorted);
    }
  };

  const remember = () => {
    const query = state().toString();
    history.replaceState(null, "", query || place ? `#${place}${query ? "?" + query : ""}` : location.pathname + location.search);
  };

  // Where the fragment points to, if anywhere; a document that is pointed at is opened and shown.
  const go = () => {
    all(".here").forEach((item) => item.classList.remove("here"));
    const target = place && document.getElementById(place);
    if (!target) return;
    if (target.matches("details")) {
      target.hidden = false;
      target.open = true;
      target.classList.add("here");
    }
    target.scrollIntoView({ behavior: "instant" });
  };

  const read = () => {
    const [at, query] = location.hash.slice(1).split("?");
    place = /^[\w-]*$/.test(at) ? at : "";
    if (query === undefined) return;
    const wanted = new URLSearchParams(query);
    search.value = wanted.get("q") ?? "";
    if (!filters) return;
    const labels = (wanted.get("label") ?? "").split(",");
    all("input[name=label]", filters).forEach((box) => { box.checked = labels.includes(box.value); });
    for (const name of ["action", "host", "sort"]) {
      const select = filters.elements[name];
      if (!select) continue;
      select.value = wanted.get(name) ?? "";
      if (select.selectedIndex < 0) select.value = "";
    }
  };

  const changed = () => { show(); remember(); };
  let waiting = 0;
  search.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(changed, 120); });
  $(".search").addEventListener("submit", (event) => { event.preventDefault(); changed(); });
  filters?.addEventListener("change", changed);
  filters?.addEventListener("submit", (event) => event.preventDefault());
  filters?.addEventListener("reset", () => { search.value = ""; setTimeout(changed); });
  addEventListener("hashchange", () => { read(); show(); remember(); go(); });
  // A class chosen once more is still a way to its documents.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href^='#']");
    if (link && link.hash === location.hash) { read(); go(); }
  });

  // The reason of a mark, at the foot of the window, on hover and on focus.
  const marks = "mark[aria-describedby]";
  const explain = (mark) => {
    all(".lit").forEach((lit) => lit.classList.remove("lit"));
    const reason = mark && document.getElementById(mark.getAttribute("aria-describedby"));
    tip.hidden = !reason;
    if (!reason) return;
    tip.replaceChildren(...[...reason.childNodes].map((node) => node.cloneNode(true)));
    all(`[aria-describedby="${reason.id}"]`).forEach((twin) => twin.classList.add("lit"));
  };
  // A reason that was sent away with Escape stays away until another is asked for.
  let dismissed = null;
  const focused = () => {
    const mark = document.activeElement?.closest(marks);
    return mark === dismissed ? null : mark;
  };
  const differing = ".differs, .gone";
  const pair = (stretch) => {
    all(".other").forEach((other) => other.classList.remove("other"));
    const sides = stretch?.closest(".sides");
    if (sides) all(`[data-i="${stretch.dataset.i}"]`, sides).forEach((other) => other.classList.add("other"));
  };
  document.addEventListener("mouseover", (event) => {
    explain(event.target.closest?.(marks) ?? focused());
    pair(event.target.closest?.(differing));
  });
  document.addEventListener("focusin", (event) => { dismissed = null; explain(event.target.closest(marks)); });
  document.addEventListener("focusout", () => explain(null));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { dismissed = document.activeElement; explain(null); }
    if (event.key === "/" && !event.target.matches("input, select")) { event.preventDefault(); search.focus(); }
  });

  // Paper has no closed details.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("details:not([open])").filter((details) => !details.hidden);
    closed.forEach((details) => { details.open = true; });
  });
  addEventListener("afterprint", () => closed.forEach((details) => { details.open = false; }));

  read();
  show();
  if (place) go();
})();
