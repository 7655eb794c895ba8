// Buttons that copy the line beside them; where the browser forbids it, the line is selected to be copied by hand.
for (const button of document.querySelectorAll("button.copy")) {
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    const line = button.parentElement.querySelector("code");
    try {
      await navigator.clipboard.writeText(line.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(line);
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}
