"""The page's look: Gradio's variables, set to those of palette.css, as in the static edition."""

from __future__ import annotations

import gradio as gr

# In palette.css each colour has a value for light and one for dark pages.
COLOURS = {
    "accent": (
        "border_color_accent", "color_accent", "loader_color", "stat_background_fill",
        "link_text_color", "link_text_color_hover", "link_text_color_active",
        "link_text_color_visited", "button_secondary_border_color_hover",
        "button_primary_background_fill", "button_primary_background_fill_hover",
        "input_border_color_focus", "input_border_color_hover",
    ),
    "ink": (
        "body_text_color", "block_label_text_color", "block_title_text_color", "table_text_color",
        "button_secondary_text_color", "button_secondary_text_color_hover",
    ),
    "soft": ("body_text_color_subdued", "block_info_text_color", "input_placeholder_color"),
    "paper": (
        "background_fill_primary", "block_background_fill", "block_label_background_fill",
        "input_background_fill", "input_background_fill_focus", "input_background_fill_hover",
        "button_secondary_background_fill", "button_secondary_background_fill_hover",
        "button_primary_text_color", "button_primary_text_color_hover",
        "table_even_background_fill", "table_odd_background_fill", "code_background_fill",
    ),
    "line": (
        "border_color_primary", "block_border_color", "block_label_border_color",
        "button_secondary_border_color", "input_border_color", "table_border_color",
    ),
    "desk": ("body_background_fill", "background_fill_secondary", "color_accent_soft"),
}  # fmt: skip


def theme() -> gr.themes.Base:
    """One accent, one font stack, quiet buttons with a thin line, paper on a desk."""
    sizes = gr.themes.sizes
    look = gr.themes.Base(
        spacing_size=sizes.spacing_md,
        radius_size=sizes.radius_md,
        text_size=sizes.text_md,
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
    values = {name: f"var(--{colour})" for colour, names in COLOURS.items() for name in names}
    values |= {f"{name}_dark": value for name, value in values.items() if name != "color_accent"}
    widths = {f"{part}_border_width": "1px" for part in ("button", "block", "input")}
    widths |= {f"{name}_dark": width for name, width in widths.items()}
    radii = {f"button_{size}_radius": "10px" for size in ("small", "medium", "large")}
    weights = {f"button_{size}_text_weight": "400" for size in ("small", "medium", "large")}
    return look.set(
        **values, **widths, **radii, **weights, block_radius="12px", block_shadow="none"
    )
