"""Writers that can lie: a deflate encoder, a zip, a gzip and a tar, every field of which may be overridden.

Nothing here compresses with zlib, so the bytes are the same with every Python and every zlib.
"""
import struct
import zlib  # crc32 only

STORED, DEFLATED = 0, 8
DOS_DATE, DOS_TIME = 0x0021, 0  # 1980-01-01, the date of reproducible builds
FILE, FOLDER, LINK = 0o100644, 0o040755, 0o120777
UNIX, DOS = 3, 0
ENCRYPTED, DESCRIPTOR, UTF8 = 1, 8, 0x800
LOCAL_MAGIC, CENTRAL_MAGIC, END_MAGIC = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
DESCRIPTOR_MAGIC, END64_MAGIC, LOCATOR_MAGIC = b"PK\x07\x08", b"PK\x06\x06", b"PK\x06\x07"
MAX16, MAX32, MAX64 = 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF


def crc32(data):
    return zlib.crc32(data) & MAX32


def crc32_of_zeros(count):
    """The CRC-32 of `count` zero bytes, without ever holding them."""
    block, crc = bytes(1 << 20), 0
    while count:
        take = min(count, len(block))
        crc = zlib.crc32(block[:take] if take < len(block) else block, crc)
        count -= take
    return crc & MAX32


# -- deflate (RFC 1951) -------------------------------------------------------------------------------------------------

class Bits:
    """A bit stream: least significant bit first, as deflate wants it."""

    def __init__(self):
        self.out, self.hold, self.held = bytearray(), 0, 0

    def number(self, value, width):
        self.hold |= value << self.held
        self.held += width
        while self.held >= 8:
            self.out.append(self.hold & 0xFF)
            self.hold >>= 8
            self.held -= 8

    def code(self, value, width):
        """A Huffman code: its most significant bit first."""
        for shift in range(width - 1, -1, -1):
            self.number(value >> shift & 1, 1)

    def zeros(self, count):
        """Many zero bits at once."""
        fill = min(count, -self.held % 8)
        self.number(0, fill)
        self.out += bytes((count - fill) // 8)
        self.number(0, (count - fill) % 8)

    def bytes(self):
        return bytes(self.out) + (bytes([self.hold]) if self.held else b"")


def fixed_symbol(bits, symbol):
    """Writes one literal/length symbol of deflate's fixed code."""
    if symbol < 144:
        bits.code(0x30 + symbol, 8)
    elif symbol < 256:
        bits.code(0x190 + symbol - 144, 9)
    elif symbol < 280:
        bits.code(symbol - 256, 7)
    else:
        bits.code(0xC0 + symbol - 280, 8)


def fixed_match(bits, length):
    """Writes a match of 3 to 258 bytes at distance 1."""
    if length == 258:
        fixed_symbol(bits, 285)
    elif length < 11:
        fixed_symbol(bits, 254 + length)
    else:
        width = (length - 3).bit_length() - 3
        fixed_symbol(bits, 257 + 4 * width + (length - 3 >> width))
        bits.number(length - 3 & (1 << width) - 1, width)
    bits.code(0, 5)


def deflate(data):
    """One fixed-code block: literals, and runs of one byte as matches at distance 1."""
    bits = Bits()
    bits.number(1, 1)
    bits.number(1, 2)
    at = 0
    while at < len(data):
        end = at + 1
        while end < len(data) and data[end] == data[at]:
            end += 1
        fixed_symbol(bits, data[at])
        at += 1
        while end - at >= 3:
            length = min(258, end - at)
            fixed_match(bits, length)
            at += length
        for literal in data[at:end]:
            fixed_symbol(bits, literal)
        at = end
    fixed_symbol(bits, 256)
    return bits.bytes()


def stored_block(data, last=True):
    """One stored block; at most 65,535 bytes."""
    return struct.pack("<BHH", 1 if last else 0, len(data), len(data) ^ MAX16) + data


def deflate_zeros(count):
    """A bomb: `count` zero bytes from a dynamic code in which a match of 258 bytes costs two bits (1,032 : 1)."""
    bits = Bits()
    for value, width in ((1, 1), (2, 2), (286 - 257, 5), (0, 5), (18 - 4, 4)):
        bits.number(value, width)
    for length in (0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2):   # in the order RFC 1951, 3.2.7 gives
        bits.number(length, 3)
    length_one, length_two = (lambda: bits.code(2, 2)), (lambda: bits.code(3, 2))

    def absent(symbols):
        bits.code(0, 1)
        bits.number(symbols - 11, 7)

    length_two()            # the literal 0: code 10
    absent(138)
    absent(117)
    length_two()            # end of block: code 11
    absent(28)
    length_one()            # the match of 258: code 0
    length_one()            # the distance 1: code 0
    matches, literals = divmod(count - 1, 258)
    for _ in range(literals + 1):
        bits.code(2, 2)
    bits.zeros(2 * matches)
    bits.code(3, 2)
    return bits.bytes()


# -- zip (APPNOTE 6.3.10) ------------------------------------------------------------------------------------------------

def extra(identifier, content):
    """One field of an extra area."""
    return struct.pack("<HH", identifier, len(content)) + content


def zip64_extra(*values):
    return extra(0x0001, b"".join(struct.pack("<Q", value & MAX64) for value in values))


def unicode_path(header_name, path, crc=None):
    """Info-ZIP's Unicode Path field; `crc` other than the header name's makes it stale."""
    checksum = crc32(header_name) if crc is None else crc
    return extra(0x7075, struct.pack("<BI", 1, checksum) + path)


def local_header(h):
    return struct.pack("<4sHHHHHIIIHH", LOCAL_MAGIC, h["needed"], h["flags"], h["method"], h["time"], h["date"], h["crc"],
                       h["csize"], h["usize"], h.get("name_length", len(h["name"])),
                       h.get("extra_length", len(h["extra"]))) + h["name"] + h["extra"]


def central_header(h):
    return struct.pack("<4sHHHHHHIIIHHHHHII", CENTRAL_MAGIC, h["made_by"], h["needed"], h["flags"], h["method"], h["time"],
                       h["date"], h["crc"], h["csize"], h["usize"], h.get("name_length", len(h["name"])),
                       h.get("extra_length", len(h["extra"])), h.get("comment_length", len(h["comment"])), h["disk"],
                       h["internal"], h["external"], h["offset"]) + h["name"] + h["extra"] + h["comment"]


def end_record(entries, size, offset, comment=b"", **lies):
    """The end of central directory record; `lies` are its fields by name."""
    h = dict(disk=0, directory_disk=0, here=entries, total=entries, size=size, offset=offset, comment_length=len(comment))
    h.update(lies)
    return struct.pack("<4sHHHHIIH", END_MAGIC, h["disk"], h["directory_disk"], h["here"], h["total"], h["size"],
                       h["offset"], h["comment_length"]) + comment


def end64_record(entries, size, offset, sector=b"", **lies):
    """The zip64 end of central directory record."""
    h = dict(disk=0, directory_disk=0, here=entries, total=entries, size=size, offset=offset, record=44 + len(sector))
    h.update(lies)
    return struct.pack("<4sQHHIIQQQQ", END64_MAGIC, h["record"], 45, 45, h["disk"], h["directory_disk"], h["here"],
                       h["total"], h["size"], h["offset"]) + sector


def locator(offset, disk=0, disks=1):
    """The zip64 end of central directory locator."""
    return struct.pack("<4sIQI", LOCATOR_MAGIC, disk, offset, disks)


def descriptor(crc, csize, usize, signed=True, wide=False):
    return (DESCRIPTOR_MAGIC if signed else b"") + struct.pack("<IQQ" if wide else "<III", crc, csize, usize)


class Zip:
    """A zip in the making: `add` writes a local header and its bytes, `finish` the directory and the end.

    `local` and `central` of `add` replace single fields of one header and leave the other as it is.
    """

    def __init__(self, prefix=b"", counted=True):
        self.out, self.base, self.directory = bytearray(prefix), 0 if counted else len(prefix), []

    def here(self):
        """The offset that the next local header will be known by."""
        return len(self.out) - self.base

    def raw(self, content):
        """Bytes that nothing lists."""
        self.out += content
        return self

    def add(self, name, data=b"", method=DEFLATED, mode=FILE, host=UNIX, payload=None, streamed=None, listed=True,
            local=None, central=None, **both):
        name = name.encode() if isinstance(name, str) else name
        if payload is None:
            payload = data if method == STORED else deflate(data)
        h = dict(made_by=host << 8 | 20, needed=20, flags=0 if streamed is None else DESCRIPTOR, method=method, time=DOS_TIME,
                 date=DOS_DATE, crc=crc32(data), csize=len(payload), usize=len(data), name=name, extra=b"", comment=b"",
                 disk=0, internal=0, external=mode << 16 | (0x10 if name.endswith(b"/") else 0), offset=self.here())
        if any(byte > 0x7F for byte in name):
            h["flags"] |= UTF8
        h.update(both)
        at_front = dict(h)
        if streamed is not None:
            at_front.update(crc=0, csize=0, usize=0)
        at_front.update(local or {})
        self.out += local_header(at_front) + payload
        if isinstance(streamed, bytes):
            self.out += streamed
        elif streamed is not None:
            self.out += descriptor(h["crc"], h["csize"], h["usize"], signed=streamed != "bare", wide=streamed == "wide")
        if listed:
            self.directory.append(dict(h, **(central or {})))
        return self

    def link(self, name, target, **more):
        return self.add(name, target if isinstance(target, bytes) else target.encode(), method=STORED, mode=LINK, **more)

    def folder(self, name, **more):
        return self.add(name, method=STORED, mode=FOLDER, **more)

    def list_again(self, **changes):
        """One more directory entry for the last local header."""
        self.directory.append(dict(self.directory[-1], **changes))
        return self

    def central_bytes(self, order=None):
        return b"".join(central_header(self.directory[i]) for i in order or range(len(self.directory)))

    def finish(self, order=None, end=None, comment=b"", zip64=None, gap=b"", after=b"", end64=None, locate=None):
        """`zip64` is "quiet" (end record keeps its values, as Info-ZIP's streams do) or "full" (it holds only 0xFF..)."""
        listed, offset, count = self.central_bytes(order), self.here(), len(self.directory)
        out, values = bytes(self.out) + listed + gap, {}
        if zip64:
            where = len(out) - self.base
            out += end64_record(**dict(dict(entries=count, size=len(listed), offset=offset), **(end64 or {})))
            out += locator(**dict(dict(offset=where), **(locate or {})))
            if zip64 == "full":
                values = dict(here=MAX16, total=MAX16, size=MAX32, offset=MAX32)
        values = dict(dict(entries=count, size=len(listed), offset=offset, comment=comment), **values)
        return out + end_record(**dict(values, **(end or {}))) + after


def zip_of(*files, **more):
    """A zip of (name, content) pairs without any lie."""
    archive = Zip()
    for name, content in files:
        archive.add(name, content)
    return archive.finish(**more)


# -- gzip (RFC 1952) -----------------------------------------------------------------------------------------------------

def gzip_member(data, payload=None, crc=None, size=None, flags=0, header=b""):
    return (struct.pack("<4BI2B", 0x1F, 0x8B, 8, flags, 0, 0, 255) + header
            + (deflate(data) if payload is None else payload)
            + struct.pack("<II", crc32(data) if crc is None else crc, (len(data) if size is None else size) & MAX32))


# -- tar (POSIX.1-2017 pax, GNU) -----------------------------------------------------------------------------------------

BLOCK = 512
END = b"\0" * (2 * BLOCK)


def padded(data):
    return data + b"\0" * (-len(data) % BLOCK)


def octal(value, width):
    return b"%0*o\0" % (width - 1, value)


def base256(value, width):
    """GNU's binary numbers, two's complement with the top bit set."""
    raw = bytearray((value % (1 << 8 * width)).to_bytes(width, "big"))
    raw[0] |= 0x80
    return bytes(raw)


def tar_header(name, size=0, kind=b"0", mode=0o644, linkname=b"", magic=b"ustar\x0000", prefix=b"", size_field=None,
               checksum=None, device=(0, 0), tail=b""):
    """One header block; `size_field` and `checksum` are raw bytes where they are to lie."""
    name = name.encode() if isinstance(name, str) else name
    linkname = linkname.encode() if isinstance(linkname, str) else linkname
    fields = (name.ljust(100, b"\0")[:100] + octal(mode, 8) + octal(0, 8) + octal(0, 8)
              + (octal(size, 12) if size_field is None else size_field) + octal(0, 12))
    rest = (kind + linkname.ljust(100, b"\0")[:100] + magic + b"\0" * 64 + octal(device[0], 8) + octal(device[1], 8)
            + (prefix + tail).ljust(167, b"\0"))
    if checksum is None:
        checksum = b"%06o\0 " % sum(fields + b" " * 8 + rest)
    return fields + checksum + rest


def pax_record(key, value):
    """`length key=value\\n`, the length counting itself."""
    key = key.encode() if isinstance(key, str) else key
    value = value.encode() if isinstance(value, str) else value
    body = b" " + key + b"=" + value + b"\n"
    length = len(body) + 1
    while len(b"%d" % length) + len(body) != length:
        length = len(b"%d" % length) + len(body)
    return b"%d" % length + body


class Tar:
    """A tar in the making."""

    def __init__(self):
        self.out = bytearray()

    def raw(self, content):
        self.out += content
        return self

    def add(self, name, data=b"", **header):
        size = header.pop("size", len(data))
        self.out += tar_header(name, size=size, **header) + padded(data)
        return self

    def folder(self, name):
        return self.add(name, kind=b"5", mode=0o755)

    def link(self, name, target, **header):
        return self.add(name, kind=b"2", linkname=target, **header)

    def hard_link(self, name, target, **header):
        return self.add(name, kind=b"1", linkname=target, **header)

    def pax(self, *records, kind=b"x", body=None):
        """An extended header for the next entry (`kind` g: for all that follow)."""
        content = b"".join(pax_record(key, value) for key, value in records) if body is None else body
        return self.add("PaxHeaders/next" if kind == b"x" else "pax_global_header", content, kind=kind)

    def gnu_long(self, name, kind=b"L"):
        return self.add("././@LongLink", name + b"\0", kind=kind, magic=b"ustar  \0")

    def finish(self, end=END):
        return bytes(self.out) + end


def tar_of(*files):
    """A tar of (name, content) pairs without any lie."""
    archive = Tar()
    for name, content in files:
        archive.add(name, content)
    return archive.finish()
