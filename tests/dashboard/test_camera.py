"""Which camera the browser is asked for."""

import json

from playwright.sync_api import Page

_ASKED = "navigator.mediaDevices.getUserMedia = async (wanted) => { console.log(JSON.stringify(wanted)); return null; }"


def test_a_phone_begins_with_the_camera_that_looks_at_the_street(page: Page) -> None:
    page.add_init_script(_ASKED)
    page.goto("/live")
    with page.expect_console_message(lambda said: said.text.startswith("{")) as asked:
        page.frame_locator('iframe[title^="streamlit_webrtc"]').get_by_role("button", name="Start the camera").click()
    assert json.loads(asked.value.text)["video"]["facingMode"] == {"ideal": "environment"}
