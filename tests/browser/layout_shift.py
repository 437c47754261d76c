"""What moves on a page without being asked."""

# An init script: `window.shifts` lists each layout shift with what moved. Those after an input are not counted by
# browsers' own measure; here all are, for no test counts them right after a click.
SHIFTS = """
window.shifts = [];
const named = ({ node }) => node?.id || node?.className || node?.nodeName;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shifts.push([entry.value, ...entry.sources.map(named)]);
}).observe({ type: "layout-shift", buffered: true });
"""
