"""Bytes mutated by a seed: what a fuzzer does, without its coverage, the same each time."""

_TEXTS = (
    *('"', "\\", "{", "}", "[", "]", ",", ":", "null", "true", "-", "1e999", "NaN", "-0.0"),
    *("9" * 20, "9" * 5000, "18446744073709551616", "-9223372036854775809", "[" * 70, '{"a":'),
    *("\\ud800", "\\u0000", "\0", "\ufeff", "\ud800", "\u2028", "İ", "é", "\n", "\r\n", "%00"),
    *("<", ">", "</", "/>", "<!--", "<![CDATA[", "<?a?>", "<!DOCTYPE a>", "&#0;", "&amp;"),
    *("&x;", "xmlns", "../", "/", "\\..\\", "..", "v0", "v99999", "0000-00-00", "9999-12-31"),
    *("T23:59:60Z", "+00:00", "pith:", "sha256:", "==", "=", "$x", "';--", "٣", "²"),
)
_NO_UTF8 = (b"\xff", b"\xc0\x80", b"\xf5\x80\x80\x80", b"\xff\xfe")
TOKENS = (*(text.encode("utf-8", "surrogatepass") for text in _TEXTS), *_NO_UTF8)
"""What parsers trip over."""


def mutated(data, others, random):
    """Return bytes changed in one to six places, now and then spliced with other seeds."""
    data = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        place = random.randint(0, len(data))
        end = min(len(data), place + random.choice((1, 1, 2, 8, 64)))
        match random.randrange(8):
            case 0 if data:
                data[min(place, len(data) - 1)] ^= 1 << random.randrange(8)
            case 1:
                data[place:end] = b""
            case 2:
                data[place:place] = random.choice(TOKENS)
            case 3:
                data[place:end] = random.choice(TOKENS)
            case 4:
                data[place:place] = data[place:end] * random.choice((1, 2, 100))
            case 5:
                other = random.choice(others)
                start = random.randint(0, len(other))
                data[place:end] = other[start : start + random.choice((1, 16, 256))]
            case 6:
                data[place:end] = random.randbytes(end - place)
            case _:
                del data[place + random.choice((0, 10, 1000)) :]
    return bytes(data)
