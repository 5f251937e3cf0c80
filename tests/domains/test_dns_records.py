import pytest

from domains.dns_records import CnameRecord, TxtRecord


@pytest.mark.parametrize(
    ("name", "zone", "host"),
    [
        ("track.example.com", "example.com", "track"),
        ("track.news.example.com", "example.com", "track.news"),
        ("track.example.co.uk", "example.co.uk", "track"),
        ("track.xn--bcher-kva.de", "xn--bcher-kva.de", "track"),
        ("track.shop.uk.com", "shop.uk.com", "track"),  # uk.com is a private suffix with registrants below
        ("track.myshopify.com", "myshopify.com", "track"),  # asked for by the suffix's own owner
    ],
)
def test_the_name_is_split_as_a_provider_asks_for_it(name: str, zone: str, host: str) -> None:
    record = CnameRecord(name=name, target="links.waypost.test")
    assert (record.zone, record.host) == (zone, host)


def test_fields_and_zone_file_line() -> None:
    record = CnameRecord(name="track.example.com", target="links.waypost.test")
    assert record.fields() == (
        ("Zone", "example.com"),
        ("Name", "track"),
        ("Type", "CNAME"),
        ("Value", "links.waypost.test"),
        ("TTL", "300"),
    )
    assert str(record) == "track.example.com. CNAME links.waypost.test."


def test_a_text_record() -> None:
    record = TxtRecord(name="_waypost.news.example.co.uk", value="waypost-verify=abc")
    assert record.fields() == (
        ("Zone", "example.co.uk"),
        ("Name", "_waypost.news"),
        ("Type", "TXT"),
        ("Value", "waypost-verify=abc"),
        ("TTL", "300"),
    )
    assert str(record) == '_waypost.news.example.co.uk. TXT "waypost-verify=abc"'
