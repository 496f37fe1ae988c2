// A series as bars, drawn by uPlot. The clock at the bottom is that of the time zone which was asked for.

/* global uPlot */

// From a step of so many seconds on: how a time is written, and what stands below the first of a year, and of a day.
const times = [
  [365 * 86_400, "{YYYY}", null, null, null, null, null, null, 1],
  [28 * 86_400, "{YYYY}-{MM}", null, null, null, null, null, null, 1],
  [86_400, "{MM}-{DD}", "\n{YYYY}", null, null, null, null, null, 1],
  [60, "{HH}:{mm}", "\n{YYYY}-{MM}-{DD}", null, "\n{MM}-{DD}", null, null, null, 1],
];

let chart = null;

/** Draws the points of a series into a box; the box gets a name that says what it shows. */
export function draw(box, series, zone) {
  const { color: quiet, borderTopColor: line, outlineColor: accent } = getComputedStyle(box);
  const data = [series.points.map(point => Date.parse(point.start) / 1000), series.points.map(point => point.count)];
  const axis = { stroke: quiet, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  const step = data[0].length > 1 ? data[0].at(-1) - data[0].at(-2) : 60; // so that the last bar has room
  chart?.destroy();
  chart = new uPlot({
    width: box.clientWidth,
    height: 300,
    tzDate: seconds => uPlot.tzDate(new Date(seconds * 1000), zone),
    scales: { x: { range: (_, min, max) => [min, max + step] }, y: { range: (_, min, max) => [0, Math.max(1, max)] } },
    axes: [{ ...axis, values: times }, { ...axis, size: 70, values: (_, ticks) => ticks.map(tick => Number.isInteger(tick) ? tick.toLocaleString("en") : "") }],
    series: [
      { value: "{YYYY}-{MM}-{DD} {HH}:{mm}" },
      { label: `${series.type} by ${series.granularity}`, stroke: accent, fill: accent, paths: uPlot.paths.bars({ size: [0.9, 60], align: 1 }), points: { show: false } },
    ],
  }, data, box);
  box.setAttribute("aria-label", `${series.type} of ${series.videoId} by ${series.granularity}: ${series.points.length} points`);
}

new ResizeObserver(([box]) => chart?.setSize({ width: box.contentRect.width, height: 300 })).observe(document.getElementById("chart"));
