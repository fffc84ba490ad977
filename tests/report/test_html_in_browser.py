"""The page in a real browser: it draws itself without an error, answers, and runs nothing that a name brings."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from brokerlint.facts import Channel, ChannelName, Endpoint, Facts, Name, Role, Service
from brokerlint.places import Place
from brokerlint.report import render_graph
from brokerlint.report.graph import Graph
from brokerlint.topology import build

if TYPE_CHECKING:
    from selenium.webdriver.remote.webdriver import WebDriver

selenium = pytest.importorskip("selenium", reason="selenium is not installed")

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="chromium and chromium-driver are not installed")

EVIL = "<img src=x onerror=window.hit=1>\"'`</script><script>window.hit=1</script>${window.hit=1}"


@pytest.fixture(scope="module")
def browser() -> Iterator[WebDriver]:
    """A browser without a window that keeps what pages write to its console."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service as Driver

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1300,800"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, Driver(DRIVER))
    yield driver
    driver.quit()


def use(service: str, role: Role, channel: str, line: int) -> Endpoint:
    system, _, name = channel.partition(":")
    names = (ChannelName(system, Name("exact", name, origin="literal")),)
    place = Place(f"{service}/app.py", line)
    return Endpoint(f"{service}{channel}", place, "main", system, role, "boto3", "call", names, (), (service,))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A small system, one of whose queues has a hostile name."""
    name = Name("exact", EVIL, origin="manifest")
    evil = Channel(f"sqs:{EVIL}", "sqs", "queue", name, {"source": EVIL}, (), (Place(EVIL, 3),))
    endpoints = (
        use("shop", "produce", "kafka:orders", 41),
        use("billing", "consume", "kafka:orders", 12),
        use("billing", "produce", f"sqs:{EVIL}", 20),
        use("mail", "consume", f"sqs:{EVIL}", 7),
        use("clock", "produce", "sns:ticks", 1),
    )
    services = tuple(Service(name) for name in ("shop", "billing", "mail", "clock"))
    file = tmp_path_factory.mktemp("page") / "graph.html"
    file.write_text(render_graph("html", Graph(build(Facts(services, (evil,), endpoints)))), encoding="utf-8")
    return file.as_uri()


@pytest.fixture
def opened(browser: WebDriver, page: str) -> WebDriver:
    browser.get("about:blank")
    browser.get_log("browser")
    browser.get(page)
    return browser


def elements(browser: WebDriver, selector: str) -> list[Any]:
    return list(browser.find_elements("css selector", selector))


def named(browser: WebDriver, name: str) -> Any:
    """The box of that name."""
    (found,) = elements(browser, f'.box[aria-label$="{name}"]')
    return found


def shows(opened: WebDriver, expected: set[str]) -> bool:
    """Whether the page comes to show exactly these boxes; a busy machine needs a moment to draw."""
    from selenium.common.exceptions import TimeoutException
    from selenium.webdriver.support.ui import WebDriverWait

    try:
        return bool(WebDriverWait(opened, 10).until(lambda driver: visible(driver) == expected))
    except TimeoutException:
        return False


def visible(browser: WebDriver) -> set[str]:
    boxes = elements(browser, ".box:not([hidden])")
    return {str(box.get_attribute("aria-label")).rpartition(" ")[2] for box in boxes}


def panel(browser: WebDriver) -> str:
    return str(elements(browser, "#panel")[0].text)


def press(browser: WebDriver, *keys: str) -> None:
    for key in keys:
        browser.switch_to.active_element.send_keys(key)


def choose(browser: WebDriver, select: str, text: str) -> None:
    from selenium.webdriver.support.select import Select

    Select(elements(browser, f"#{select}")[0]).select_by_visible_text(text)


def test_it_draws_itself_without_an_error(opened: WebDriver) -> None:
    assert len(elements(opened, ".box")) == 7
    assert len(elements(opened, ".arrow")) == 5
    assert opened.get_log("browser") == []


def test_a_click_shows_who_uses_a_channel_and_where(opened: WebDriver) -> None:
    named(opened, "orders").click()
    text = panel(opened)
    assert "shop/app.py:41" in text
    assert "billing/app.py:12" in text
    elements(opened, "#panel .link")[1].click()
    assert panel(opened).splitlines()[1] in ("shop", "billing")


def test_search_leads_to_the_box(opened: WebDriver) -> None:
    from selenium.webdriver.common.keys import Keys

    search = elements(opened, "#search")[0]
    search.send_keys("kafka ord")
    assert [item.text for item in elements(opened, "#results li")] == ["orders kafka topic"]
    search.send_keys(Keys.ENTER)
    assert panel(opened).splitlines()[1] == "orders"
    assert opened.switch_to.active_element.get_attribute("aria-label") == "kafka topic orders"


def test_filters_leave_what_belongs_to_a_system_or_service(opened: WebDriver) -> None:
    choose(opened, "system", "kafka")
    assert shows(opened, {"shop", "orders", "billing"})
    choose(opened, "system", "all")
    choose(opened, "service", "clock")
    assert shows(opened, {"clock", "ticks"})


def test_services_alone(opened: WebDriver) -> None:
    choose(opened, "view", "services only")
    assert shows(opened, {"shop", "billing", "mail", "clock"})
    assert len(elements(opened, ".arrow.via")) == 2


def test_all_can_be_done_with_keys(opened: WebDriver) -> None:
    from selenium.webdriver.common.keys import Keys

    opened.execute_script("arguments[0].focus()", named(opened, "shop"))
    press(opened, Keys.ARROW_RIGHT, Keys.ENTER)
    assert panel(opened).splitlines()[1] == "orders"
    press(opened, Keys.ARROW_RIGHT, Keys.SPACE)
    assert panel(opened).splitlines()[1] == "billing"
    press(opened, Keys.ESCAPE)
    assert panel(opened).startswith("Overview")
    press(opened, "/")
    assert opened.switch_to.active_element.get_attribute("id") == "search"


def test_only_one_box_takes_part_in_tabbing(opened: WebDriver) -> None:
    assert len(elements(opened, '.box[tabindex="0"]')) == 1


def test_light_and_dark(opened: WebDriver) -> None:
    def ground() -> str:
        return str(opened.execute_script("return getComputedStyle(document.body).backgroundColor"))

    before = ground()
    elements(opened, "#theme")[0].click()
    assert ground() != before


def test_a_hostile_name_is_shown_and_never_runs(opened: WebDriver) -> None:
    (evil,) = (box for box in elements(opened, ".box") if "onerror" in str(box.get_attribute("aria-label")))
    evil.click()
    assert EVIL in panel(opened)
    elements(opened, "#search")[0].send_keys("img")
    assert EVIL in elements(opened, "#results")[0].text
    assert opened.execute_script("return window.hit") is None
    assert elements(opened, "#panel img, #results img, svg img") == []
    assert opened.get_log("browser") == []


def test_nothing_is_loaded_from_anywhere(opened: WebDriver) -> None:
    loaded = opened.execute_script("return performance.getEntriesByType('resource').map(entry => entry.name)")
    assert loaded == []


def test_a_page_remembers_its_box_in_the_address(opened: WebDriver, page: str) -> None:
    named(opened, "orders").click()
    address = opened.current_url
    assert address == f"{page}#kafka%3Aorders"
    opened.get("about:blank")
    opened.get(address)
    assert panel(opened).splitlines()[1] == "orders"
