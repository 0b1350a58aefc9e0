"use strict";
// One section at a time, by the keys of verso step on a terminal. Without it all of them stand below each other.
(() => {
    const sections = [...document.querySelectorAll("main.stepped > section")];
    const links = [...document.querySelectorAll("nav a")];
    const marks = { f: "fork", m: "merge", r: "refusal", e: "error" };
    let at = 0, typed = "";

    const bar = document.createElement("div");
    bar.className = "controls";
    const said = document.createElement("output");
    said.setAttribute("aria-live", "polite");
    const button = (words, action) => {
        const made = document.createElement("button");
        made.type = "button";
        made.textContent = words;
        made.addEventListener("click", action);
        bar.append(made);
    };

    function show(to, push) {
        at = Math.max(0, Math.min(to, sections.length - 1));
        sections.forEach((section, index) => { section.hidden = index !== at; });
        links.forEach((link, index) => link.toggleAttribute("aria-current", index === at));
        said.textContent = `${at + 1} of ${sections.length}`;
        if (push) history.replaceState(null, "", `#${sections[at].id}`);
    }

    function find(mark, step) {
        for (let to = at + step; to >= 0 && to < sections.length; to += step) {
            if ((sections[to].dataset.marks || "").split(" ").includes(mark)) return show(to, true);
        }
        said.textContent = `no ${step > 0 ? "later" : "earlier"} ${mark}`;
    }

    function press(event) {
        if (event.ctrlKey || event.altKey || event.metaKey) return;
        const key = event.key;
        if (/^[0-9]$/.test(key)) {
            typed = (typed + key).slice(0, 12);
            said.textContent = `go to ${typed}, Enter`;
            return;
        }
        const number = typed;
        typed = "";
        if (key === "Enter" && number) {
            const to = sections.findIndex(section => section.id === `step-${number}`);
            to < 0 ? said.textContent = `there is no step ${number} here` : show(to, true);
        } else if (key === "ArrowRight" || key === "n" || key === "l") show(at + 1, true);
        else if (key === "ArrowLeft" || key === "p" || key === "h" || key === "Backspace") show(at - 1, true);
        else if (key === "Home") show(0, true);
        else if (key === "End") show(sections.length - 1, true);
        else if (marks[key.toLowerCase()]) find(marks[key.toLowerCase()], key === key.toLowerCase() ? 1 : -1);
        else return;
        event.preventDefault();
    }

    button("← back", () => show(at - 1, true));
    button("next →", () => show(at + 1, true));
    for (const [key, mark] of Object.entries(marks)) button(`${mark} (${key})`, () => find(mark, 1));
    bar.append(said);
    document.querySelector("main").before(bar);
    const named = () => Math.max(0, sections.findIndex(section => `#${section.id}` === location.hash));
    addEventListener("keydown", press);
    addEventListener("hashchange", () => show(named(), false));
    addEventListener("beforeprint", () => sections.forEach(section => { section.hidden = false; }));
    addEventListener("afterprint", () => show(at, false));
    show(named(), false);
    document.documentElement.dataset.ready = "true";
})();
