/* Each table as a CSV file: an interval and a count take columns of their own, remarks stand in the last, pictures are left out. */
const NUMBER = "(-?\\d[\\d.]*(?:e-?\\d+)?)";
const SPLIT = [
  [new RegExp(`^${NUMBER}(?: \\[(?:${NUMBER}, ${NUMBER}|no interval)\\])?$`), "[", ["", " low", " high"]],
  [/^(\d+) of (\d+)(?: behave)?$/, " of ", ["", " of"]],
];
const plain = (text) => text.replace(/\s+/g, " ").replace(/−(?=\d)/g, "-").trim();

/* What a cell says, and what is remarked on it. */
function read(cell) {
  const copy = cell.cloneNode(true), asides = all(".quiet, .was", copy);
  for (const each of asides) each.remove();
  const said = plain(copy.textContent);
  return { said: ["not defined", "–"].includes(said) ? "" : said, remarks: asides.map((each) => plain(each.textContent)) };
}

/* A column of the table as one or more of the file, each its head and its cells. */
function columns(head, cells) {
  const called = head.replace(", with its interval", ""), filled = cells.filter(Boolean);
  const found = SPLIT.find(([form, sign]) => filled.every((cell) => form.test(cell)) && filled.some((cell) => cell.includes(sign)));
  if (!found) return [[called, ...cells]];
  return found[2].map((tail, part) => [called + tail, ...cells.map((cell) => found[0].exec(cell)?.[part + 1] ?? "")]);
}

/* A field of the file; what a spreadsheet would take for a formula becomes text. */
function field(text) {
  const safe = /^[-=+@]/.test(text) && Number.isNaN(Number(text)) ? "'" + text : text;
  return /[",]/.test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe;
}

function csv(table) {
  const rows = all("tbody tr", table).map((row) => [...row.cells]), grid = rows.map((row) => row.map(read));
  const shown = all("thead th", table).map((head, at) => [plain(head.textContent), at]).filter(([, at]) => !rows.some((row) => row[at].querySelector(".bar")));
  const found = shown.flatMap(([head, at]) => columns(head, grid.map((row) => row[at].said)));
  const remarks = grid.map((row) => row.flatMap((cell) => cell.remarks).join("; "));
  if (remarks.some(Boolean)) found.push(["remarks", ...remarks]);
  return found[0].map((_, line) => found.map((column) => field(column[line])).join(",") + "\r\n").join("");
}

/* A button below a table that saves it. */
function savable(block) {
  const button = document.createElement("button"), table = block.querySelector("table"), caption = plain(table.caption.textContent);
  button.textContent = "CSV";
  button.className = "save";
  button.setAttribute("aria-label", "CSV: " + caption);
  button.addEventListener("click", () => {
    const link = document.createElement("a"), name = [block.closest(".told").id, caption].join(" ").toLowerCase();
    /* A spreadsheet takes a file for UTF-8 by its first sign. */
    link.href = URL.createObjectURL(new Blob(["\ufeff", csv(table)], { type: "text/csv" }));
    link.download = (name.match(/[a-z0-9]+/g) ?? ["table"]).join("-").slice(0, 60) + ".csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  });
  block.after(button);
}
all(".wide").forEach(savable);
