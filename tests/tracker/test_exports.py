import tracker


def test_the_package_exports_what_it_says_and_no_more() -> None:
    assert tracker.__all__ == ["OperatorPage", "TrackerApp", "TrackerServer"]
    assert all(hasattr(tracker, name) for name in tracker.__all__)
