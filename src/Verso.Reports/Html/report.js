"use strict";
// Draws what the tables of a report hold. The numbers are in the page, as JSON; ECharts draws; nothing is fetched.
(async () => {
    async function contentOf(id) {
        const element = document.getElementById(id);
        if (element.dataset.coding !== "gzip") return element.textContent;
        const bytes = Uint8Array.from(atob(element.textContent.trim()), letter => letter.charCodeAt(0));
        return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
    }

    const library = document.createElement("script");
    library.textContent = await contentOf("echarts");
    document.head.append(library);
    const report = JSON.parse(await contentOf("report-data"));
    const tables = new Map();
    const charts = new Map();
    for (const section of report.sections) {
        for (const block of section.blocks) {
            if (block.type === "table") tables.set(block.id, block);
            if (block.type === "chart") {
                charts.set(block.id, block);
                block.choices.forEach(table => tables.set(table.id, table));
            }
        }
    }

    const dark = matchMedia("(prefers-color-scheme: dark)");
    const still = matchMedia("(prefers-reduced-motion: reduce)");
    const colours = report.colours;
    const symbols = ["circle", "rect", "triangle", "diamond", "roundRect", "arrow"];
    const dashes = ["solid", "dashed", "dotted"];
    const whole = new Intl.NumberFormat("en-US");

    function shown(value, unit) {
        if (value === null || value === undefined) return "-";
        if (typeof value === "string") return value;
        if (unit === "address") return value.toString(16);
        if (unit === "bytes") {
            let scaled = value, at = 0;
            while (scaled >= (at === 0 ? 1024 : 1023.95) && at < 4) { scaled /= 1024; at++; }
            return at === 0 ? `${value} B` : `${scaled.toFixed(1)} ${"BKMGT"[at]}iB`;
        }
        if (unit === "ratio") return value.toFixed(1);
        if (unit === "seconds") return `${value.toFixed(3)} s`;
        return Number.isInteger(value) ? whole.format(value) : String(value);
    }

    const columnOf = (table, key) => table.columns.findIndex(column => column.key === key);

    // ---- a drawing for each kind of table: a function from the table to an option of ECharts ----

    function lines(chart, table, state) {
        const x = state.seconds ? 1 : 0;
        const unit = table.columns[2] ? table.columns[2].unit : "count";
        const series = table.lines;
        const every = Math.max(1, Math.ceil(table.rows.length / 12));
        return {
            legend: { type: "scroll", top: 4, data: series.map(each => each.name) },
            grid: { left: 78, right: 24, top: 48, bottom: 70 },
            tooltip: { trigger: "axis", confine: true, order: "valueDesc", valueFormatter: value => shown(value, unit) },
            xAxis: { type: "value", min: "dataMin", max: "dataMax", name: table.columns[x].title, nameLocation: "middle",
                nameGap: 26, axisLabel: { hideOverlap: true, formatter: value => state.seconds ? value : whole.format(value) } },
            yAxis: { type: state.log ? "log" : "value", axisLabel: { formatter: value => shown(value, unit) } },
            dataZoom: [{ type: "inside" }, { type: "slider", height: 16, bottom: 10 }],
            series: series.map(({ name, column }, at) => ({
                name, type: "line", showAllSymbol: true, symbol: symbols[at % symbols.length], symbolSize: 8,
                lineStyle: { width: 2, type: dashes[at % dashes.length] }, emphasis: { focus: "series" },
                // Of some points the symbol is drawn, of each line at others.
                data: table.rows.map((row, index) => ({
                    value: [row[x], state.log && row[column] === 0 ? null : row[column]],
                    symbol: index % every === (at * 3) % every ? undefined : "none",
                })),
                markLine: at === 0 && chart.limit && table.rows.some(row => row[2] > chart.limit.value / 20)
                    ? { silent: true, symbol: "none", data: [{ yAxis: chart.limit.value }],
                        label: { formatter: `${chart.limit.name} ${whole.format(chart.limit.value)}`, position: "insideEndTop" } }
                    : undefined,
            })),
        };
    }

    function bars(chart, table, state) {
        const stacked = chart.kind === "stack";
        return {
            legend: { type: "scroll", top: 4 },
            grid: { left: 8, right: 40, top: 48, bottom: 36, containLabel: true },
            tooltip: { trigger: "axis", axisPointer: { type: "shadow" }, confine: true },
            yAxis: { type: "category", inverse: true, data: table.rows.map(row => row[0]), axisLabel: { interval: 0 } },
            xAxis: { type: state.log ? "log" : "value", min: state.log ? 1 : 0, axisLabel: { hideOverlap: true, formatter: value => whole.format(value) } },
            series: table.columns.slice(1).map((column, at) => ({
                name: column.title, type: "bar", stack: stacked ? "all" : undefined, barMaxWidth: 22,
                tooltip: { valueFormatter: value => shown(value, column.unit) },
                data: table.rows.map(row => state.log && row[at + 1] === 0 ? null : row[at + 1]),
            })),
        };
    }

    function tree(chart, table, state) {
        const nodes = table.rows.map(row => ({
            name: row[2], value: row[3], children: [], row,
            symbolSize: 6 + 2 * Math.log2(1 + (row[3] || 0) / 1024),
        }));
        const roots = [];
        nodes.forEach((node, at) => (table.rows[at][1] < 0 ? roots : nodes[table.rows[at][1]].children).push(node));
        const root = roots.length === 1 ? roots[0] : { name: "recording", children: roots };
        const { levels } = opened(table, state.width);
        const across = (state.width - 24) / levels;
        return {
            tooltip: { confine: true, formatter: item => item.data.row
                ? table.columns.slice(2).map((column, at) =>
                    `${escaped(column.title)}: ${escaped(shown(item.data.row[at + 2], column.unit))}`).join("<br>")
                : "" },
            series: [{
                type: "tree", data: [root], orient: "LR", roam: true, left: 16, right: across, top: 8, bottom: 8,
                initialTreeDepth: levels - 1, expandAndCollapse: true, animationDuration: 200,
                // All of a name is in the tooltip.
                label: { position: "right", align: "left", width: Math.max(48, across - 24), overflow: "truncate",
                    backgroundColor: dark.matches ? "#14171a" : "#ffffff", formatter: item => item.data.row
                        ? `${item.name} ${shown(item.data.row[3], "bytes")}` : item.name },
            }],
        };
    }

    function strip(chart, table, state) {
        const across = Math.max(16, Math.min(64, Math.floor(state.width / 20)));
        const reasons = reasonsOf(table);
        const down = Math.ceil(table.rows.length / across);
        return {
            tooltip: { confine: true, formatter: item => escaped(`${item.data.row[2]} (${item.data.row[3]}): ${item.data.row[4]}`) },
            grid: { left: 8, right: 8, top: 8, bottom: 8 },
            xAxis: { type: "category", show: false, data: Array.from({ length: across }, (_, at) => at) },
            yAxis: { type: "category", show: false, inverse: true, data: Array.from({ length: down }, (_, at) => at) },
            series: [{
                type: "heatmap", progressive: 0,
                label: { show: true, formatter: item => item.data.row[2], color: "#14171a", fontSize: 11 },
                emphasis: { itemStyle: { borderColor: "#14171a", borderWidth: 2 } },
                data: table.rows.map((row, at) => ({
                    value: [at % across, Math.floor(at / across), 1], row,
                    itemStyle: { color: reasons.get(row[3]).colour, borderColor: dark.matches ? "#14171a" : "#ffffff", borderWidth: 1 },
                })),
            }],
            visualMap: { show: false, min: 0, max: 1, inRange: { opacity: [1, 1] } },
        };
    }

    function reasonsOf(table) {
        const reasons = new Map();
        for (const row of table.rows) {
            if (!reasons.has(row[3])) {
                reasons.set(row[3], { letter: row[2], count: 0, colour: row[3] === "unmapped"
                    ? report.colourOfNothing : colours[(reasons.size) % colours.length] });
            }
            reasons.get(row[3]).count += row[6];
        }
        return reasons;
    }

    function graph(chart, table) {
        const kind = columnOf(table, "kind"), links = columnOf(table, "links"), own = columnOf(table, "own"), how = columnOf(table, "how");
        const heights = [0, 1].map(column => table.rows.filter(row => row[1] === column).length);
        const step = 34, tallest = Math.max(...heights) * step;
        // What hangs on another object stands to the right of it.
        const above = new Map(table.rows.filter(row => row[1] === 1).map(row => [row[0], row[links]]));
        const depths = new Map();
        const depthOf = name => {
            if (!depths.has(name)) {
                depths.set(name, 0);
                depths.set(name, above.get(name) ? 1 + depthOf(above.get(name)) : 0);
            }
            return depths.get(name);
        };
        above.forEach((_, name) => depthOf(name));
        const indent = Math.min(190, 760 / Math.max(1, ...depths.values()));
        return {
            tooltip: { confine: true, formatter: item => escaped(item.dataType === "edge"
                ? `${item.data.source} to ${item.data.target} ${item.data.how && `(${item.data.how})`}` : `${item.data.name}: ${item.data.what}`) },
            series: [{
                type: "graph", layout: "none", roam: true, symbol: "rect", symbolSize: [130, 22],
                label: { show: true, fontSize: 11, color: "#14171a" }, edgeSymbol: ["none", "arrow"], edgeSymbolSize: 7,
                emphasis: { focus: "adjacency" },
                data: table.rows.map(row => ({
                    name: row[0], what: row[kind], x: row[1] === 0 ? 0 : 420 + indent * depths.get(row[0]), y: row[2] * tallest / Math.max(1, heights[row[1]]),
                    itemStyle: { color: row[1] === 0 ? "#a0cbe8" : row[kind].includes("root") ? "#f28e2b" : "#ffbe7d" },
                })),
                links: table.rows.flatMap(row => row[links].split(" ").filter(name => name).map(name => ({
                    source: row[0], target: name, how: row[how],
                    lineStyle: row[1] === 1 ? { type: "dashed", color: "#888" }
                        : { width: name === row[own] ? 2.5 : 1.2, color: name === row[own] ? "#4e79a7" : "#e15759" },
                    label: { show: row[1] === 0 && row[how] !== "", formatter: row[how], fontSize: 9 },
                }))),
            }],
        };
    }

    // To find out which of thousands of names overlap would take minutes.
    const named = (names, most) => ({ interval: Math.ceil(names.length / most) - 1, hideOverlap: names.length <= most });

    function matrix(chart, table) {
        const rows = [], columns = [];
        for (const row of table.rows) { rows[row[0]] = row[1]; columns[row[2]] = row[3]; }
        const points = own => table.rows.filter(row => (row[4] === "own") === own).map(row => [row[2], row[0]]);
        const size = Math.max(4, Math.min(12, 320 / Math.max(rows.length, columns.length / 2)));
        return {
            legend: { top: 4, data: ["new pages name it", "other links"] },
            tooltip: { confine: true, formatter: item => escaped(`${rows[item.value[1]]} in ${columns[item.value[0]]}`) },
            grid: { left: 8, right: 24, top: 40, bottom: 40, containLabel: true },
            xAxis: { type: "category", data: Array.from(columns, name => name || ""), axisLabel: named(columns, 24) },
            yAxis: { type: "category", inverse: true, data: rows, axisLabel: { ...named(rows, 32), fontSize: 10 } },
            dataZoom: [{ type: "inside", xAxisIndex: 0 }, { type: "inside", yAxisIndex: 0 }],
            series: [
                { name: "new pages name it", type: "scatter", progressive: 0, symbol: "rect", symbolSize: size, data: points(true) },
                { name: "other links", type: "scatter", progressive: 0, symbol: "circle", symbolSize: size, data: points(false) },
            ],
        };
    }

    const drawings = { lines, bars, stack: bars, tree, strip, graph, matrix };

    function heightOf(chart, table, width) {
        const rem = 16;
        if (chart.kind === "bars" || chart.kind === "stack") return Math.max(14 * rem, 90 + table.rows.length * (chart.kind === "bars" ? 40 : 26));
        if (chart.kind === "tree") return Math.min(90 * rem, Math.max(14 * rem, 22 * opened(table, width).leaves));
        if (chart.kind === "strip") return 16 + 22 * Math.ceil(table.rows.length / Math.max(16, Math.min(64, Math.floor(width / 20))));
        if (chart.kind === "graph") return Math.max(14 * rem, 30 * table.rows.filter(row => row[1] === 0).length);
        return 0;
    }

    // What is open at first: so many levels that some 60 nodes are seen and names can be read, two at least.
    function opened(table, width) {
        const depths = [], levels = [];
        table.rows.forEach((row, at) => {
            depths[at] = row[1] < 0 ? 0 : depths[row[1]] + 1;
            levels[depths[at]] = (levels[depths[at]] || 0) + 1;
        });
        const roots = levels[0];
        let seen = 0, open = 0;
        while (open < levels.length && (open < 2 || (seen + levels[open] <= 60 && open < width / 130))) seen += levels[open++];
        const rows = table.rows.filter((row, at) => depths[at] < open);
        const parents = new Set(rows.map(row => row[1]));
        return { levels: roots > 1 ? open + 1 : open, leaves: rows.filter(row => !parents.has(row[0])).length };
    }

    const escaped = words => String(words).replace(/[&<>"]/g, letter => `&#${letter.charCodeAt(0)};`);

    function csv(table) {
        const quoted = cell => cell === null ? "" : /[",\n]/.test(String(cell)) ? `"${String(cell).replace(/"/g, '""')}"` : String(cell);
        return [table.columns.map(column => column.key), ...table.rows].map(row => row.map(quoted).join(",")).join("\n") + "\n";
    }

    function save(table) {
        const link = document.createElement("a");
        link.href = URL.createObjectURL(new Blob([csv(table)], { type: "text/csv" }));
        link.download = `${table.id}.csv`;
        link.click();
        URL.revokeObjectURL(link.href);
    }

    function button(words, action) {
        const made = document.createElement("button");
        made.type = "button";
        made.textContent = words;
        made.addEventListener("click", action);
        return made;
    }

    const mostRows = 500;

    function tableElement(table) {
        const made = document.createElement("table");
        const head = made.createTHead().insertRow();
        table.columns.forEach(column => {
            const cell = document.createElement("th");
            cell.textContent = column.title;
            cell.className = column.unit === "none" ? "word" : "";
            head.append(cell);
        });
        const body = made.createTBody();
        for (const row of table.rows.slice(0, mostRows)) {
            const line = body.insertRow();
            row.forEach((cell, at) => {
                const made = line.insertCell();
                made.textContent = shown(cell, table.columns[at].unit);
                made.className = table.columns[at].unit === "none" ? (String(cell).length > 60 ? "word long" : "word") : "";
            });
        }
        return made;
    }

    class Drawing {
        constructor(chart) {
            this.chart = chart;
            this.figure = document.getElementById(chart.id);
            this.place = this.figure.querySelector(".chart");
            this.controls = this.figure.querySelector(".controls");
            this.said = this.figure.querySelector("output");
            this.numbers = this.figure.querySelector("details");
            this.state = { choice: 0, seconds: false, log: chart.isLogarithmic, at: -1, width: 0 };
            this.addControls();
            this.place.addEventListener("keydown", event => this.onKey(event));
            this.numbers.addEventListener("toggle", () => this.fillNumbers());
        }

        get table() { return this.chart.choices[this.state.choice]; }

        addControls() {
            const { chart, controls } = this;
            if (chart.choices.length > 1) {
                const label = document.createElement("label");
                label.textContent = `${chart.choice} `;
                const select = document.createElement("select");
                chart.choices.forEach((table, at) => select.add(new Option(table.title, at)));
                select.addEventListener("change", () => { this.state.choice = Number(select.value); this.state.at = -1; this.draw(); });
                label.append(select);
                controls.append(label);
            }
            if (chart.kind === "lines" && this.table.rows.some(row => row[1] !== null)) this.addToggle("by time", "seconds");
            if (chart.kind === "lines" || chart.kind === "bars") this.addToggle("logarithmic", "log");
            controls.append(button("CSV", () => save(this.table)));
        }

        addToggle(words, key) {
            const label = document.createElement("label");
            const box = document.createElement("input");
            box.type = "checkbox";
            box.checked = this.state[key];
            box.addEventListener("change", () => { this.state[key] = box.checked; this.draw(); });
            label.append(box, ` ${words}`);
            this.controls.append(label);
        }

        draw() {
            const { chart, table, state } = this;
            state.width = this.place.clientWidth;
            const height = heightOf(chart, table, state.width);
            this.place.style.height = height ? `${height}px` : "";
            if (!this.drawn || this.wasDark !== dark.matches) {
                this.drawn?.dispose();
                this.wasDark = dark.matches;
                this.drawn = echarts.init(this.place, dark.matches ? "dark" : null,
                    { renderer: ["lines", "strip", "matrix"].includes(chart.kind) ? "canvas" : "svg" });
                this.drawn.on("click", item => this.choose(item.dataIndex));
            } else {
                this.drawn.resize();
            }
            this.drawn.setOption({
                backgroundColor: "transparent", animation: !still.matches && chart.kind === "tree", color: colours,
                aria: { enabled: true, label: { enabled: false }, decal: { show: chart.kind === "bars" || chart.kind === "stack" } },
                ...drawings[chart.kind](chart, table, state),
            }, true);
            this.place.setAttribute("aria-label", `${chart.title}. ${chart.description}`);
            this.figure.querySelector(".hidden").textContent = table.hidden;
            this.key();
            this.fillNumbers();
        }

        key() {
            if (this.chart.kind !== "strip") return;
            let list = this.figure.querySelector(".key");
            if (!list) {
                list = document.createElement("ul");
                list.className = "key";
                this.place.after(list);
            }
            list.replaceChildren(...[...reasonsOf(this.table)].map(([reason, { letter, count, colour }]) => {
                const item = document.createElement("li");
                const box = document.createElement("b");
                box.textContent = letter;
                box.style.background = colour;
                item.append(box, `${reason} (${whole.format(count)})`);
                return item;
            }));
        }

        fillNumbers() {
            if (!this.numbers.open) return;
            const box = this.numbers.querySelector(".scroll");
            box.replaceChildren(tableElement(this.table));
            const more = this.table.rows.length - mostRows;
            this.numbers.querySelector(".more").textContent = more > 0 ? `${whole.format(more)} more rows in the CSV` : "";
        }

        onKey(event) {
            const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };
            if (event.key === "Enter" || event.key === " ") {
                this.choose(this.state.at);
            } else if (event.key in steps) {
                this.move(steps[event.key]);
            } else {
                return;
            }
            event.preventDefault();
        }

        move(step) {
            const last = this.table.rows.length - 1;
            this.state.at = Math.min(last, Math.max(0, this.state.at + step));
            const at = this.state.at;
            this.drawn?.dispatchAction({ type: "downplay", seriesIndex: 0 });
            this.drawn?.dispatchAction({ type: "highlight", seriesIndex: 0, dataIndex: at });
            this.drawn?.dispatchAction({ type: "showTip", seriesIndex: 0, dataIndex: at });
            this.say(at);
        }

        choose(at) {
            if (at < 0 || !this.table.rows[at]) return;
            this.state.at = at;
            this.say(at);
        }

        say(at) {
            const { table } = this;
            const row = table.rows[at];
            if (!row) return;
            if (this.chart.kind === "strip") {
                this.said.textContent = `${row[2]} ${row[3]}: ${row[4]}${row[5] ? `. To do: ${row[5]}` : ""}`;
                return;
            }
            this.said.textContent = table.columns.map((column, cell) => `${column.title}: ${shown(row[cell], column.unit)}`).join(", ");
        }
    }

    const drawings_ = new Map([...charts.values()].filter(chart => document.getElementById(chart.id))
        .map(chart => [chart.id, new Drawing(chart)]));
    const near = new IntersectionObserver(entries => entries.filter(entry => entry.isIntersecting).forEach(entry => {
        near.unobserve(entry.target);
        drawings_.get(entry.target.id).draw();
    }), { rootMargin: "300px" });
    drawings_.forEach((drawing, id) => near.observe(document.getElementById(id)));
    const drawAll = () => drawings_.forEach(drawing => { if (!drawing.drawn) drawing.draw(); });
    addEventListener("beforeprint", () => { drawAll(); drawings_.forEach(drawing => drawing.drawn.resize()); });
    dark.addEventListener("change", () => drawings_.forEach(drawing => drawing.drawn && drawing.draw()));
    let waiting = 0;
    new ResizeObserver(() => {
        clearTimeout(waiting);
        waiting = setTimeout(() => drawings_.forEach(drawing =>
            drawing.drawn && drawing.place.clientWidth !== drawing.state.width && drawing.draw()), 150);
    }).observe(document.body);
    document.querySelectorAll("button[data-table]").forEach(made =>
        made.addEventListener("click", () => save(tables.get(made.dataset.table))));
    window.verso = { report, drawings: drawings_, drawAll };
    document.documentElement.dataset.ready = "true";
})();
