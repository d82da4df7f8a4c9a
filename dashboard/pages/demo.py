"""How it works, step by step, for a class and a projector: every step one picture, no keyboard needed."""

from __future__ import annotations

import streamlit as st

from dashboard import address, browser, demo, hand_in, keys, queue, resources, thresholds
from dashboard.address import Choice
from dashboard.i18n import _, later
from dashboard.text import brief, local, told, told_apart
from db.models import Job
from pipeline.errors import ClipError, TraceError

_MOST_CLIPS = 50
_CLIP_WIDTH, _STEPS_WIDTH = 400, 384  # pixels: beside each other on a projector of 1280, beside the menu
_NAME = 20  # letters of a clip's name; the time stands first, where nothing cuts it off
_STEPS = (
    (later("What stage 1 sees"), demo.stage1),
    (later("A suspect"), demo.suspect),
    (later("What stage 2 says, and why"), demo.stage2),
    (later("A false alarm"), demo.false_alarm),
    (later("Whose head is it?"), demo.overlap),
    (later("The number plate"), demo.plate),
    (later("The row in the database"), demo.row),
    (later("What if?"), thresholds.show),
)
_STYLE = """<style>
.st-key-class-demo p, .st-key-class-demo li, .st-key-class-demo td, .st-key-class-demo th { font-size: 1.5rem; }
.st-key-class-demo [data-testid="stCaptionContainer"] p { font-size: 1.25rem; }
.st-key-class-demo [data-testid="stMetricValue"] p { font-size: 3.2rem; line-height: 1.2; }
.st-key-class-demo [data-testid="stMetricLabel"] p { font-size: 1.4rem; }
.st-key-class-demo [data-testid="stMetricLabel"] * { white-space: normal; overflow: visible; }
.st-key-demo-fates [data-testid="stMetricLabel"] { min-height: 4.2rem; align-items: end; }
.st-key-class-demo .stMarkdownBadge { font-size: 1.3rem !important; white-space: normal; }
.st-key-class-demo [data-testid="stSlider"] label { margin-bottom: 1.5rem; }
.st-key-class-demo [data-testid="stSliderThumbValue"] { margin-top: -0.5rem; }
.st-key-class-demo [data-testid="stSliderThumbValue"] p { font-weight: 600; line-height: 1.2; }
.st-key-class-demo .st-key-demo-clip * { font-size: 1.25rem; }
.st-key-class-demo [class*="st-key-demo-case-"] p { font-size: 1.05rem; }
.st-key-class-demo [class*="st-key-demo-case-"] [role="radio"] { padding-inline: 0.3rem; }
.st-key-class-demo button { min-height: 3.5rem; }
.st-key-class-demo h1 { font-size: 2.6rem; padding: 0 0 0.5rem; }
@media (max-width: 640px) {
  .st-key-class-demo p, .st-key-class-demo li, .st-key-class-demo td, .st-key-class-demo th { font-size: 1.1rem; }
  .st-key-class-demo [data-testid="stCaptionContainer"] p { font-size: 1rem; }
  .st-key-class-demo [data-testid="stMetricValue"] p { font-size: 2rem; }
}
</style>"""


def choose() -> Job | None:
    """The clip to show, as the address asks, or the demo clip; None while none was analysed."""
    jobs = {job.id: job for job in resources.jobs().traced(_MOST_CLIPS)}
    if not jobs:
        return None
    first = next((id_ for id_, job in jobs.items() if job.clip.name == hand_in.DEMO.name), next(iter(jobs)))
    asked = [
        Choice(
            "step", "demo-step", 0, {str(step + 1): step for step in range(len(_STEPS))}.get, lambda step: str(step + 1)
        ),
        Choice("clip", "demo-clip", first, address.one_of(jobs)),
        demo.SUSPECT,
        demo.ALARM,
    ]
    address.recall(asked)
    if st.session_state["demo-clip"] not in jobs:  # it was analysed again
        st.session_state["demo-clip"] = first
    names = {id_: f"{local(job.created_at)} · {brief(job.clip.name, _NAME)}" for id_, job in jobs.items()}
    chosen = st.selectbox(
        _("Clip"),
        list(jobs),
        format_func=told_apart(names).__getitem__,
        key="demo-clip",
        label_visibility="collapsed",
        persist_state="session",
        width=_CLIP_WIDTH,
    )
    address.keep(asked)
    return jobs[chosen]


def offer() -> None:
    """Nothing to show yet: have the demo clip analysed."""
    if resources.jobs().open():
        st.markdown(_("The steps begin when the analysis is done."))
        queue.under_way()
        return
    st.info(
        _("No clip has been analysed yet. The demo clips are there: one click, and it begins."), icon=":material/info:"
    )
    if st.button(_("Analyse the demo clips"), type="primary", icon=":material/play_arrow:", key="demo-analyse"):
        for sample in (hand_in.DEMO, hand_in.RAIN):  # the second for its false alarm
            hand_in.queue_sample(sample)
        st.rerun()


def move(by: int) -> None:
    browser.go_to("demo")
    st.session_state["demo-step"] = min(max(st.session_state["demo-step"] + by, 0), len(_STEPS) - 1)


def ways(place: str) -> None:
    """Large buttons for the way on and back."""
    step = st.session_state["demo-step"]
    row = st.container(horizontal=True)
    row.button(
        _("Back"),
        key=f"demo-back-{place}",
        on_click=move,
        args=(-1,),
        disabled=step == 0,
        icon=":material/arrow_back:",
        width="stretch",
        shortcut="Left" if place == "top" else None,
    )
    row.button(
        _("Next"),
        key=f"demo-next-{place}",
        on_click=move,
        args=(1,),
        disabled=step == len(_STEPS) - 1,
        icon=":material/arrow_forward:",
        icon_position="right",
        type="primary",
        width="stretch",
        shortcut="Right" if place == "top" else None,
    )


st.html(_STYLE)
with st.container(key="class-demo"):
    browser.place("demo")
    top = st.container(horizontal=True, vertical_alignment="center")  # one row: the picture is to be in sight
    with top:
        job = choose()
    if job is None:
        st.title(_("Class demo"))
        offer()
        st.stop()
    top.segmented_control(
        _("Step"),
        range(len(_STEPS)),
        format_func=lambda step: str(step + 1),
        key="demo-step",
        persist_state="session",
        required=True,
        label_visibility="collapsed",
        wrap=True,
        width=_STEPS_WIDTH,
    )
    ways("top")
    keys.hear("demo-hear", ".st-key-demo-step *", "ArrowLeft|ArrowRight")
    keys.hear("demo-hear-case", "[class*='st-key-demo-case-'] *", "ArrowLeft|ArrowRight", clicked=True)
    step = int(st.session_state["demo-step"])
    title, show = _STEPS[step]
    st.title(f"{step + 1}. {_(title)}", anchor=False)
    with st.container():  # the buttons below it keep their place, and the focus
        try:
            show(demo.Shown.of(job))
        except (ClipError, TraceError, OSError) as error:
            reason = told(str(error))
            st.error(_("The clip cannot be shown any more: {reason}", reason=reason), icon=":material/error:")
    ways("bottom")
