"""The page: what it answers, and what it shows in a browser."""

import base64
import contextlib
import io
import shutil
import threading

import numpy as np
import PIL.Image
import pytest
from exported import NAMES
from playwright import sync_api

from tf_mmdgan import errors, export, networks, serving
from tf_mmdgan.latents import Latents
from tf_mmdgan.serving import wsgi
from tf_mmdgan.serving.page import make_app

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def sampler(paths):
    signatures = export.load_generator(paths[2]).signatures
    return serving.Sampler(serving.LocalPredictor(signatures))


@pytest.fixture(scope="module")
def app(sampler):
    return make_app(lambda: sampler, "a test")


@pytest.fixture(scope="module")
def client(app):
    return app.test_client()


def decoded(urls):
    prefix = "data:image/png;base64,"
    assert all(url.startswith(prefix) for url in urls)
    files = [base64.b64decode(url.removeprefix(prefix)) for url in urls]
    return [np.asarray(PIL.Image.open(io.BytesIO(file))) for file in files]


def test_samples_are_those_of_the_sampler(client, sampler):
    found = client.get(
        "/api/samples?num_samples=5&seed=3&start=2&truncation=0.5&label="
    ).json
    want = sampler.sample(5, 3, 2, 0.5)
    np.testing.assert_array_equal(decoded(found["images"]), want.images)
    assert found["labels"] == want.labels.tolist()
    assert found["latency_ms"]["requests"] == 1
    assert len(client.get("/api/samples").json["images"]) == 64


def test_interpolations_are_those_of_the_sampler(client, sampler):
    found = client.get("/api/interpolation?seed=3&to=4&steps=5&label=1").json
    want = sampler.interpolate(3, 4, 5, label=1)
    np.testing.assert_array_equal(decoded(found["images"]), want.images)


@pytest.mark.parametrize(
    "query, message",
    [
        ("samples?seed=abc", "seed=abc: must be a whole number."),
        ("samples?truncation=x", "truncation=x: must be a number in (0, 1]."),
        ("samples?truncation=2", "truncation must be > 0 and <= 1, not 2"),
        ("samples?num_samples=0", "num_samples=0, need an integer >= 1."),
        ("samples?num_samples=257", "num_samples=257: the page shows 256"),
        ("samples?label=3", "label must be 0 to 2, not 3"),
        ("samples?start=-1", "start must be >= 0, not -1"),
        ("interpolation?label=0&steps=1", "steps must be 2 to 100, not 1"),
        ("interpolation", "This generator has classes: name the label"),
        ("mixture?label=0", "This generator has no styles"),
        ("samples?start=9223372036854775807", "start at 9223372036854775744"),
        ("samples?start=-9223372036854775809", "not fit into int64"),
        ("samples?seed=" + "9" * 5000, "must be a whole number."),
        ("samples?truncation=" + "x" * 5000, "must be a number in (0, 1]."),
        ("samples?truncation=nan", "truncation must be > 0 and <= 1, not nan"),
        ("samples?num_samples=" + "9" * 99, "the page shows 256 at most."),
        ("interpolation?label=0&steps=257", "steps=257: the page shows 256"),
    ],
)
def test_bad_requests_say_why(client, query, message):
    response = client.get(f"/api/{query}")
    assert response.status_code == 400
    assert message in response.json["error"]
    assert len(response.json["error"]) < 400


def test_a_server_may_come_later(sampler):
    answers = iter([errors.DataError("No server answers"), sampler])

    def connect():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    client = make_app(connect, "a test").test_client()
    response = client.get("/api/model")
    assert response.status_code == 502
    assert response.json == {"error": "No server answers"}
    for _ in range(2):
        found = client.get("/api/model").json
        assert found == {
            "source": "a test",
            "has_classes": True,
            "class_names": list(NAMES),
            "has_styles": False,
            "label_width": None,
        }


def test_pages_of_others_can_do_nothing_with_it(client):
    for path in ("/", "/api/model", "/api/samples?seed=x", "/static/page.js"):
        headers = client.get(path).headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


LINK = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}


@pytest.mark.parametrize(
    "path, headers, status",
    [
        ("/api/model", {"Host": "LOCALHOST:80"}, 200),
        ("/api/model", {"Host": "127.0.0.1"}, 200),
        ("/api/model", {"Host": "[::1]:8080"}, 200),
        ("/api/model", {"Host": "a.example"}, 200),
        # A name that was made to lead to this machine.
        ("/", {"Host": "rebound.example:8080"}, 403),
        ("/api/model", {"Host": "localhost.example"}, 403),
        ("/api/model", {"Host": "localhost@b.example"}, 403),
        ("/api/model", {"Host": ""}, 403),
        ("/static/page.js", {"Host": "127.0.0.2"}, 403),
        # Requests of other pages.
        ("/api/model", {"Origin": "http://localhost"}, 200),
        ("/api/model", {"Origin": "http://localhost:1"}, 403),
        ("/api/samples", {"Origin": "https://b.example"}, 403),
        ("/api/samples", {"Origin": "null"}, 403),
        ("/api/model", {"Sec-Fetch-Site": "same-origin"}, 200),
        ("/api/model", {"Sec-Fetch-Site": "same-site"}, 403),
        ("/api/samples", LINK | {"Sec-Fetch-Dest": "document"}, 403),
        ("/", LINK | {"Sec-Fetch-Dest": "document"}, 200),
        ("/", LINK | {"Sec-Fetch-Dest": "iframe"}, 403),
        ("/", {"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_only_the_page_itself_is_answered(sampler, path, headers, status):
    app = make_app(lambda: sampler, "a test", ["A.example"])
    response = app.test_client().get(path, headers=headers)
    assert response.status_code == status
    if status == 403:
        assert "--allowed_host" in response.text or "Pages of" in response.text
        assert set(response.json) == {"error"}


@contextlib.contextmanager
def served(app):
    server = wsgi.Server(app, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}/"
    server.stop()
    thread.join(5)
    assert not thread.is_alive()


@pytest.fixture(scope="module")
def url(app):
    with served(app) as address:
        yield address


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM:
        pytest.skip("there is no Chromium here: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox"],  # needed in containers
        )


@pytest.fixture
def page(browser, url):
    page = browser.new_page()
    page.goto(url + "?seed=3&num_samples=16&to=4")
    page.wait_for_selector("#grid img")
    page.wait_for_selector("#frame[src]")
    yield page
    page.close()


def expect_grid(page, client, query):
    """Waits until the page shows what the request `query` answers."""
    want = client.get(f"/api/samples?{query}").json["images"]
    grid = page.locator("#grid img")
    sync_api.expect(grid).to_have_count(len(want))
    for number, url in enumerate(want):
        sync_api.expect(grid.nth(number)).to_have_attribute("src", url)


@pytest.mark.slow
def test_the_page_shows_what_the_address_says(page, client, sampler):
    expect_grid(page, client, "num_samples=16&seed=3")
    labels = [f.inner_text() for f in page.query_selector_all("figcaption")]
    assert labels == [NAMES[label] for label in sampler.sample(16, 3).labels]
    assert page.inner_text("#source") == "a test"
    assert page.is_hidden("#error")


@pytest.mark.slow
def test_controls_change_what_is_shown(page, client):
    page.click("#next")
    expect_grid(page, client, "num_samples=16&seed=4")
    page.select_option("#class_name", label=NAMES[2])
    page.fill("#truncation", "0.5")
    page.dispatch_event("#truncation", "change")
    expect_grid(page, client, "num_samples=16&seed=4&label=2&truncation=0.5")
    assert "truncation=0.5" in page.url and "label=2" in page.url


@pytest.mark.slow
def test_the_slider_walks_the_interpolation(page, sampler):
    want = sampler.interpolate(3, 4, 24, label=0).images
    for position in (0, 10, 23):
        page.fill("#position", str(position))
        (frame,) = decoded([page.get_attribute("#frame", "src")])
        np.testing.assert_array_equal(frame, want[position])
    page.click("#play")
    sync_api.expect(page.locator("#position")).not_to_have_value("23")
    page.click("#play")
    assert page.inner_text("#play") == "Play"


@pytest.mark.slow
def test_errors_are_shown_and_go_away(page):
    # As an address may say it; where classes have names, these are chosen from.
    page.locator("#label").evaluate("label => { label.value = 9 }")
    page.dispatch_event("#label", "change")
    page.wait_for_selector("#error:not([hidden])")
    assert page.inner_text("#error") == "label must be 0 to 2, not 9"
    sync_api.expect(page.locator("#grid img")).to_have_count(0)
    page.select_option("#class_name", label="any")
    page.wait_for_selector("#grid img")
    assert page.is_hidden("#error")


@pytest.mark.slow
def test_a_slider_mixes_the_styles_of_two_images(browser):
    latents = Latents(8, "normal")
    options = networks.GeneratorOptions(8, width=4)
    make = networks.ARCHITECTURES["stylegan2"].generator
    generator = make((16, 16, 3), options)
    signatures = export.servable_of(generator, latents).signatures()
    styled = serving.Sampler(serving.LocalPredictor(signatures))
    app = make_app(lambda: styled, "a test")
    want = styled.mix_styles(3, 4, [(0, 0)] * 7, range(7)).images
    found = app.test_client().get("/api/mixture?seed=3&to=4").json
    np.testing.assert_array_equal(decoded(found["images"]), want)
    np.testing.assert_array_equal(want[6], styled.sample(1, 3).images[0])
    with served(app) as address:
        page = browser.new_page()
        page.goto(address + "?seed=3&to=4")
        page.wait_for_selector("#mixed[src]")
        for cutoff in (0, 2, 6):
            page.fill("#cutoff", str(cutoff))
            (shown,) = decoded([page.get_attribute("#mixed", "src")])
            np.testing.assert_array_equal(shown, want[cutoff])
            assert page.inner_text("#cutoff_value") == f"{cutoff} of 6"
        page.close()


@pytest.mark.slow
def test_other_generators_have_no_such_slider(page):
    assert page.is_hidden("#mixing")
