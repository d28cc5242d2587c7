const all = (selector, at = document) => [...at.querySelectorAll(selector)];
const rows = all(".row"), claims = all(".claim"), form = document.querySelector(".filters");
const key = (claim) => claim.querySelector(".told").id;
const named = (text) => claims.find((claim) => key(claim) === text || claim.id === text);
const lower = (text) => text.toLowerCase().replace(/\s+/g, " ").trim();
/* form.dataset would be the field of that name. */
const cells = form.getAttribute("data-cells").split(" ");
let words = null;

/* On a phone the scoreboard ends on the second screen: a chapter's paragraph opens below its answer. */
if (matchMedia("(max-width: 46rem)").matches) for (const chapter of all(".chapter details")) chapter.open = false;

for (const block of all(".command")) {
  const button = document.createElement("button"), command = block.querySelector("pre");
  button.textContent = "copy";
  button.setAttribute("aria-label", "copy: " + command.textContent);
  button.addEventListener("click", async () => {
    getSelection().selectAllChildren(command);
    try { await navigator.clipboard.writeText(command.textContent); button.textContent = "copied"; }
    catch { button.textContent = "selected"; }
  });
  block.append(button);
}

/* What is chosen, as name and value. */
function chosen() {
  return Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value));
}

/* Whether what is known of a condition agrees with what is chosen; what is not known of it does not speak against it. */
const agrees = (of, asked) => of.split(";").map((each) => each.split("=")).every(([name, value]) => !(name in asked) || asked[name] === value);

/* Hide the rows of tables and pale the marks of figures that are of other conditions. */
function fit(within, asked) {
  for (const line of all("tr[data-of]", within)) line.hidden = !agrees(line.dataset.of, asked);
  for (const point of all(".point[data-of], [data-name]", within)) point.classList.toggle("dim", !agrees(point.dataset.of, asked));
}

/* Show the claims that fit what is chosen, and pale the conditions that do not. */
function sift() {
  const asked = chosen(), knobs = cells.filter((name) => name in asked), sought = lower(asked.search ?? "").split(" ");
  words ??= new Map(claims.map((claim) => [key(claim), lower(claim.querySelector("summary").textContent + " " + claim.querySelector(".words").textContent)]));
  for (const row of rows) {
    const marks = all(".mark", row), claim = named(row.dataset.key);
    const fitting = marks.filter((mark) => knobs.every((name) => mark.dataset.of.split(";").includes(name + "=" + asked[name])));
    for (const mark of marks) mark.classList.toggle("dim", !fitting.includes(mark));
    const said = Object.keys(asked).every((name) => name === "search" || cells.includes(name) || row.dataset[name].split(" ").includes(asked[name]));
    row.hidden = !(said && (!knobs.length || fitting.length) && sought.every((word) => words.get(key(claim)).includes(word)));
    claim.hidden = row.hidden;
    fit(claim, asked);
  }
  for (const chapter of all(".chapter")) chapter.hidden = !chapter.querySelector(".row:not([hidden])");
  for (const each of all("select, input", form)) each.classList.toggle("chosen", each.value.trim() !== "");
  form.querySelector("button").hidden = !Object.keys(asked).length;
  form.querySelector("output").textContent = rows.filter((row) => !row.hidden).length + " of " + rows.length + " claims";
}

/* The address of what is seen: open claims, then what is chosen. */
function address(first) {
  const open = claims.filter((claim) => claim.open).map(key), asked = Object.entries(chosen());
  const ordered = open.includes(first) ? [first, ...open.filter((each) => each !== first)] : open;
  const parts = [...ordered.map(encodeURIComponent), ...asked.map((pair) => pair.map(encodeURIComponent).join("="))];
  return parts.length ? "#" + parts.join("&") : location.pathname + location.search;
}

const tell = () => history.replaceState(null, "", address(location.hash.slice(1).split("&")[0]));

/* Make the page what its address says; a fragment that is of no claim and of no filter is left to the browser. */
function follow() {
  const parts = [...new URLSearchParams(location.hash.slice(1))], opened = parts.map(([name]) => named(name)).filter(Boolean);
  const asked = parts.filter(([name]) => form.elements.namedItem(name));
  if (parts.length && !opened.length && !asked.length) return sift();
  form.reset();
  for (const [name, value] of asked) form.elements.namedItem(name).value = value;
  for (const select of all("select", form)) if (select.selectedIndex < 0) select.value = "";
  for (const claim of claims) claim.open = opened.includes(claim);
  sift();
  opened[0]?.scrollIntoView();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']"), claim = link && named(link.getAttribute("href").slice(1));
  if (!claim || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  claim.hidden = false;
  claim.open = true;
  history.pushState(null, "", address(key(claim)));
  claim.scrollIntoView();
  claim.querySelector("summary").focus({ preventScroll: true });
});
for (const claim of claims) claim.addEventListener("toggle", tell);
for (const kind of ["input", "reset"]) form.addEventListener(kind, () => setTimeout(() => { sift(); tell(); }));
form.addEventListener("submit", (event) => event.preventDefault());
addEventListener("hashchange", follow);
document.documentElement.classList.add("live");
follow();
