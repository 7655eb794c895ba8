// Tables whose headings hold buttons: a press sorts by that column, another one turns the order round. What is undefined stays last.
for (const table of document.querySelectorAll("table.sortable")) {
  const headings = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  const value = (row, column) => row.cells[column].dataset.value ?? row.cells[column].textContent;
  const compare = (one, other) => (isNaN(one) || isNaN(other) ? one.localeCompare(other) : one - other);
  for (const [column, heading] of headings.entries()) {
    heading.querySelector("button")?.addEventListener("click", () => {
      const rising = heading.getAttribute("aria-sort") !== "ascending";
      for (const other of headings) if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
      heading.setAttribute("aria-sort", rising ? "ascending" : "descending");
      body.append(...[...body.rows].sort((one, other) => {
        const [first, second] = [value(one, column), value(other, column)];
        if (first === "" || second === "") return (first === "") - (second === "");
        return rising ? compare(first, second) : compare(second, first);
      }));
    });
  }
}
