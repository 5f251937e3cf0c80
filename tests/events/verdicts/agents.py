"""Agents as they were seen in logs and documents of their makers, and what each is taken for."""

# ruff: noqa: E501

from events.verdicts import Reason

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
GMAIL_OPEN = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
GMAIL_PREFETCH = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 "
    "Safari/537.36 Edge/12.246 Mozilla/5.0"
)

PEOPLE = (
    CHROME,
    CHROME + " Edg/131.0.0.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",  # Apple Mail, no privacy
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0.6778.73 "
    "Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 "
    "Chrome/125.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 10; K; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/131.0.0.0 "
    "Mobile Safari/537.36 Instagram 360.0.0.0.0 Android",
    "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.4.0",
    "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17928; Pro)",
    "Mozilla/4.0 (compatible; ms-office; MSOffice 16)",
    "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; Trident/7.0; .NET4.0C; .NET4.0E; ms-office)",
    "Outlook-iOS/723.4027091.prod.iphone (4.28.0)",
    "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
    "Opera/9.80 (Windows NT 6.1) Presto/2.12.388 Version/12.18",
    "okhttp/4.12.0",  # mail programs on Android fetch images with it
    "Mail/3774.600.62 CFNetwork/1568.200.51 Darwin/24.1.0",
    "Lynx/2.9.0 libwww-FM/2.14 SSL-MM/1.4.1 GNUTLS/3.8.3",
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (forgot (it))",
)

OTHERS = (
    (Reason.APPLE_PRIVACY, "Mozilla/5.0"),
    (Reason.GMAIL_PREFETCH, GMAIL_PREFETCH),
    (Reason.GOOGLE_PROXY, GMAIL_OPEN),
    (Reason.YAHOO_PROXY, "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"),
    (Reason.NO_AGENT, ""),
    (Reason.NO_AGENT, "  "),
    (Reason.SCANNER, "Barracuda Sentinel (EE)"),
    (
        Reason.SCANNER,
        "Mozilla/5.0 (compatible; CheckMarkNetwork/1.0; +http://www.checkmarknetwork.com/spider.html)",
    ),
    (Reason.SCANNER, "Google-Safety; (+http://www.google.com/bot.html)"),
    (Reason.SCANNER, "Mozilla/5.0 (compatible; CensysInspect/1.1; +https://about.censys.io/)"),
    (
        Reason.PREVIEW,
        "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/534+ (KHTML, like Gecko) BingPreview/1.0b",
    ),
    (
        Reason.PREVIEW,
        "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
    ),
    (Reason.PREVIEW, "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"),
    (Reason.PREVIEW, "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"),
    (Reason.PREVIEW, "WhatsApp/2.23.20.0 A"),
    (Reason.PREVIEW, "TelegramBot (like TwitterBot)"),
    (Reason.PREVIEW, "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)"),
    (Reason.PREVIEW, "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)"),
    (Reason.CRAWLER, "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
    (Reason.CRAWLER, "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"),
    (Reason.CRAWLER, "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)"),
    (
        Reason.CRAWLER,
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
    ),
    (
        Reason.CRAWLER,
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)",
    ),
    (Reason.CRAWLER, "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)"),
    (Reason.PROGRAM, "curl/8.10.1"),
    (Reason.PROGRAM, "Wget/1.24.5"),
    (Reason.PROGRAM, "python-requests/2.32.3"),
    (Reason.PROGRAM, "Python/3.11 aiohttp/3.10.10"),
    (Reason.PROGRAM, "Go-http-client/2.0"),
    (Reason.PROGRAM, "Java/17.0.12"),
    (Reason.PROGRAM, "Apache-HttpClient/4.5.14 (Java/11.0.20)"),
    (Reason.PROGRAM, "AHC/2.1"),
    (Reason.PROGRAM, "axios/1.7.7"),
    (Reason.PROGRAM, "got (https://github.com/sindresorhus/got)"),
    (Reason.PROGRAM, "lua-resty-http/0.10 (Lua) ngx_lua/10012"),
    (
        Reason.PROGRAM,
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/131.0.0.0 Safari/537.36",
    ),
    (Reason.PROGRAM, "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.4894"),
)
