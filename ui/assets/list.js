// A list of any length: rows come from the server in blocks when they are about to be seen, and go again.
// HTML is made and escaped in Python; presses on [data-act], boxes and the search field are reported.
const NEAR = 1200; // pixels above and below the window within which rows are there
const ROW = 116; // a row's height before it was seen
const WIDE = 760; // pixels, as list.css has them
const KEPT = 80; // blocks remembered

function scroller(node) {
  for (let at = node; at; at = at.parentElement ?? at.getRootNode().host)
    if (at.scrollHeight > at.clientHeight && /auto|scroll/.test(getComputedStyle(at).overflowY)) return at;
  return document.scrollingElement;
}

class Listing {
  constructor(host) {
    this.host = host;
    this.rows = host.querySelector(".rows");
    this.blocks = new Map();
    this.asked = new Set();
    this.wanted = new Set();
    this.at = 0; // the row that the Tab key enters
    new ResizeObserver(() => this.fit()).observe(host);
    host.onclick = (event) => this.press(event);
    host.onchange = (event) => this.change(event);
    host.oninput = (event) => this.type(event);
    host.onkeydown = (event) => this.key(event);
    host.onfocusin = (event) => this.enter(event);
  }

  draw(data) {
    this.data = data;
    const again = data.signature !== this.signature;
    if (again) this.begin();
    const head = this.host.querySelector(".head");
    if (head.shown !== data.html) this.drawHead(head);
    for (const [at, rows] of Object.entries(data.blocks)) {
      if (!this.blocks.has(Number(at))) this.blocks.set(Number(at), rows); // drawn once: what is focused stays
      this.asked.delete(Number(at));
    }
    for (const node of this.rows.children) if (node.near) this.fill(node);
    this.mark();
    if (this.goal !== undefined) this.goTo(this.goal);
  }

  // Another list: other papers, or in another order.
  begin() {
    const { data } = this;
    this.signature = data.signature;
    this.blocks.clear();
    this.asked.clear();
    this.at = 0;
    this.goal = undefined;
    this.observer?.disconnect();
    this.rows.replaceChildren();
    this.observer = new IntersectionObserver((seen) => this.look(seen), {
      rootMargin: `${NEAR}px 0px`,
      scrollMargin: `${NEAR}px 0px`, // the page scrolls inside the window
    });
    for (let at = 0; at * data.size < data.n; at++) {
      const node = document.createElement("div");
      node.className = "block";
      node.at = at;
      node.style.height = `${Math.min(data.size, data.n - at * data.size) * ROW}px`;
      this.rows.append(node);
      this.observer.observe(node);
    }
  }

  drawHead(head) {
    const before = head.querySelector("input[type=search]");
    const typing = before && before === head.getRootNode().activeElement;
    const focused = head.getRootNode().activeElement?.dataset?.value;
    const text = before?.value;
    const open = new Set([...head.querySelectorAll("details[open]")].map((one) => one.dataset.name));
    const first = head.shown === undefined;
    head.shown = this.data.html;
    head.innerHTML = this.data.html;
    for (const one of head.querySelectorAll("details[data-name]")) one.open = open.has(one.dataset.name);
    if (first) this.fit();
    const field = head.querySelector("input[type=search]");
    if (typing) {
      field.value = text;
      field.focus({ preventScroll: true });
      field.setSelectionRange(text.length, text.length);
    } else if (focused)
      head.querySelector(`[data-value="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  // Filters stand beside the rows where there is room, and fold above them where there is not.
  fit() {
    const facets = this.host.querySelector(".facets");
    const wide = this.host.clientWidth > WIDE;
    if (!facets || this.wide === wide) return;
    this.wide = facets.open = wide;
  }

  look(seen) {
    for (const { target, isIntersecting } of seen) {
      target.near = isIntersecting;
      if (isIntersecting) this.fill(target);
      else if (target.firstChild && !target.contains(target.getRootNode().activeElement)) {
        target.style.height = `${target.offsetHeight}px`;
        target.replaceChildren();
      }
    }
  }

  fill(node) {
    const rows = this.blocks.get(node.at);
    if (!rows) return this.ask(node.at);
    if (node.shown === rows && node.firstChild) return;
    node.shown = rows;
    node.innerHTML = rows.join("");
    node.style.height = "";
    this.mark(node);
  }

  ask(at) {
    this.wanted.add(at);
    clearTimeout(this.asking);
    this.asking = setTimeout(() => {
      const near = [...this.wanted].filter((one) => this.rows.children[one]?.near && !this.asked.has(one));
      this.wanted.clear();
      if (!near.length) return;
      near.forEach((one) => this.asked.add(one));
      while (this.blocks.size > KEPT) this.blocks.delete(this.blocks.keys().next().value);
      this.send("want", `${this.signature} ${near.join(",")}`);
    }, 90);
  }

  // What is chosen, what is open, and which row the Tab key enters.
  mark(within = this.rows) {
    const { all, chosen, opened } = this.data;
    const named = new Set(chosen);
    for (const row of within.querySelectorAll(".row")) {
      const box = row.querySelector(".pick input");
      if (box) {
        box.checked = named.has(row.dataset.id) !== all;
        row.classList.toggle("chosen", box.checked);
      }
      if (row.dataset.id === opened) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
      const here = Number(row.getAttribute("aria-posinset")) - 1 === this.at;
      for (const one of row.querySelectorAll("button, input, summary, a")) one.tabIndex = here ? 0 : -1;
    }
  }

  send(act, value) {
    this.trigger("act", { act, value, n: (this.n = (this.n ?? 0) + 1) });
  }

  press(event) {
    const node = event.target.closest("[data-act]");
    if (!node || node.matches("select, input")) return;
    if (node.dataset.act === "paper") this.hold(node.closest(".row"));
    this.send(node.dataset.act, node.dataset.value ?? "");
  }

  // A paper opens beside the list, which gets narrower: the row stays where it is.
  hold(row) {
    const id = row?.dataset.id;
    const top = row?.getBoundingClientRect().top;
    const until = performance.now() + 900;
    const stop = new AbortController();
    const keep = () => {
      const now = this.rows.querySelector(`.row[data-id="${CSS.escape(id ?? "")}"]`);
      if (!now || stop.signal.aborted) return;
      const off = now.getBoundingClientRect().top - top;
      if (Math.abs(off) > 1) scroller(this.host.getRootNode().host).scrollTop += off;
      if (performance.now() < until) setTimeout(keep, 50);
    };
    for (const kind of ["wheel", "touchstart", "keydown"])
      window.addEventListener(kind, () => stop.abort(), { once: true, passive: true });
    setTimeout(keep, 50);
  }

  change(event) {
    const node = event.target;
    const row = node.closest(".row");
    if (row && node.type === "checkbox") {
      row.classList.toggle("chosen", node.checked);
      const chosen = new Set(this.data.chosen);
      const marked = node.checked !== this.data.all;
      chosen[marked ? "add" : "delete"](row.dataset.id);
      this.data.chosen = [...chosen];
      this.send(marked ? "mark" : "unmark", row.dataset.id);
    } else if (node.matches("select")) this.send(node.dataset.act, node.value);
    else if (node.type === "checkbox" && node.dataset.act) this.send(node.dataset.act, node.dataset.value);
    else if (node.type === "search") this.search(node.value);
    else if (node.type === "text" && node.value.trim()) this.send(node.dataset.act, node.value.trim());
  }

  type(event) {
    const field = event.target; // later it is the component that the event came from
    if (field.type !== "search") return;
    clearTimeout(this.typing);
    this.typing = setTimeout(() => this.search(field.value), 350);
  }

  search(text) {
    clearTimeout(this.typing);
    if (text === (this.searched ?? this.data.words)) return;
    this.searched = text;
    this.send("search", text);
  }

  enter(event) {
    const row = event.target.closest(".row");
    if (!row) return;
    const at = Number(row.getAttribute("aria-posinset")) - 1;
    if (at === this.at) return;
    this.at = at;
    this.mark();
  }

  key(event) {
    const row = event.target.closest(".row");
    if (event.target.type === "search" && event.key === "ArrowDown") {
      event.preventDefault();
      return this.goTo(this.at);
    }
    if (!row) return;
    const at = Number(row.getAttribute("aria-posinset")) - 1;
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: this.data.n - 1, PageDown: at + 10, PageUp: at - 10 };
    if (event.key in moves) {
      event.preventDefault();
      this.goTo(Math.max(0, Math.min(this.data.n - 1, moves[event.key])));
    } else if (event.key === "x" && !event.target.matches("input[type=text]"))
      row.querySelector(".pick input")?.click();
  }

  // Focuses the name of a row, wherever in the list; once it has come.
  goTo(at) {
    const node = this.rows.children[Math.floor(at / this.data.size)];
    if (!node) return;
    const row = node.children[at % this.data.size];
    if (!row) {
      this.goal = at;
      return node.scrollIntoView({ block: at % this.data.size > this.data.size / 2 ? "end" : "start" });
    }
    this.goal = undefined;
    this.at = at;
    this.mark();
    row.querySelector(".name").focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }
}

export default function (component) {
  const host = component.parentElement.querySelector(".listing");
  if (!host) return;
  host.listing ??= new Listing(host);
  host.listing.trigger = component.setTriggerValue;
  host.listing.draw(component.data);
  const escape = (event) => event.key === "Escape" && component.data.opened && host.listing.send("close", "");
  document.addEventListener("keydown", escape);
  return () => document.removeEventListener("keydown", escape);
}
