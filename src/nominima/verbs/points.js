/* A figure is a picture until its claim is opened. Then it is drawn from the same address into the page, where a pointer,
a finger and the arrow keys find its marks. A mark that is shown says what it is; chosen, it leaves its condition alone. */
const tip = document.createElement("div"), KEYS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -1e9, End: 1e9 };
const HEADS = ["condition", "at", "of", "number, with its interval", "n", "remarks"];
let shown = null, before = null, pictures = 0;
tip.className = "tip";
tip.hidden = true;
tip.setAttribute("aria-hidden", "true");
document.body.append(tip);
for (const mark of all(".strip .mark")) {
  const title = mark.querySelector("title");
  mark.dataset.says = title.textContent;
  title.remove();
}

/* What a condition is by its name, as the rows of its claim know it, else by the words that a filter knows too. */
function known(name, claim) {
  const row = all("tr[data-cell]", claim).find((each) => each.dataset.cell === name);
  if (row) return row.dataset.of;
  const words = name.split(", "), pairs = [];
  for (const knob of cells) {
    const has = (option) => option.value && words.includes(knob === "noise" ? "noise " + option.value : option.value);
    const found = [...(form.elements.namedItem(knob)?.options ?? [])].find(has);
    if (found) pairs.push(knob + "=" + found.value);
  }
  return pairs.join(";");
}

function draw(image) {
  const signs = atob(image.src.split(",")[1]), bytes = new Uint8Array(signs.length), own = "f" + pictures++;
  for (let at = 0; at < signs.length; at++) bytes[at] = signs.charCodeAt(at);
  const tree = new DOMParser().parseFromString(new TextDecoder().decode(bytes), "image/svg+xml");
  if (tree.querySelector("parsererror")) return;
  const svg = document.adoptNode(tree.documentElement), claim = image.closest(".claim"), conditions = new Map();
  const condition = (name) => conditions.get(name) ?? conditions.set(name, known(name, claim)).get(name);
  for (const each of all("[id]", svg)) each.id = own + each.id;
  for (const each of all("[href]", svg)) each.setAttribute("href", each.getAttribute("href").replace("#", "#" + own));
  for (const each of all("[clip-path]", svg)) each.setAttribute("clip-path", each.getAttribute("clip-path").replace("#", "#" + own));
  for (const each of all("text", svg)) each.setAttribute("aria-hidden", "true");
  all("[data-says]", svg).forEach((point, at) => {
    point.classList.add("point");
    point.dataset.of = condition(point.dataset.says.split("; ")[0]);
    point.setAttribute("role", point.dataset.of ? "button" : "img");
    point.setAttribute("aria-label", point.dataset.says);
    point.setAttribute("tabindex", at ? -1 : 0);
  });
  for (const each of all("[data-name]", svg)) each.dataset.of = condition(each.dataset.name);
  svg.classList.add("drawn");
  svg.setAttribute("role", "group");
  svg.setAttribute("aria-label", image.alt);
  fit(svg, chosen());
  image.replaceWith(svg);
  if (svg.querySelector(".point")) svg.closest("figure").append(numbers(svg, image.alt));
}

/* What the marks of a figure say as a table, which is made when it is asked for. */
function numbers(svg, title) {
  const make = (tag, text, more) => Object.assign(document.createElement(tag), { textContent: text }, more);
  const fold = make("details", "", { className: "fold" });
  fold.append(make("summary", "Its numbers"));
  fold.addEventListener("toggle", () => {
    const block = make("div", "", { className: "wide", tabIndex: 0, role: "group", ariaLabel: "Its numbers, " + title });
    const table = make("table", ""), body = table.createTBody();
    table.createCaption().textContent = "Numbers of the figure";
    table.createTHead().insertRow().append(...HEADS.map((head) => make("th", head, { scope: "col" })));
    for (const point of all(".point", svg)) {
      const parts = point.dataset.says.split("; "), at = parts.findIndex((part) => part.startsWith("n = ")), row = body.insertRow();
      const [, what, number] = /^(.*?) ?([-−]?[\d.]+(?:e[-−]?\d+)?(?: \[.*\])?)$/.exec(parts[at - 1]) ?? ["", "", parts[at - 1]];
      row.append(make("th", parts[0], { scope: "row" }));
      for (const text of [at > 2 ? parts[1] : "", what, number, parts[at].slice(4), parts.slice(at + 1).join("; ")]) row.append(make("td", text));
      row.dataset.of = point.dataset.of;
    }
    block.append(table);
    fold.append(block);
    savable(block);
    fit(block, chosen());
  }, { once: true });
  return fold;
}

/* The mark at a place: the nearest, if it is near; in a row, which is a link, only right under a mouse. */
function under(event) {
  const field = event.target.closest(".drawn, .row .strip"), finger = event.pointerType === "touch";
  if (!field || (finger && !field.matches(".drawn"))) return null;
  let best = field.matches(".drawn") ? (finger ? 24 : 12) : 6, found = null;
  for (const mark of all("[data-says]", field)) {
    const box = mark.getBoundingClientRect();
    const away = Math.hypot(box.x + box.width / 2 - event.clientX, box.y + box.height / 2 - event.clientY);
    if (away < best) [best, found] = [away, mark];
  }
  return found;
}

function show(mark) {
  if (mark === shown) return;
  shown?.classList.remove("pointed");
  shown = mark;
  tip.hidden = !mark;
  if (!mark) return;
  mark.classList.add("pointed");
  const [name, ...rest] = mark.dataset.says.split("; "), bold = document.createElement("b"), hint = document.createElement("i");
  bold.textContent = name;
  hint.textContent = mark.dataset.of ? (alone(mark) ? "Press: all conditions" : "Press: this condition alone") : "";
  tip.replaceChildren(bold, ...rest.flatMap((part) => [document.createElement("br"), part]), hint);
  place();
}

function place() {
  const box = shown.getBoundingClientRect(), wide = tip.offsetWidth, above = box.top - tip.offsetHeight - 8;
  const left = Math.min(box.x + box.width / 2 - wide / 2, document.documentElement.clientWidth - wide - 8);
  tip.hidden = box.bottom < 0 || box.top > innerHeight;
  tip.style.left = Math.max(8, left) + "px";
  tip.style.top = (above > 0 ? above : box.bottom + 8) + "px";
}

const fields = (mark) => mark.dataset.of.split(";").map((each) => each.split("=")).map(([name, value]) => [form.elements.namedItem(name), value]).filter(([field]) => field);
const alone = (mark) => fields(mark).every(([field, value]) => field.value === value);

/* Leave the condition of a mark alone on the page, or all of them where it is alone; the mark stays where it is. */
function narrow(mark) {
  const clear = alone(mark), top = mark.getBoundingClientRect().top;
  for (const [field, value] of fields(mark)) field.value = clear ? "" : value;
  sift();
  history.pushState(null, "", address(location.hash.slice(1).split("&")[0]));
  scrollBy(0, mark.getBoundingClientRect().top - top);
  show(null);
  show(mark);
}

document.addEventListener("toggle", (event) => {
  if (event.target.open) all("figure img", event.target).filter((image) => image.closest("details") === event.target).forEach(draw);
}, true);
document.addEventListener("pointermove", (event) => { if (event.pointerType !== "touch") show(under(event)); });
/* A press moves the focus, which shows a mark: what was shown before it counts. */
document.addEventListener("pointerdown", () => { before = shown; }, true);
document.addEventListener("click", (event) => {
  const mark = under(event);
  show(mark);
  if (!mark || !mark.dataset.of) return;
  event.preventDefault();
  event.stopPropagation();
  if (mark === before) narrow(mark);
}, true);
document.addEventListener("focusin", (event) => show(event.target.closest(".point")));
document.addEventListener("keydown", (event) => {
  const point = event.target.closest?.(".point");
  if (event.key === "Escape") show(null);
  if (!point || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key in KEYS) {
    const every = all(".point", point.closest(".drawn")), at = every.indexOf(point) + KEYS[event.key];
    const next = every[Math.max(0, Math.min(at, every.length - 1))];
    point.setAttribute("tabindex", -1);
    next.setAttribute("tabindex", 0);
    next.focus();
  } else if ((event.key === "Enter" || event.key === " ") && point.dataset.of) narrow(point);
  else return;
  event.preventDefault();
});
for (const kind of ["scroll", "resize"]) addEventListener(kind, () => shown && (shown.matches(":focus") ? place() : show(null)), { capture: true, passive: true });
