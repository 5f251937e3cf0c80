import rewriter


def test_exports_what_callers_need_and_nothing_else() -> None:
    assert sorted(rewriter.__all__) == [
        "Edit",
        "Limits",
        "LinkReport",
        "Links",
        "PartReport",
        "PixelPlace",
        "PixelReport",
        "Policy",
        "Reason",
        "Report",
        "Result",
        "SignedMail",
        "VisibleUrl",
        "rewrite",
    ]
    assert all(hasattr(rewriter, name) for name in rewriter.__all__)
