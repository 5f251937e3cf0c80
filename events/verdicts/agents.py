"""What a User-Agent says of itself. Few machines lie less than they must: a scanner that poses as a browser
is told by what it does.

Sources of the tables: the operators' own pages (Google's "list of crawlers", Microsoft's "which crawlers does
Bing use", Apple's "about Applebot", those of Meta and Slack for webmasters, of OpenAI, Anthropic and
Perplexity on their bots), the products' documents (Barracuda, Proofpoint), and the default agents of the
programs in their source.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from events.verdicts.model import Reason

APPLE_PRIVACY: Final = "Mozilla/5.0"
"""The whole agent of Mail Privacy Protection, which fetches all images of all mail; no browser sends it."""

GMAIL_PREFETCH: Final = "Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0"
"""How the agent ends with which Gmail fetches before its user looks [SparkPost, 25 January 2022]."""

AGENTS: Final[Mapping[Reason, Sequence[str]]] = {
    # Security products that look at links of mail.
    Reason.SCANNER: (
        "Barracuda",
        "Proofpoint",
        "Mimecast",
        "Symantec",
        "TrendMicro",
        "Trend Micro",
        "Forcepoint",
        "Sophos",
        "Fortinet",
        "FortiGuard",
        "Zscaler",
        "Google-Safety",
        "Google-InspectionTool",
        "Google Safe Browsing",
        "Cyren",
        "Hornetsecurity",
        "Vade Secure",
        "Netcraft",
        "urlscan",
        "VirusTotal",
        "PhishTank",
        "CheckMarkNetwork",
        "Palo Alto Networks",
        "Expanse",
        "CensysInspect",
    ),
    # Chats and mail programs that draw a card of a link somebody pasted.
    Reason.PREVIEW: (
        "BingPreview",
        "MicrosoftPreview",
        "SkypeUriPreview",
        "Slackbot",
        "Slack-ImgProxy",
        "facebookexternalhit",
        "Facebot",
        "meta-externalagent",
        "meta-externalfetcher",
        "Twitterbot",
        "LinkedInBot",
        "TelegramBot",
        "Discordbot",
        "WhatsApp/",
        "Viber",
        "Pinterestbot",
        "redditbot",
        "Mastodon/",
        "Bluesky Cardyb",
        "Embedly",
        "Iframely",
        "Google-PageRenderer",
        "vkShare",
    ),
    # Search engines, archives, trainers of models, monitors.
    Reason.CRAWLER: (
        "Googlebot",
        "GoogleOther",
        "Google-Extended",
        "Google-Read-Aloud",
        "AdsBot-Google",
        "Mediapartners-Google",
        "FeedFetcher-Google",
        "APIs-Google",
        "bingbot",
        "AdIdxBot",
        "msnbot",
        "Applebot",
        "DuckDuckBot",
        "Baiduspider",
        "YandexBot",
        "YandexImages",
        "Yahoo! Slurp",
        "PetalBot",
        "Sogou",
        "SeznamBot",
        "Qwantbot",
        "Amazonbot",
        "AhrefsBot",
        "SemrushBot",
        "MJ12bot",
        "DotBot",
        "DataForSeoBot",
        "Bytespider",
        "CCBot",
        "GPTBot",
        "OAI-SearchBot",
        "ChatGPT-User",
        "ClaudeBot",
        "Claude-User",
        "anthropic-ai",
        "PerplexityBot",
        "archive.org_bot",
        "ia_archiver",
        "UptimeRobot",
        "Pingdom",
        "StatusCake",
        "Site24x7",
        "HubSpot Connect",
        "ZoominfoBot",
    ),
    # Libraries, tools and browsers without a screen. Not okhttp and CFNetwork: mail programs on phones
    # fetch images with them.
    Reason.PROGRAM: (
        "curl/",
        "Wget/",
        "libcurl",
        "HTTPie",
        "python-requests",
        "Python-urllib",
        "python-httpx",
        "aiohttp",
        "Scrapy",
        "Go-http-client",
        "Java/",
        "Java-http-client",
        "Apache-HttpClient",
        "Jakarta Commons-HttpClient",
        "AHC/",
        "libwww-perl",
        "LWP::Simple",
        "GuzzleHttp",
        "PHP/",
        "Faraday",
        "HTTPClient/",
        "node-fetch",
        "undici",
        "axios/",
        "got (",
        "reqwest",
        "PostmanRuntime",
        "insomnia/",
        "WinHttp",
        "WindowsPowerShell",
        "lua-resty-http",
        "HeadlessChrome",
        "PhantomJS",
        "Puppeteer",
        "Playwright",
        "Nmap Scripting Engine",
        "masscan",
        "zgrab",
    ),
}

PROXIES: Final[Mapping[Reason, str]] = {
    # Loads once, when the person looks, and keeps a copy: later opens are not seen.
    Reason.GOOGLE_PROXY: "GoogleImageProxy",
    Reason.YAHOO_PROXY: "YahooMailProxy",
}


def _beginning_a_word(words: Sequence[str]) -> re.Pattern[str]:
    """`got (` is not in `forgot (`, and `Java/` not in `BigJava/`."""
    return re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(map(re.escape, words))})", re.IGNORECASE)


_PATTERNS: Final = {reason: _beginning_a_word(words) for reason, words in AGENTS.items()}


@lru_cache(maxsize=4_096)
def says_of_itself(user_agent: str) -> frozenset[Reason]:
    """Return the reasons in a User-Agent; few agents make most hits, so that it keeps what it found."""
    stripped = user_agent.strip()
    if not stripped:
        return frozenset((Reason.NO_AGENT,))
    if stripped == APPLE_PRIVACY:
        return frozenset((Reason.APPLE_PRIVACY,))
    if stripped.endswith(GMAIL_PREFETCH):
        return frozenset((Reason.GMAIL_PREFETCH,))
    proxied = frozenset(reason for reason, word in PROXIES.items() if word in stripped)
    return proxied or frozenset(reason for reason, pattern in _PATTERNS.items() if pattern.search(stripped))
