"""Charsets in which markup can be found byte by byte (rule 11), under the names that mail uses for them.

The names are the labels of the WHATWG Encoding Standard, by which browsers and mail clients go, and a few
of IANA's. Anything else (UTF-7, UTF-16, UTF-32, HZ, EBCDIC, a name nobody knows) is left alone: in those a
markup byte may be half of another character. Python's own look-up is not asked: it knows charsets of that
kind too, and it keeps every unknown name in memory for ever.
"""

_LABELS = {
    "ascii": "us-ascii ascii ansi_x3.4-1968 iso-ir-6 646 iso646-us",
    "utf-8": "utf-8 utf8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8 utf_8",
    "cp1250": "windows-1250 cp1250 x-cp1250",
    "cp1251": "windows-1251 cp1251 x-cp1251",
    "cp1252": "windows-1252 cp1252 x-cp1252 iso-8859-1 iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 latin1 "
    "latin-1 l1 cp819 ibm819 csisolatin1 iso-ir-100",
    "cp1253": "windows-1253 cp1253 x-cp1253",
    "cp1254": "windows-1254 cp1254 x-cp1254 iso-8859-9 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 latin5 "
    "l5 csisolatin5 iso-ir-148",
    "cp1255": "windows-1255 cp1255 x-cp1255",
    "cp1256": "windows-1256 cp1256 x-cp1256",
    "cp1257": "windows-1257 cp1257 x-cp1257",
    "cp1258": "windows-1258 cp1258 x-cp1258",
    "cp874": "windows-874 dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 cp874",
    "iso8859-2": "iso-8859-2 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 latin2 l2 csisolatin2 iso-ir-101",
    "iso8859-3": "iso-8859-3 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 latin3 l3 csisolatin3 iso-ir-109",
    "iso8859-4": "iso-8859-4 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 latin4 l4 csisolatin4 iso-ir-110",
    "iso8859-5": "iso-8859-5 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988 cyrillic csisolatincyrillic "
    "iso-ir-144",
    "iso8859-6": "iso-8859-6 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987 arabic asmo-708 ecma-114 "
    "csisolatinarabic iso-8859-6-e iso-8859-6-i iso-ir-127",
    "iso8859-7": "iso-8859-7 iso8859-7 iso88597 iso_8859-7 iso_8859-7:1987 greek greek8 ecma-118 elot_928 "
    "sun_eu_greek csisolatingreek iso-ir-126",
    "iso8859-8": "iso-8859-8 iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 hebrew visual iso-8859-8-e "
    "iso-8859-8-i logical csisolatinhebrew csiso88598e csiso88598i iso-ir-138",
    "iso8859-10": "iso-8859-10 iso8859-10 iso885910 latin6 l6 csisolatin6 iso-ir-157",
    "iso8859-13": "iso-8859-13 iso8859-13 iso885913",
    "iso8859-14": "iso-8859-14 iso8859-14 iso885914",
    "iso8859-15": "iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9 latin-9 latin9 csisolatin9",
    "iso8859-16": "iso-8859-16 iso8859-16",
    "koi8-r": "koi8-r koi8_r koi8 koi cskoi8r",
    "koi8-u": "koi8-u koi8-ru",
    "mac-roman": "macintosh mac x-mac-roman csmacintosh",
    "mac-cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "cp437": "ibm437 cp437 437",
    "cp850": "ibm850 cp850 850",
    "cp852": "ibm852 cp852 852",
    "cp866": "ibm866 cp866 866 csibm866",
    "cp932": "shift_jis shift-jis sjis x-sjis ms_kanji ms932 windows-31j csshiftjis cp932",
    "euc-jp": "euc-jp x-euc-jp cseucpkdfmtjapanese",
    "gb18030": "gb18030 gbk x-gbk cp936 gb2312 gb_2312 gb_2312-80 chinese csgb2312 csiso58gb231280 iso-ir-58 "
    "euc-cn",
    "big5hkscs": "big5 big5-hkscs cn-big5 x-x-big5 csbig5",
    "cp949": "euc-kr windows-949 cp949 ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 korean cseuckr "
    "csksc56011987 iso-ir-149",
    "iso-2022-jp": "iso-2022-jp csiso2022jp",
    "iso-2022-kr": "iso-2022-kr csiso2022kr",
}
_CODECS = {label: codec for codec, labels in _LABELS.items() for label in labels.split()}


def codec_for(charset: str) -> str | None:
    """Return the name of Python's codec for a charset parameter; None for one to leave alone.

    No charset is ASCII (RFC 2045 section 5.2): markup is found all the same, and a link with other bytes in
    it is left out, since nothing says what they mean.
    """
    return _CODECS.get(charset.strip("\t ").lower() or "us-ascii")


def looks_wide(decoded: bytes) -> bool:
    """Tell whether the bytes may be UTF-16 or UTF-32, whatever the charset parameter says.

    A NUL is enough: text in any other charset has none, unless it is damaged.
    """
    return b"\0" in decoded or decoded.startswith((b"\xff\xfe", b"\xfe\xff"))
