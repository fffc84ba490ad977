from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from brokerlint.advising.prices import PriceError, builtin, override
from brokerlint.tables import table


def write(path: Path, text: str) -> Path:
    file = path / "prices.yaml"
    file.write_text(text)
    return file


class TestTable:
    def test_every_price_says_when_and_where_it_was_read(self) -> None:
        for name, row in table("prices")["prices"].items():
            assert row["usd"] > 0, name
            assert str(row["read"]) >= "2024", name
            assert row["source"].startswith("https://"), name
            assert row["example"].startswith("https://"), name

    def test_old_prices_are_told(self) -> None:
        assert builtin().stale(["msk_storage"], date(2026, 11, 25)) == ("msk_storage",)
        assert builtin().stale(["msk_storage"], date(2024, 8, 1)) == ()


class TestOverride:
    def test_a_number_replaces_a_price(self, tmp_path: Path) -> None:
        found = override(write(tmp_path, "as_of: 2026-10\nprices: {sqs_standard_requests: 0.32}\n"))
        assert found.usd("sqs_standard_requests") == 0.32
        assert found.rows["sqs_standard_requests"].read == "2026-10"
        assert found.usd("msk_storage") == builtin().usd("msk_storage")

    def test_another_region_has_only_the_prices_it_is_given(self, tmp_path: Path) -> None:
        found = override(write(tmp_path, "region: eu-west-1\nprices: {sqs_fifo_requests: {usd: 0.55}}\n"))
        assert (found.region, set(found.rows)) == ("eu-west-1", {"sqs_fifo_requests"})

    def test_assumptions_can_be_replaced(self, tmp_path: Path) -> None:
        found = override(write(tmp_path, "assumptions: {brokers: 6, people_hours_per_month: 10}\n"))
        assert found.assumed("brokers") == 6
        assert found.assumptions["people_hours_per_month"] == 10


AMOUNT = "prices.msk_storage: expected an amount of at least 0 such as 0.40, found"
MISTAKES = {
    "prices: {sqs_standard_request: 0.4}": "unknown key 'sqs_standard_request'; did you mean 'sqs_standard_requests'?",
    "price: {}": "unknown key 'price'; did you mean 'prices'?",
    "prices: {msk_storage: -1}": f"{AMOUNT} -1",
    "prices: {msk_storage: cheap}": f"{AMOUNT} 'cheap'",
    "prices: {msk_storage: .nan}": f"{AMOUNT} nan",
    "prices: {msk_storage: .inf}": f"{AMOUNT} inf",
    "prices: {msk_storage: true}": f"{AMOUNT} True",
    "prices: {msk_storage: {usd: 1, date: 2}}": "prices.msk_storage: unknown key 'date'; known are usd, unit, read",
    "prices: {msk_storage: {unit: GB}}": "prices.msk_storage: expected usd, such as {usd: 0.40}",
    "prices: {msk_storage: {usd: 1, read: soon}}": "read: expected a month such as 2026-11, found 'soon'",
    "prices: [1]": "prices: expected names and amounts, found [1]",
    "assumptions: {broker: 3}": "assumptions: unknown key 'broker'; did you mean 'brokers'?",
    "assumptions: {seconds_per_month: 0}": "assumptions: hours, seconds, message_bytes and brokers must be above 0",
    "region: [x]": "region: expected a name such as eu-west-1, found ['x']",
    "as_of: '2026-77'": "as_of: expected a month such as 2026-11, found '2026-77'",
    "as_of: 2026-99-99": "not a price table: a value cannot be read",
    "just a text": "expected the keys as_of, region, prices, assumptions, found 'just a text'",
    "a: [": "not valid YAML",
    "a: &x 1\nprices: {msk_storage: *x}": "aliases (*name) are not supported in a price table",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_one_line_that_names_the_place_and_the_nearest_form(tmp_path: Path, text: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(PriceError) as caught:
        override(file)
    told = str(caught.value)
    assert told.startswith(f"{file}:")
    assert MISTAKES[text] in told
    assert "\n" not in told


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(PriceError, match="cannot be read"):
        override(tmp_path / "none.yaml")
