// What every page does by itself: the one mover of the page, the keys, and light or dark.
// Reading starts at the question: the page moves when a question appears, and never after that.
const input = () => document.querySelector("[data-testid=stChatInputTextArea]");
const questions = () => [...document.querySelectorAll(".pf.question")];
const typing = (node) => node?.matches?.("input, textarea, select, [contenteditable]");
const inside = (node) => (node?.shadowRoot?.activeElement ? inside(node.shadowRoot.activeElement) : node);

let moving;
function goTo(node) {
  moving?.abort();
  const stop = (moving = new AbortController());
  for (const kind of ["wheel", "touchstart", "keydown", "pointerdown"])
    window.addEventListener(kind, () => stop.abort(), { signal: stop.signal, passive: true });
  // what stands above may still be drawn; nothing else moves the page, so this soon rests
  const until = performance.now() + 1500;
  const go = () => {
    if (stop.signal.aborted || !node.isConnected) return;
    const top = node.getBoundingClientRect().top;
    if (node.moved === undefined || Math.abs(top - node.moved) > 1) {
      node.scrollIntoView({ block: "start" });
      node.moved = node.getBoundingClientRect().top;
    }
    if (performance.now() < until) requestAnimationFrame(go);
    else stop.abort();
  };
  go();
}

// The input takes what is typed as soon as it is there, but brings no keyboard up on a phone.
let focused;
let last;
function look() {
  const field = input();
  const free = [document.body, null].includes(document.activeElement);
  if (field && field !== focused && free && matchMedia("(pointer: fine)").matches) {
    focused = field;
    field.focus({ preventScroll: true });
  }
  const asked = questions();
  const node = asked.at(-1);
  const mark = node ? `${location.search} ${asked.length} ${node.textContent}` : "";
  if (mark && mark !== last) goTo(node);
  last = mark;
}

function type(field, text) {
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(field, text);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

// Arrow up in the empty input brings back what was asked, the last first; arrow down the way back.
let recalled = ""; // its question may be drawn anew when the next key comes
function recall(field, step) {
  const asked = questions().map((node) => node.textContent);
  const at = field.value ? asked.lastIndexOf(field.value) : asked.length;
  recalled = asked[at + step] ?? (step > 0 ? "" : field.value);
  type(field, recalled);
}

function searchConversations() {
  document.querySelector("[data-testid=stExpandSidebarButton] button, button[data-testid=stExpandSidebarButton]")?.click();
  const field = document.querySelector("[data-testid=stSidebar] input[aria-label='Search conversations']");
  (field ?? document.querySelector(".st-key-new_thread button"))?.focus();
}

function focusInput() {
  const field = input() ?? document.querySelector("[data-testid=stMain] input[type=text]");
  if (field) return field.focus();
  document.querySelector("[data-testid=stSidebarNavLink]")?.click();
}

// Streamlit keeps for the next visit that the sidebar was opened. On a phone it lies over the page.
const forgetOpenSidebar = () => {
  if (!matchMedia("(max-width: 768px)").matches) return;
  for (const key of Object.keys(localStorage))
    if (key.startsWith("stSidebarCollapsed-")) localStorage.removeItem(key);
};
const onClick = () => setTimeout(forgetOpenSidebar); // once Streamlit has answered the click, and kept it

// Streamlit keeps a reader's theme for each address; ours is one for all pages.
const THEME = "stActiveTheme-";
const chosen = () => JSON.parse(localStorage.getItem(`${THEME}${location.pathname}-v2`) ?? '"System"');
function setTheme(name) {
  const links = [...document.querySelectorAll("[data-testid=stSidebarNavLink]")];
  for (const path of [location.pathname, "/", ...links.map((link) => new URL(link.href).pathname)])
    localStorage.setItem(`${THEME}${path}-v2`, JSON.stringify(name));
  location.reload();
}

export default function (component) {
  const { parentElement } = component;
  const host = parentElement.querySelector(".manners");
  const help = host.querySelector("dialog");
  for (const one of host.querySelectorAll("[data-theme]")) {
    one.setAttribute("aria-pressed", String(one.dataset.theme === chosen()));
    one.onclick = () => setTheme(one.dataset.theme);
  }
  host.querySelector(".help").onclick = () => help.showModal();
  help.onclick = (event) => event.target === help && help.close();

  const onKey = (event) => {
    const at = inside(document.activeElement);
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey) {
      event.preventDefault();
      return searchConversations();
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (at === input() && event.key.startsWith("Arrow") && !event.shiftKey) {
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!step || (at.value && at.value !== recalled)) return;
      event.preventDefault();
      return recall(at, step);
    }
    if (typing(at) || help.open || document.querySelector("[role=dialog]")) return;
    if (event.key === "/") {
      event.preventDefault();
      focusInput();
    } else if (event.key === "?") help.showModal();
  };
  document.addEventListener("keydown", onKey, true);
  document.addEventListener("click", onClick);
  forgetOpenSidebar();
  const watch = new MutationObserver(look);
  watch.observe(document.body, { childList: true, subtree: true });
  look();
  return () => {
    document.removeEventListener("keydown", onKey, true);
    document.removeEventListener("click", onClick);
    watch.disconnect();
  };
}
