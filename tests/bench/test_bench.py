"""The arithmetic of the benchmark. Its figures depend on the machine that it runs on."""

import json
from pathlib import Path

import pytest

from bench.__main__ import ROWS, met, plot, ratio, table
from bench.load import carried, ramp
from bench.load import table as capacity_table
from bench.servers import BENCH_FOLDER


def test_the_median_of_the_rounds_ratios_counts() -> None:
    assert ratio([(2.0, 1.0), (9.0, 1.0), (3.0, 2.0)]) == 2.0


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("one_client", 1.05, "aim"),
        ("one_client", 1.2, "yes"),
        ("one_client", 1.21, "NO"),
        ("rate", 1.3, "aim"),
        ("rate", 0.95, "yes"),
        ("rate", 0.94, "NO"),
    ],
)
def test_limits_hold_in_their_own_direction(name: str, value: float, expected: str) -> None:
    assert met(name, value) == expected


def test_aims_are_stricter_than_limits() -> None:
    for _, _, direction, limit, aim in ROWS.values():
        assert aim < limit if direction == "at most" else aim > limit


def test_every_row_is_in_the_table_and_the_plot_is_made(tmp_path: Path) -> None:
    results = {name: [(1.0, 2.0)] for name in ROWS}
    lines = table(results).splitlines()
    assert len(lines) == 2 + len(ROWS)
    assert "| 0.5x | at most 1.2x | 1.05x | aim |" in table(results)
    plot(results, tmp_path / "ratios.png")
    assert (tmp_path / "ratios.png").stat().st_size > 1000


def test_visitors_double_until_too_slow_and_then_halve_the_gap() -> None:
    asked = []

    def step(visitors: int) -> dict[str, int]:
        asked.append(visitors)
        return {"visitors": visitors, "failed": 0, "p95_ms": visitors}

    rows = ramp(step, lambda row: carried(row, alone=13))
    assert asked == [25, 50, 100, 200, 150]
    steps = {"steps": rows, "carried": 100, "p50_ms_of_one_visitor": 13}
    assert "| 2 | 100 | 7.7x | 0 |" in capacity_table({"2": steps})
    assert not carried({"failed": 1, "p95_ms": 1}, alone=13)


def test_the_page_shows_what_was_measured_in_the_browser() -> None:
    stored = json.loads((BENCH_FOLDER / "in_browser.json").read_text())
    page = (BENCH_FOLDER / "README.md").read_text()
    for key in ("one_reading_ms", "move_to_bars_ms", "move_to_bars_all_open_ms"):
        times = stored[key]
        assert f"| {times['p50']:.1f} ms | {times['p95']:.1f} ms |" in page
    assert f"{stored['opened_to_bars']}x of the Gradio page's time" in page
    visit = stored["static_first_visit"]
    assert f"{visit['bytes']:,} bytes in {visit['requests']} requests" in " ".join(page.split())
