"use strict";
(() => {
  const run = JSON.parse(document.getElementById("run").textContent);
  const library = window.LightweightCharts;
  if (!library || run.equity.length < 2) return;
  const byId = (id) => document.getElementById(id);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const faded = (name, part) => colour(name) + Math.round(part * 255).toString(16).padStart(2, "0");
  const points = (rows) => rows.map(([time, value]) => ({ time, value }));
  const percent = (digits) => (value) => `${(value * 100).toFixed(digits)} %`;
  const money = (value) => Math.round(value).toLocaleString("en");
  const plain = (value) => value.toFixed(2);
  const price = (value) => value.toLocaleString("en", { maximumSignificantDigits: 6 });
  const day = (time) => new Date(time * 1000).toISOString().slice(0, 10);
  const seriesColours = ["#8957e5", "#1a9e96", "#d4733a", "#c2539a", "#6b8e23", "#4d7ea8"];

  function themed() {
    return {
      layout: {
        background: { color: "transparent" }, textColor: colour("soft"), fontFamily: "system-ui, sans-serif", fontSize: 12,
        panes: { separatorColor: colour("rule"), separatorHoverColor: colour("rule") },
      },
      grid: { vertLines: { color: faded("rule", 0.5) }, horzLines: { color: faded("rule", 0.5) } },
      rightPriceScale: { borderColor: colour("rule") },
      timeScale: { borderColor: colour("rule"), minBarSpacing: 0.05 },
    };
  }

  function newChart(id) {
    const options = { autoSize: true, handleScroll: { vertTouchDrag: false }, crosshair: { mode: 0 }, ...themed() };
    const chart = library.createChart(byId(id), options);
    dark.addEventListener("change", () => chart.applyOptions(themed()));
    return chart;
  }

  const valued = (formatter, minMove) => ({ type: "custom", formatter, minMove });
  const quiet = { lastValueVisible: false, priceLineVisible: false, lineWidth: 2 };

  // ── equity, drawdown, exposure and Sharpe over one time axis ─────────────────────────────────────────────────────

  function overTime() {
    const chart = newChart("over-time");
    const shown = [], narrow = window.innerWidth < 640;
    function line(name, rows, pane, options, write) {
      const kind = options.area ? library.AreaSeries : library.LineSeries;
      const format = { priceFormat: valued(write, write === money ? 1 : 0.0001) };
      const series = chart.addSeries(kind, { ...quiet, ...format, ...options }, pane);
      series.setData(points(rows));
      const values = new Map(rows);
      const one = { name, series, values, write, color: options.color || options.lineColor, toggles: options.toggles };
      shown.push(one);
      return series;
    }
    line("portfolio", run.equity, 0, { color: colour("own") }, money);
    if (run.weekly.length) line("bought weekly", run.weekly, 0, { color: colour("weekly"), lineWidth: 1, toggles: true }, money);
    if (run.held.length) line("buy and hold", run.held, 0, { color: colour("held"), lineWidth: 1, toggles: true }, money);
    Object.entries(run.books).forEach(([book, rows], index) => {
      const look = { color: seriesColours[index % seriesColours.length], lineWidth: 1, visible: false, toggles: true };
      line(book, rows, 0, look, money);
    });
    const wet = { area: true, lineColor: colour("wet"), topColor: "transparent", bottomColor: faded("wet", 0.25), lineWidth: 1, invertFilledArea: true };
    const drawdown = line("drawdown", run.drawdown, 1, wet, percent(1));
    Object.entries(run.thresholds).forEach(([level, at]) => drawdown.createPriceLine({
      price: at, color: colour(level.toLowerCase()), lineWidth: 1, lineStyle: 2, axisLabelVisible: !narrow, title: narrow ? "" : level,
    }));
    levelBands(chart);
    line("exposure", run.exposure, 2, { area: true, lineColor: colour("own"), topColor: faded("own", 0.3), bottomColor: "transparent", lineWidth: 1 }, percent(0));
    if (run.sharpe.length) {
      const sharpe = line("Sharpe of 90 days", run.sharpe, 3, { color: colour("held"), lineWidth: 1 }, plain);
      sharpe.createPriceLine({ price: 0, color: colour("soft"), lineWidth: 1, lineStyle: 1, axisLabelVisible: false });
    }
    chart.panes().forEach((pane, index) => pane.setStretchFactor([4, 2, 1, 1.3][index]));
    legend(chart, shown);
    chart.timeScale().fitContent();
    spans(chart);
    byId("logarithmic").addEventListener("change", (event) => {
      chart.priceScale("right", 0).applyOptions({ mode: event.target.checked ? 1 : 0 });
    });
  }

  function levelBands(chart) {
    if (!run.levels.length) return;
    const bands = chart.addSeries(library.HistogramSeries, {
      priceScaleId: "levels", lastValueVisible: false, priceLineVisible: false,
      autoscaleInfoProvider: () => ({ priceRange: { minValue: 0, maxValue: 1 } }),
    }, 1);
    bands.priceScale().applyOptions({ scaleMargins: { top: 0, bottom: 0 } });
    let next = 0, level = "NORMAL";
    bands.setData(run.drawdown.map(([time]) => {
      while (next < run.levels.length && run.levels[next][0] <= time) level = run.levels[next++][1];
      return level === "NORMAL" ? { time } : { time, value: 1, color: faded(level.toLowerCase(), 0.22) };
    }));
  }

  function legend(chart, shown) {
    const box = byId("legend");
    const date = box.appendChild(document.createElement("b"));
    const entries = shown.map((one) => {
      const entry = box.appendChild(document.createElement(one.toggles ? "button" : "span"));
      entry.className = "entry";
      entry.style.setProperty("--colour", one.color);
      const name = entry.appendChild(document.createElement("span"));
      name.textContent = one.name;
      const value = entry.appendChild(document.createElement("output"));
      if (one.toggles) {
        const press = () => entry.setAttribute("aria-pressed", String(one.series.options().visible));
        entry.addEventListener("click", () => {
          one.series.applyOptions({ visible: !one.series.options().visible });
          press();
        });
        press();
      }
      return { one, value };
    });
    const last = run.equity[run.equity.length - 1][0];
    function tell(time) {
      date.textContent = day(time);
      entries.forEach(({ one, value }) => {
        const at = time === last ? [...one.values.keys()].pop() : time;
        value.textContent = one.values.has(at) ? one.write(one.values.get(at)) : "–";
      });
    }
    tell(last);
    chart.subscribeCrosshairMove((at) => tell(at.time === undefined ? last : at.time));
  }

  function spans(chart) {
    const first = run.equity[0][0], last = run.equity[run.equity.length - 1][0];
    document.querySelectorAll("[data-days]").forEach((button) => button.addEventListener("click", () => {
      const days = Number(button.dataset.days);
      if (!days) return chart.timeScale().fitContent();
      chart.timeScale().setVisibleRange({ from: Math.max(first, last - days * 86400), to: last });
    }));
  }

  // ── orders on candles ────────────────────────────────────────────────────────────────────────────────────────────

  function onCandles() {
    const symbols = Object.keys(run.candles).filter((symbol) => run.candles[symbol].length > 1);
    if (!symbols.length) return byId("candles-section").remove();
    const chart = newChart("candles");
    const candles = chart.addSeries(library.CandlestickSeries, {
      upColor: colour("gain"), borderUpColor: colour("gain"), wickUpColor: colour("gain"),
      downColor: colour("loss"), borderDownColor: colour("loss"), wickDownColor: colour("loss"),
      priceLineVisible: false, priceFormat: valued(price, 0.0001),
    });
    const marks = library.createSeriesMarkers(candles, []);
    const select = byId("symbol"), books = byId("book");
    symbols.forEach((symbol) => select.add(new Option(symbol, symbol)));
    ["all books", ...Object.keys(run.books)].forEach((book, index) => books.add(new Option(book, index ? book : "")));
    let ordersByDay = new Map();
    function draw() {
      const rows = run.candles[select.value];
      candles.setData(rows.map(([time, open, high, low, close]) => ({ time, open, high, low, close })));
      const first = rows[0][0], last = rows[rows.length - 1][0];
      const chosen = run.orders.filter(([, symbol, , , , book]) => symbol === select.value && (!books.value || book === books.value));
      ordersByDay = Map.groupBy ? Map.groupBy(chosen, dayOf) : grouped(chosen, dayOf);
      marks.setMarkers([...ordersByDay].filter(([time]) => time >= first && time <= last).sort(([a], [b]) => a - b).flatMap(marksOf));
      tell(null);
    }
    const dayOf = ([time]) => Math.floor(time / 86400) * 86400;
    const grouped = (rows, key) => rows.reduce((found, row) => found.set(key(row), [...(found.get(key(row)) || []), row]), new Map());
    function marksOf([time, orders]) {
      const sides = new Set(orders.map(([, , side]) => side));
      return [...sides].map((side) => side === "buy"
        ? { time, position: "belowBar", shape: "arrowUp", color: colour("gain"), size: 0.8 }
        : { time, position: "aboveBar", shape: "arrowDown", color: colour("loss"), size: 0.8 });
    }
    function tell(time) {
      const box = byId("orders");
      const orders = time === null ? [] : ordersByDay.get(time) || [];
      const rest = orders.length > 6 ? [`and ${orders.length - 6} more`] : [];
      box.replaceChildren(...[...orders.slice(0, 6).map(sentence), ...rest].map((text) => {
        const item = document.createElement("li");
        item.textContent = text;
        return item;
      }));
      if (!orders.length) box.textContent = time === null ? "Point at a day with an arrow to see its orders and the rules behind them." : `${day(time)}: no orders.`;
    }
    const sentence = ([time, , side, quantity, at, book, rule, id]) =>
      `${day(time)} ${side} ${price(quantity)} at ${price(at)} · ${book} ${rule || "stop"} · ${id}`;
    chart.subscribeCrosshairMove((at) => tell(at.time === undefined ? null : at.time));
    select.addEventListener("change", () => { draw(); chart.timeScale().fitContent(); });
    books.addEventListener("change", draw);
    const busiest = symbols.reduce((best, symbol) => run.orders.filter((order) => order[1] === symbol).length > run.orders.filter((order) => order[1] === best).length ? symbol : best);
    select.value = busiest;
    draw();
    const rows = run.candles[busiest];
    const from = rows[Math.max(0, rows.length - 365)][0];
    chart.timeScale().setVisibleRange({ from, to: rows[rows.length - 1][0] });
  }

  document.documentElement.classList.add("interactive");
  overTime();
  onCandles();
})();
