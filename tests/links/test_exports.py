import links


def test_the_package_exports_what_it_says_and_no_more() -> None:
    assert links.__all__ == sorted(links.__all__)
    assert set(links.__all__) == {
        *("ClickToken", "Kind", "OpenToken", "open_token", "seal"),
        *("Key", "KeyRing", "dump_key_ring", "parse_key_ring"),
        *("MessageLinks", "click_url", "is_tracked", "open_url", "parse_path"),
        *("holds_proof", "parse_probe_path", "probe_path", "prove"),
        *("Block", "BlockKind", "BlockList"),
        *("InvalidToken", "KeyRingError", "UnsafeUrl", "UrlTooLong"),
    }
    assert all(hasattr(links, name) for name in links.__all__)
