"""How all pages look, beyond what the theme can say: room, phones, the system's own contrast colours, and the texts of
Streamlit's own upload field."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard.i18n import _

_LOGO = Path(__file__).parent / "logo.svg"
ICON = Path(__file__).parent / "icon.svg"
_STYLE = """<style>
[data-testid="stMainBlockContainer"] { padding-top: 4rem; padding-bottom: 4rem; }
[data-testid="stBottomBlockContainer"] { padding-top: 0.75rem; padding-bottom: 1rem; }
h1 { overflow-wrap: anywhere; }
.stButton em {  /* see `text.about` */
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}
:lang(ko) :is([data-testid="stMarkdownContainer"], [data-testid="stCaptionContainer"]) :is(p, li),
:lang(ko) :is(h1, h2, h3) {
  word-break: keep-all; overflow-wrap: anywhere;
}
[data-testid="stFileUploaderDropzone"] button [data-testid="stMarkdownContainer"] p { display: none; }
[data-testid="stFileUploaderDropzone"] button [data-testid="stMarkdownContainer"]::after {
  content: "UPLOAD"; font-size: 0.875rem;
}
[data-testid="stFileUploaderDropzoneInstructions"], [data-testid="InputInstructions"] { display: none; }
[data-testid="stFileChip"][aria-invalid="true"] [data-testid="stFileChipName"] + div { font-size: 0; }
[data-testid="stFileChip"][aria-invalid="true"] [data-testid="stFileChipName"] + div::after {
  content: "REFUSED"; font-size: 0.875rem; white-space: normal;
}
[data-testid="stFileUploaderDropzone"]:has([data-testid="stFileChipIconSpinner"])::after {
  content: "STAY"; font-size: 0.875rem; align-self: center;
}
@media (prefers-color-scheme: dark) { button[kind^="primary"]:not(:disabled) { color: #171614; } }
@media (max-width: 1000px) {
  [class*="st-key-attempts-"] [data-testid="stHorizontalBlock"] { border-top: 1px solid #80808040; padding-top: 1rem;
    flex-wrap: wrap; }
  [class*="st-key-attempts-"] [data-testid="stColumn"] { flex: 1 1 40%; min-width: 40%; }
  [class*="st-key-attempts-"] [data-testid="stColumn"]:nth-child(1) { flex-basis: 100%; }
  [class*="st-key-attempts-"] [data-testid="stColumn"]:nth-child(5) { flex-basis: 100%; order: 1; }
  [class*="st-key-attempt-heads"] { display: none; }
}
@media (max-width: 640px) {
  h1 { font-size: 1.9rem !important; }
  [class*="st-key-filters-"] > * { flex: 1 1 45% !important; min-width: 9rem; }
  [class*="st-key-filters-"] > :has([data-testid="stDateInput"]) { flex-basis: 100% !important; }
  [class*="st-key-ended-"] { flex-wrap: wrap; }
  [class*="st-key-ended-"] > :first-child { flex-basis: 100%; }
  .stButton kbd { display: none; }
}
@media (forced-colors: active) {
  :focus-visible, :is(label, [data-testid="stSlider"] div):has(> * > input:focus-visible) {
    outline: 3px solid Highlight !important; outline-offset: 2px;
  }
  [data-testid="stSlider"] [role="group"] div, label:has([role="switch"]) > div, [role="radio"][aria-checked="true"] {
    forced-color-adjust: none;
  }
}
</style>"""


def show() -> None:
    """The name of the product in the corner, and the style of every page."""
    st.logo(_LOGO, size="large")
    refused = _("Not taken: another kind of file, or too large")
    stay = _("Stay on this page until it has arrived.")
    st.html(_STYLE.replace("UPLOAD", _("Upload")).replace("REFUSED", refused).replace("STAY", stay))


def nothing_yet(hint: str) -> None:
    """The whole of a page that has nothing to show before a clip was analysed: what to do, and the way there."""
    st.info(hint, icon=":material/info:")
    st.page_link("dashboard/pages/analyse.py", label=_("To the page Analyse"), icon=":material/upload:")
