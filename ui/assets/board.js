// Shows HTML made and escaped by ui/views/answer_html.py, reports clicks on [data-act], shows hover cards.
// Where the page rests is the business of page.js; what is read only stays where it is beside an opened paper.
let moving;
// The reader's own moves end the page's.
function byReader(stop) {
  for (const kind of ["wheel", "touchstart", "keydown", "pointerdown"])
    window.addEventListener(kind, () => stop.abort(), { once: true, signal: stop.signal, passive: true });
}

// What was pressed last: a paper opens beside it, and what is read then stays where it is.
let pressed;
const acting = (host) => [...host.querySelectorAll("[data-act]")];

function scroller(node) {
  for (let at = node; at; at = at.parentElement ?? at.getRootNode().host)
    if (at.scrollHeight > at.clientHeight && getComputedStyle(at).overflowY === "auto") return at;
  return document.scrollingElement;
}

function focus(host, index) {
  host.restoring = true;
  acting(host)[index]?.focus({ preventScroll: true });
  host.restoring = false;
}

function stay() {
  if (!pressed?.host.isConnected) return;
  const { host, index } = pressed;
  const top = acting(host)[index]?.getBoundingClientRect().top;
  const until = performance.now() + 900;
  moving?.abort();
  const stop = (moving = new AbortController());
  const hold = () => {
    const node = acting(host)[index];
    if (stop.signal.aborted || !node) return;
    const off = node.getBoundingClientRect().top - top;
    if (Math.abs(off) > 1) scroller(host).scrollTop += off;
    if (performance.now() < until) setTimeout(hold, 50);
    else stop.abort();
  };
  setTimeout(() => {
    byReader(stop); // only now: the press itself still goes on its way through the page
    hold();
  }, 50);
}

// A quote that can be seen without it moves nothing: the title above it stays.
function bringIntoView(mark) {
  const box = scroller(mark).getBoundingClientRect();
  const { top, bottom } = mark.getBoundingClientRect();
  if (top < box.top || bottom > Math.min(box.bottom, innerHeight)) mark.scrollIntoView({ block: "center" });
}

// What a press brings up below may lie under the input.
function showWhenThere(selector, tries = 20) {
  const found = document.querySelector(selector);
  if (found) setTimeout(() => found.scrollIntoView({ block: "nearest" }), 150);
  else if (tries) setTimeout(() => showWhenThere(selector, tries - 1), 100);
}

function copyBySelection(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.style.position = "fixed";
  field.style.opacity = "0";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (!done) throw new Error("the browser does not allow it here");
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const host = parentElement.querySelector(".board");
  if (!host) return;

  if (host.shown !== data.html) {
    const focused = acting(host).indexOf(host.getRootNode().activeElement);
    host.shown = data.html;
    host.querySelector(".body").innerHTML = data.html;
    const mark = host.querySelector("mark:not(.other)");
    if (mark) requestAnimationFrame(() => bringIntoView(mark));
    if (focused >= 0) focus(host, focused);
    // On a narrow screen what a disc of the map tells stands below the map.
    const told = host.looking ? host.querySelector(".map > :last-child") : null;
    if (told?.getBoundingClientRect().top > innerHeight - 60) told.scrollIntoView({ block: "nearest" });
    host.looking = false;
  }
  const card = host.querySelector(".card");
  const cards = new Map((data.cards || []).map((one) => [one.value, one]));
  const target = (event) => event.target.closest && event.target.closest("[data-act]");
  const send = (node) => {
    hide();
    if (["cite", "paper"].includes(node.dataset.act)) {
      pressed = { host, index: acting(host).indexOf(node) };
      stay();
    }
    host.looking = node.dataset.act === "look";
    const below = { judge: ".st-key-judging", change: ".st-key-chip_editor" }[node.dataset.act];
    if (below) showWhenThere(below);
    setTriggerValue("act", { act: node.dataset.act, value: node.dataset.value });
  };

  // Copies without leaving the page; a page served without TLS has no clipboard of its own.
  async function copy(node) {
    const news = host.querySelector(".news");
    try {
      if (navigator.clipboard) await navigator.clipboard.writeText(data.copied);
      else copyBySelection(data.copied);
    } catch (error) {
      news.textContent = `Not copied: ${error.message}`;
      return;
    }
    news.textContent = "Copied";
    node.classList.add("told");
    setTimeout(() => {
      node.classList.remove("told");
      news.textContent = "";
    }, 1600);
  }

  function hide() {
    card.hidden = true;
  }

  function show(node) {
    const one = node.classList.contains("cite") && cards.get(node.dataset.value);
    if (!one) return hide();
    card.querySelector(".t").textContent = one.title;
    card.querySelector(".b").textContent = one.by;
    card.querySelector(".q").textContent = one.quote;
    card.hidden = false;
    const box = host.getBoundingClientRect();
    const chip = node.getBoundingClientRect();
    const left = Math.min(chip.left - box.left, box.width - card.offsetWidth);
    card.style.left = `${Math.max(0, left)}px`;
    const above = chip.top - card.offsetHeight - 8;
    const top = above > 60 ? above : chip.bottom + 8;
    card.style.top = `${top - box.top}px`;
  }

  host.onclick = (event) => {
    const copying = event.target.closest(".copy");
    if (copying) return copy(copying);
    const node = target(event);
    if (node) send(node);
  };
  host.onmouseover = (event) => {
    if (!matchMedia("(hover: hover)").matches) return;
    const node = target(event);
    if (node) show(node);
    else hide();
  };
  host.onmouseleave = hide;
  host.onfocusin = (event) => {
    const node = target(event);
    if (node && !host.restoring && node.matches(":focus-visible")) show(node);
  };
  host.addEventListener("focusout", hide);
  host.onkeydown = (event) => {
    const node = target(event);
    if (event.key === "Escape") hide();
    if (node && node.tagName !== "BUTTON" && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      send(node);
    }
  };

  const escape = (event) => {
    if (event.key !== "Escape") return;
    setTriggerValue("act", { act: "close", value: "" });
    if (!pressed?.host.isConnected) return;
    focus(pressed.host, pressed.index);
    stay();
  };
  if (data.closable) document.addEventListener("keydown", escape);
  return () => {
    document.removeEventListener("keydown", escape);
    host.removeEventListener("focusout", hide);
  };
}
